"""Names: the package's own, registered ones, plug-ins, and "package.module:Name"."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import minenetcd
from minenetcd.cli.main import run
from minenetcd.errors import OptionError, UnknownNameError, WeightsError
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import model_class
from minenetcd.registry import NameTakenWarning, handed_on

NETWORK = '''
"""A network somebody else wrote."""
from torch import nn
from minenetcd import ChangeModel, ChangeOutput

class Plain(ChangeModel):
    def __init__(self, *, in_channels: int = 3, num_classes: int = 2) -> None:
        super().__init__(in_channels=in_channels, num_classes=num_classes)
        self.head = nn.Conv2d(in_channels, num_classes, 3, padding=1)

    def compare(self, before, after):
        return ChangeOutput(self.head(after - before))
'''
TRUNK = """
from torch import nn
from minenetcd.backbones.base import Backbone

class Flat(Backbone):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.channels = (4, 4, 4, 4)
        self.levels = nn.ModuleList(nn.Conv2d(in_channels, 4, 3, stride, padding=1) for stride in self.strides)

    def forward(self, image):
        return [level(image) for level in self.levels]
"""
ENTRY_POINTS = "[minenetcd.models]\nplain = somebody_elses.net:Plain\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with the package somebody_elses; it is forgotten afterwards."""
    folder = tmp_path / "site"
    (folder / "somebody_elses").mkdir(parents=True)
    (folder / "somebody_elses" / "__init__.py").touch()
    (folder / "somebody_elses" / "net.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.startswith("somebody_elses")]:
        sys.modules.pop(name)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **handed_on()}
    command = [sys.executable, "-m", "minenetcd", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def install(folder: Path, name: str = "somebody-elses", entry_points: str = ENTRY_POINTS) -> None:
    """Make the package in `folder` an installed plug-in."""
    about = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(entry_points)


def test_a_class_by_its_place_trains_no_name_and_comes_back(package: Path, tmp_path: Path) -> None:
    detector = minenetcd.from_config("somebody_elses.net:Plain")
    assert detector.name == "Plain"
    detector.save_pretrained(tmp_path / "saved")
    rng = np.random.default_rng(0)
    dates = rng.integers(0, 255, (2, 40, 40, 3), dtype=np.uint8)
    back = minenetcd.from_pretrained(tmp_path / "saved")
    np.testing.assert_array_equal(back.probability(*dates), detector.probability(*dates))


def test_a_file_does_not_decide_what_is_imported(package: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    minenetcd.ChangeDetector(minenetcd.create_model("somebody_elses.net:Plain")).save_pretrained(saved)
    sys.modules.pop("somebody_elses.net")
    with pytest.raises(WeightsError, match=r"needs somebody_elses\.net:Plain of the package somebody_elses, .*trust="):
        minenetcd.from_pretrained(saved)
    assert "somebody_elses.net" not in sys.modules
    config = (saved / "config.json").read_text()
    (saved / "config.json").write_text(config.replace("somebody_elses.net:Plain", "subprocess:Popen"))
    with pytest.raises(OptionError, match="derives from"):
        minenetcd.from_pretrained(saved)
    (saved / "config.json").write_text(config)
    assert minenetcd.from_pretrained(saved, trust=["somebody_elses"]).name == "Plain"


def test_a_file_does_not_decide_what_is_imported_by_an_option(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    minenetcd.from_config("minenetcd-compact").save_pretrained(saved)
    config = (saved / "config.json").read_text()
    (saved / "config.json").write_text(config.replace('"resnet_nano"', '"antigravity:fly"'))
    with pytest.raises(WeightsError, match="needs antigravity:fly of the package antigravity"):
        minenetcd.from_pretrained(saved)
    assert "antigravity" not in sys.modules


@pytest.mark.slow
def test_the_command_line_asks_for_a_package_once(package: Path, tmp_path: Path) -> None:
    saved, out = tmp_path / "saved", tmp_path / "out"
    minenetcd.ChangeDetector(minenetcd.create_model("somebody_elses.net:Plain")).save_pretrained(saved)
    scenes = [tmp_path / "before.png", tmp_path / "after.png"]
    for scene, pixels in zip(scenes, np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), np.uint8), strict=True):
        Image.fromarray(pixels).save(scene)
    command = ["predict", *map(str, scenes), "--model", str(saved), "--out", str(out)]
    refused = run_command(*command)
    assert refused.returncode == 2
    assert re.search(r"^Error: .* minenetcd --trust somebody_elses", refused.stderr, re.MULTILINE)
    done = run_command("--trust", "somebody_elses", *command)
    assert done.returncode == 0, done.stderr
    assert any(out.glob("change.*"))


def test_an_installed_plug_in_is_listed_loaded_and_named(package: Path, tmp_path: Path) -> None:
    install(package)
    assert "plain" in minenetcd.list_models() and "somebody_elses.net" not in sys.modules
    detector = minenetcd.from_config("plain")
    assert detector.name == "plain" and isinstance(detector.model, ChangeModel)
    detector.save_pretrained(tmp_path / "saved")
    sys.modules.pop("somebody_elses.net")
    assert minenetcd.from_pretrained(tmp_path / "saved").name == "plain"


def test_without_its_plug_in_a_detector_says_what_it_needs(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(package)
    minenetcd.from_config("plain", name="mine").save_pretrained(tmp_path / "saved")
    assert json.loads((tmp_path / "saved" / "config.json").read_text())["model_class"] == "somebody_elses.net:Plain"
    for name in ("somebody_elses.net", "somebody_elses"):
        sys.modules.pop(name)
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder != str(package)])
    with pytest.raises(WeightsError, match=r"needs somebody_elses\.net:Plain of the package somebody_elses"):
        minenetcd.from_pretrained(tmp_path / "saved")
    with pytest.raises(OptionError, match="install or mend the package somebody_elses"):
        minenetcd.from_pretrained(tmp_path / "saved", trust=["somebody_elses"])


