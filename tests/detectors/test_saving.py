"""Nothing of a detector is lost between saving and loading, and configurations say what one is."""

import html
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from markdown_it import MarkdownIt

from detectors.small_detector import SMALL, images
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.sources import list_detectors
from minenetcd.errors import InputError, OptionError, OutputError, UnknownNameError, WeightsError
from minenetcd.models.catalog import create_model


@pytest.mark.parametrize(
    "config",
    [
        {"model": SMALL, "threshold": 0.37},
        {"model": SMALL | {"change_fft": "spatial", "num_classes": 3}},
        {"model": {"name": "fc_ef"}, "preprocessing": {"metres_per_pixel": None, "tile": 128}},
        {
            "model": {"name": "siamunet_diff", "in_channels": 4, "num_classes": 1},
            "preprocessing": {
                "bands": ["red", "green", "blue", "nir"],
                "mean": [0.1, 0.2, 0.3, 0.4],
                "std": [0.1, 0.2, 0.3, 1 / 3],
                "date_order": ["after", "before"],
            },
        },
    ],
    ids=["channel", "spatial", "fc_ef", "four bands"],
)
def test_a_round_trip_is_exact(tmp_path: Path, config: dict[str, Any]) -> None:
    detector = ChangeDetector.from_config(config).eval()
    trained_on = TrainedOn("scenes", "train", "0f3a", pairs=12, sites=3)
    detector.provenance = Provenance("mine", trained_on, metrics={"F1": 1 / 3}, limits="few", extra={"seen": [1, 2]})
    detector.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    again = ChangeDetector.from_pretrained(tmp_path)
    assert again.describe() == detector.describe()
    assert again.preprocessing == detector.preprocessing
    assert not again.training
    expected = detector.model.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.model.state_dict().items())
    dates = images(bands=len(detector.preprocessing.bands))
    np.testing.assert_array_equal(again.probability(*dates), detector.probability(*dates))


def test_saving_again_replaces_the_files(tmp_path: Path, detector: ChangeDetector) -> None:
    ChangeDetector.from_config({"model": {"name": "fc_ef"}}).save_pretrained(tmp_path)
    detector.save_pretrained(tmp_path)
    again = ChangeDetector.from_pretrained(tmp_path)
    np.testing.assert_array_equal(again.probability(*images()), detector.probability(*images()))


def test_the_card_says_what_is_known_and_what_is_not(tmp_path: Path, detector: ChangeDetector) -> None:
    known = {
        "name": "mine",
        "trained_on": "40 scenes of Chile",
        "recipe": "4000 steps",
        "metrics": {"F1": 0.71000000001},
        "limits": "Never saw snow.",
        "license": "cc-by-4.0",
    }
    ChangeDetector(detector.model, provenance=known, threshold=0.4).save_pretrained(tmp_path / "known")
    card = (tmp_path / "known" / "README.md").read_text()
    for part in (
        "40 scenes of Chile",
        "4000 steps",
        "F1: 0.71",
        "Never saw snow.",
        "license: cc-by-4.0",
        "0.4",
        "1.2 m",
    ):
        assert part in card
    assert card.startswith("---\n") and "library_name: minenetcd" in card and "\n\n\n" not in card
    recipe = {"steps": 300, "learning_rate": 0.0015, "class_weights": None}
    ChangeDetector(detector.model, provenance={**known, "recipe": recipe}).save_pretrained(tmp_path / "options")
    assert "- Recipe: steps 300, learning rate 0.0015\n" in (tmp_path / "options" / "README.md").read_text()
    ChangeDetector(detector.model).save_pretrained(tmp_path / "unknown")
    card = (tmp_path / "unknown" / "README.md").read_text()
    for part in ("random weights", "Recipe: not stated", "Metrics: not stated", "Check results on images of your own"):
        assert part in card


def test_text_from_outside_is_no_markup_on_the_card(tmp_path: Path, detector: ChangeDetector) -> None:
    evil = "[a](javascript:b)\n\n# **c** <script>|`d`"
    provenance = Provenance(evil, TrainedOn(evil), recipe={evil: evil}, metrics={evil: evil}, limits=evil)
    ChangeDetector(detector.model, provenance=provenance).save_pretrained(tmp_path)
    page = MarkdownIt().render((tmp_path / "README.md").read_text().split("---\n", 2)[2])
    assert not any(mark in page for mark in ("<script", "<a ", "<strong>")) and page.count("<h1>") == 1
    assert html.unescape(page).count(" ".join(evil.split())) >= 6


def test_the_code_on_the_card_loads_the_detector(
    tmp_path: Path, detector: ChangeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    detector.save_pretrained(Path("runs") / "fc_ef")
    code = Path("runs/fc_ef/README.md").read_text().split("```")[1].removeprefix("python")
    loading, predicting = code.strip().rsplit("\n", 1)
    names: dict[str, ChangeDetector] = {}
    exec(loading, names)
    assert names["detector"].describe() == detector.describe()
    assert predicting.startswith("minenetcd.predict(detector,")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, detector: ChangeDetector) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="cannot be written") as caught:
            detector.save_pretrained(folder)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "in the way"


