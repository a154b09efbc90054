"""minenetcd models, in a terminal of 100 columns and into a pipe."""

import json
import re
import sys

import pytest
import torch
from typer.testing import CliRunner

from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.cli import models as command
from minenetcd.cli.main import app, run
from minenetcd.errors import InputError
from minenetcd.models.catalog import create_model, list_models, model_class
from minenetcd.weights.maps import MAPS
from minenetcd.weights.maps.minenetcd import RELEASED


def test_piped_it_is_a_line_a_method(capsys: pytest.CaptureFixture[str]) -> None:
    command.models()
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split("\t")[:2] == ["Name", "Paper"]
    assert [line.split("\t")[0] for line in lines] == [*list_models(), *CLASSICAL]
    cells = {line.split("\t")[0]: line.split("\t") for line in lines}
    assert all(len(row) == 7 for row in cells.values())
    assert cells["bit"][2:6] == ["IEEE TGRS 2021", "2.90 (11.39)", "7.95 (8.28)", "resnet18 (ImageNet)"]
    assert "HZDR-FWGEL/UCD-SYSUCD-BIT" in cells["bit"][6].split(", ")
    assert len(cells["minenetcd"][6].split(", ")) == 1 + len(RELEASED)
    assert cells["minenetcd_lite"][6] == "minenetcd-nano"


def test_in_a_terminal_it_fits_and_names_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    command.models()
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()  # colours off
    table = lines[: next(i for i, line in enumerate(lines) if line.startswith("Parameters in"))]
    assert max(map(len, table)) <= 100
    text = "\n".join(lines)
    assert all(f"\n {name} " in text for name in (*list_models(), *CLASSICAL))
    more = f"and {len(RELEASED)} more"
    for part in ("UCD-*-BIT", "UCD-MNCD256-FCEF", "UCD-MNCD256-ChangeFFT", more, "(11.39)", "7.95"):
        assert part in text
    assert (
        text.count("minenetcd-nano") == 2
        and "minenetcd-nano ships with the package." in text
        and "(those that train, and of how many" in text
    )
    assert "* is each of CLCD256, EGYBCD, GVLM256, LEVIRCD256, MNCD256, SYSUCD" in text


def test_a_method_names_the_detector_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    command.models("minenetcd_lite")
    assert "Ships trained with the package: minenetcd-nano (--model minenetcd-nano)" in capsys.readouterr().out
    command.models("minenetcd_lite", as_json=True)
    assert json.loads(capsys.readouterr().out)["embedded"] == ["minenetcd-nano"]


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_those_without_training_tell_paper_and_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command.models(name)
    text = capsys.readouterr().out
    paper = CLASSICAL[name].paper
    assert "without training" in text and paper.title in text and f"https://doi.org/{paper.doi}" in text
    options = create_classical(name).describe()["options"]
    rows = [line.split()[:2] for line in text.splitlines()]
    assert all([option, repr(default)] in rows for option, default in options.items())
    command.models(name, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["options"] == options and told["name"] == name and told["needs_training"] is False


def test_sizes_of_two_forms_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    for name in (None, "minenetcd"):
        command.models(name)
        assert "60.05 channel (57.81 spatial)" in capsys.readouterr().out
    command.models("minenetcd")
    told = "minenetcd is measured with change_fft=channel (the default), published with change_fft=spatial."
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in MAPS if MAPS[name].OPTIONS])
def test_published_sizes_are_of_the_form_they_say(name: str) -> None:
    """Options of the published weights that change the size are those that `published_form` holds."""
    forms = model_class(name).about.published_form, MAPS[name].OPTIONS
    assert forms[0].items() <= forms[1].items()
    with torch.device("meta"):
        sizes = {sum(weights.numel() for weights in create_model(name, **form).parameters()) for form in forms}
    assert len(sizes) == 1


def test_detail_tells_options_citation_and_scores(capsys: pytest.CaptureFixture[str]) -> None:
    command.models("siamunet_diff")
    text = capsys.readouterr().out
    assert "Fully convolutional siamese networks for change detection" in text
    assert "https://doi.org/10.1109/ICIP.2018.8451652" in text
    assert "Parameters 1.29 (1.29)" in text
    row = next(line for line in text.splitlines() if "UCD-LEVIRCD256-SiamUDiff" in line)
    assert row.split()[2:] == ["0.9805", "0.5991", "0.7822", "0.6874", "0.6423"]
    assert "LEVIRCD256: misprinted" in text
    assert any(line.split()[:2] == ["dropout", "0.2"] for line in text.splitlines())


def test_parameters_that_train_and_all_are_told_where_some_are_frozen(capsys: pytest.CaptureFixture[str]) -> None:
    command.models("minenetcd_lite")
    assert "Parameters 0.11 of 0.77, MACs 0.86," in capsys.readouterr().out


def test_choices_of_an_option_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    command.models("minenetcd")
    text = capsys.readouterr().out
    assert "channel, spatial, none" in text
    assert "ericyu/minenetcd_upernet_ResNet_Diff_101_Pretrained_ChannelMixing_Dropout" in text


@pytest.mark.parametrize("name", list_models())
def test_every_method_has_a_detail(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command.models(name)
    text = capsys.readouterr().out
    assert model_class(name).about.title in text
    assert "None" not in text.split("Option")[0]


def test_a_detector_that_is_shipped_is_no_method() -> None:
    with pytest.raises(
        InputError, match=r"minenetcd-nano is a trained detector: use it \(predict --model minenetcd-nano"
    ):
        command.models("minenetcd-nano")


def test_a_wrong_name_is_one_line_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["minenetcd", "models", "SNUNett"])
    with pytest.raises(SystemExit) as caught:
        run()
    captured = capsys.readouterr()
    assert caught.value.code == 2
    assert captured.err == "Error: There is no model 'SNUNett': did you mean 'snunet'?\n"
    assert captured.out == ""
    monkeypatch.setattr(sys, "argv", ["minenetcd", "models", "irmadd"])
    with pytest.raises(SystemExit):
        run()
    assert capsys.readouterr().err.endswith("did you mean 'irmad'?\n")


def test_help_shows_an_example() -> None:
    result = CliRunner().invoke(app, ["models", "--help"])
    assert result.exit_code == 0
    assert "minenetcd models bit" in result.output


@pytest.mark.needs("pystac")
def test_a_trained_detector_is_printed_as_a_stac_item(capsys: pytest.CaptureFixture[str]) -> None:
    command.models("minenetcd-nano", stac=True)
    item = json.loads(capsys.readouterr().out)
    assert (item["type"], item["id"], item["assets"]["model"]["href"]) == (
        "Feature",
        "minenetcd-nano",
        "./model.safetensors",
    )


@pytest.mark.parametrize("name", [None, "irmad"])
def test_a_stac_item_needs_weights(name: str | None) -> None:
    with pytest.raises(InputError, match="needs a trained detector, got"):
        command.models(name, stac=True)