def test_a_class_of_a_plug_ins_package_needs_no_name(package: Path, tmp_path: Path) -> None:
    install(package, entry_points="[minenetcd.models]\nother = somebody_elses:Other\n")
    minenetcd.from_config("somebody_elses.net:Plain").save_pretrained(tmp_path / "saved")
    sys.modules.pop("somebody_elses.net")
    assert minenetcd.from_pretrained(tmp_path / "saved").name == "Plain"


def test_a_network_that_does_not_keep_the_contract_is_refused() -> None:
    with pytest.raises(OptionError, match=r"derives from minenetcd\.ChangeModel, got Identity"):
        minenetcd.ChangeDetector(torch.nn.Identity())  # type: ignore[arg-type]  # what is being refused


def test_an_option_that_cannot_be_kept_is_refused_before_anything_is_written(package: Path, tmp_path: Path) -> None:
    network = model_class("somebody_elses.net:Plain")()
    network.config["activation"] = torch.nn.ReLU()
    with pytest.raises(OptionError, match="Plain was built with an option that is no plain value"):
        minenetcd.ChangeDetector(network).save_pretrained(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_a_registered_network_is_known_to_processes_started_here(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minenetcd.registry._registered", {})
    minenetcd.register_model("mine", model_class("somebody_elses.net:Plain"))
    assert minenetcd.ChangeDetector(minenetcd.create_model("mine")).name == "mine"
    code = "import minenetcd; print(minenetcd.create_model('mine'))"
    answer = subprocess.run([sys.executable, "-c", code], env=handed_on(), capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("Plain(")


def test_what_no_other_process_can_import_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Local(ChangeModel):
        """Made in a function."""

    monkeypatch.setattr("minenetcd.registry._registered", {})
    minenetcd.register_model("local", Local)
    with pytest.raises(OptionError, match="put it into a module of its own"):
        handed_on()


def test_taken_wrong_and_unknown_names_are_one_line(package: Path) -> None:
    with pytest.raises(OptionError, match="'bit' is there already"):
        minenetcd.register_model("bit", model_class("somebody_elses.net:Plain"))
    with pytest.raises(OptionError, match="derives from"):
        minenetcd.register_model("number", int)  # type: ignore[arg-type]  # what is being refused
    for name in ("", " mine", "a:b", "a\nb", ("a",), 5):
        with pytest.raises(OptionError, match="needs a name of one line without colons"):
            minenetcd.register_model(name, model_class("somebody_elses.net:Plain"))  # type: ignore[arg-type]  # refused
    with pytest.raises(OptionError, match="install or mend the package nobodys"):
        minenetcd.create_model("nobodys.net:Plain")
    with pytest.raises(UnknownNameError, match=r"no model in somebody_elses.net .* 'Plane': did you mean 'Plain'"):
        minenetcd.create_model("somebody_elses.net:Plane")
    with pytest.raises(UnknownNameError, match="did you mean 'bit'"):
        minenetcd.create_model("bitt")


def test_a_plug_in_that_cannot_be_imported_is_named_in_one_line(package: Path) -> None:
    install(package)
    (package / "somebody_elses" / "net.py").write_text("raise RuntimeError('a\\nb')")
    assert "plain" in minenetcd.list_models()
    with pytest.raises(OptionError, match=r"'plain' needs .* \(RuntimeError: a b\): .* the package somebody-elses"):
        minenetcd.create_model("plain")


@pytest.mark.parametrize("broken", ["raise RuntimeError('a')", "raise SystemExit(7)"])
def test_a_broken_plug_in_hides_no_other_network(
    package: Path, broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(package)
    (package / "somebody_elses" / "net.py").write_text(broken)
    monkeypatch.setattr(sys, "argv", ["minenetcd", "models"])
    with pytest.raises(SystemExit) as ended:
        run()
    printed = capsys.readouterr()
    assert ended.value.code == 0 and "\nbit\t" in printed.out and "\nplain\t" not in printed.out
    assert re.fullmatch(r"Warning: The model 'plain' needs .* mend the package somebody-elses, .*\n", printed.err)


def test_an_entry_point_must_name_a_thing(package: Path) -> None:
    install(package, entry_points="[minenetcd.models]\nhalf = somebody_elses.net\n")
    with pytest.raises(OptionError, match=r"write 'somebody_elses\.net:Name' into its entry point"):
        minenetcd.create_model("half")


def test_no_plug_in_takes_a_name_that_is_there(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minenetcd.registry._registered", {})
    install(package, entry_points=f"{ENTRY_POINTS}bit = somebody_elses.net:Plain\n")
    assert model_class("bit").__name__ == "BIT"
    with pytest.warns(NameTakenWarning, match="somebody-elses brings a model 'bit', and so does minenetcd: use 'some"):
        assert minenetcd.list_models().count("bit") == 1
    with pytest.raises(OptionError, match="'plain' is there already"):
        minenetcd.register_model("plain", model_class("bit"))
    install(package, "another", ENTRY_POINTS)
    monkeypatch.syspath_prepend(package / "somebody_elses")  # the path is another one: plug-ins are looked for again
    with pytest.raises(OptionError, match=r"brings a model 'plain', and so does (another|somebody-elses):"):
        minenetcd.create_model("plain")


def test_a_taken_name_is_one_line_of_the_command(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(package, entry_points="[minenetcd.models]\nbit = somebody_elses.net:Plain\n")
    monkeypatch.setattr(sys, "argv", ["minenetcd", "models"])
    with pytest.raises(SystemExit) as ended:
        run()
    printed = capsys.readouterr()
    assert ended.value.code == 0 and "\nbit\t" in printed.out
    assert re.fullmatch(r"Warning: The package somebody-elses brings a model 'bit', .*\n", printed.err)


def test_a_class_may_be_defined_and_registered_once_more(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minenetcd.registry._registered", {})
    first = model_class("somebody_elses.net:Plain")
    minenetcd.register_model("mine", first)
    second = type(first.__name__, (first,), {"__module__": first.__module__})
    minenetcd.register_model("mine", second)
    assert model_class("mine") is second


def test_the_packages_own_are_chosen_without_looking_for_plug_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minenetcd.registry._entry_points", lambda *_: pytest.fail("looked for plug-ins"))
    assert minenetcd.from_config("fc_ef").name == "fc_ef"


def test_a_backbone_of_somebody_else_carries_minenetcd(package: Path) -> None:
    install(package, entry_points="[minenetcd.backbones]\nflat = somebody_elses.trunk:Flat\n")
    (package / "somebody_elses" / "trunk.py").write_text(TRUNK)
    widths = {"decoder_channels": 8, "auxiliary_channels": 8}
    dates = np.zeros((2, 40, 40, 3), dtype=np.uint8)
    for source, own in (("minenetcd-flat", {}), ("minenetcd", {"backbone": "somebody_elses.trunk:Flat"})):
        detector = minenetcd.from_config(source, model={**own, **widths})
        assert detector.model.config["backbone"] in ("flat", "somebody_elses.trunk:Flat")
        assert detector.probability(*dates).shape == (40, 40)
    with pytest.raises(OptionError, match="has no pretrained weights"):
        detector.model.load_pretrained_backbone()
    with pytest.raises(OptionError, match="A backbone is a class that derives from Backbone, 'os:system' is"):
        minenetcd.create_model("minenetcd", backbone="os:system")