def test_sources_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    for source in ("minenetcd-nanno", "", ".hidden", tmp_path / "nowhere"):
        with pytest.raises((UnknownNameError, WeightsError)) as caught:
            ChangeDetector.from_pretrained(source)
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="holds none of them: give the folder that save_pretrained wrote"):
        ChangeDetector.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    (tmp_path / "model.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    with pytest.raises(WeightsError, match=r"config\.json is foreign"):
        ChangeDetector.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(WeightsError, match="needs to hold a mapping, got list"):
        ChangeDetector.from_pretrained(tmp_path)
    for garbage in (
        *('{"Backbone_type": ["x"]}', '{"model_name": {"a": 1}}', '{"model_name": "ChangeFormer", "transform": 5}'),
        '{"minenetcd_format": 99, "model": {"name": "bit"}}',
    ):
        (tmp_path / "config.json").write_text(garbage)
        with pytest.raises(InputError) as caught:
            ChangeDetector.from_pretrained(tmp_path)
        assert "\n" not in str(caught.value)


def test_own_weights_that_do_not_fit_name_the_tensor(tmp_path: Path, detector: ChangeDetector) -> None:
    detector.save_pretrained(tmp_path)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace('"decoder_channels": 32', '"decoder_channels": 64'))
    with pytest.raises(WeightsError, match=r"needs 'decoder\.[\w.]+' of shape .*wrong options"):
        ChangeDetector.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", list_detectors())
def test_embedded_detectors_come_by_name(name: str) -> None:
    detector = ChangeDetector.from_pretrained(name)
    assert detector.name == name
    assert detector.provenance.trained_on


def test_a_configuration_is_a_name_a_path_or_a_mapping(tmp_path: Path) -> None:
    by_name = ChangeDetector.from_config("minenetcd-nano")
    assert by_name.name == "minenetcd-nano"
    assert by_name.provenance.trained_on is None
    path = tmp_path / "mine.yaml"
    path.write_text("base: minenetcd-nano\nthreshold: 0.3\n")
    by_path = ChangeDetector.from_config(path)
    by_mapping = ChangeDetector.from_config({"base": "minenetcd-nano", "threshold": 0.3})
    for detector in (by_path, by_mapping):
        assert detector.threshold == 0.3
        assert detector.model.config == by_name.model.config
        assert detector.preprocessing == by_name.preprocessing


def test_overrides_win() -> None:
    detector = ChangeDetector.from_config(
        "minenetcd-compact", model={"num_classes": 1}, preprocessing={"metres_per_pixel": 10}, threshold=0.2
    )
    assert detector.model.config["num_classes"] == 1
    assert detector.model.config["backbone"] == "resnet_nano"
    assert detector.preprocessing.metres_per_pixel == 10
    assert detector.preprocessing.tile == ChangeDetector.from_config("minenetcd-compact").preprocessing.tile
    assert detector.threshold == 0.2
    assert isinstance(ChangeDetector.from_config("minenetcd-compact", model={"name": "fc_ef"}).model.config, dict)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model": SMALL, "treshold": 0.3}, "did you mean 'threshold'"),
        ({"model": SMALL | {"bakbone": "x"}}, "no option 'bakbone'"),
        ({"model": {"name": "minenetdc"}}, "did you mean 'minenetcd'"),
        ({"model": {"backbone": "swin_t"}}, r"model\.name"),
        ({}, "needs model, and it is not there"),
        ({"model": SMALL, "threshold": 1.5}, r"needs another threshold \("),
        ({"model": SMALL, "threshold": "half"}, r"needs another threshold \("),
        (
            {"model": SMALL, "preprocessing": {"meen": [0, 0, 0]}},
            r"did you mean 'preprocessing\.mean'",
        ),
        ({"model": SMALL, "preprocessing": {"mean": [0, 0]}}, "one mean and one std"),
        ({"model": SMALL, "preprocessing": {"std": [0, 1, 1]}}, "above 0"),
        ({"model": SMALL, "preprocessing": {"date_order": ["before", "before"]}}, "date_order"),
        ({"model": SMALL, "preprocessing": {"tile": "large"}}, "tile"),
        ({"model": SMALL, "preprocessing": {"tile": 10**7}}, "a side of 32 to 16384 pixels, got 10000000"),
        ({"model": SMALL, "preprocessing": {"metres_per_pixel": -1}}, "above 0, from 0.001 to 100000, got -1"),
        ({"model": SMALL | {"backbone": ["swin_t"]}}, "cannot be built with"),
    ],
)
def test_a_wrong_key_or_value_is_named_in_one_line(config: dict[str, Any], message: str) -> None:
    with pytest.raises((OptionError, UnknownNameError), match=message) as caught:
        ChangeDetector.from_config(config)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_configuration_suggests_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'minenetcd-swin-t'"):
        ChangeDetector.from_config("minenetcd-swint")


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 2, float("nan")])
def test_a_threshold_lies_between_0_and_1(threshold: float) -> None:
    with pytest.raises(OptionError, match="between 0 and 1"):
        ChangeDetector(create_model("rdpnet"), threshold=threshold)
