"""Names: the package's own, registered ones, plug-ins, and "package.module:Name"."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minenetcd
from minenetcd.errors import OptionError, UnknownNameError, WeightsError
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import MODELS, model_class
from minenetcd.registry import handed_on

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
    for name in ("somebody_elses", "somebody_elses.net"):
        sys.modules.pop(name, None)


def install(folder: Path) -> None:
    """Make the package in `folder` an installed plug-in."""
    about = folder / "somebody_elses-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody-elses\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)


def test_a_class_by_its_place_trains_no_name_and_comes_back(package: Path, tmp_path: Path) -> None:
    detector = minenetcd.from_config("somebody_elses.net:Plain")
    assert detector.name == "somebody_elses.net:Plain"
    detector.save_pretrained(tmp_path / "saved")
    rng = np.random.default_rng(0)
    dates = rng.integers(0, 255, (2, 40, 40, 3), dtype=np.uint8)
    back = minenetcd.from_pretrained(tmp_path / "saved")
    np.testing.assert_array_equal(back.probability(*dates), detector.probability(*dates))


def test_a_file_does_not_decide_what_is_imported(package: Path, tmp_path: Path) -> None:
    minenetcd.ChangeDetector(minenetcd.create_model("somebody_elses.net:Plain")).save_pretrained(tmp_path / "saved")
    sys.modules.pop("somebody_elses.net")
    with pytest.raises(WeightsError, match=r"needs the network somebody_elses\.net:Plain: import somebody_elses\.net"):
        minenetcd.from_pretrained(tmp_path / "saved")
    assert "somebody_elses.net" not in sys.modules
    config = (tmp_path / "saved" / "config.json").read_text()
    (tmp_path / "saved" / "config.json").write_text(config.replace("somebody_elses.net:Plain", "subprocess:Popen"))
    with pytest.raises(OptionError, match="derives from"):
        minenetcd.from_pretrained(tmp_path / "saved")


def test_an_installed_plug_in_is_listed_loaded_and_named(package: Path, tmp_path: Path) -> None:
    install(package)
    assert "plain" in minenetcd.list_models() and "somebody_elses.net" not in sys.modules
    detector = minenetcd.from_config("plain")
    assert detector.name == "plain" and isinstance(detector.model, ChangeModel)
    detector.save_pretrained(tmp_path / "saved")
    sys.modules.pop("somebody_elses.net")
    assert minenetcd.from_pretrained(tmp_path / "saved").name == "plain"


def test_a_registered_network_is_known_to_processes_started_here(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minenetcd.registry._registered", {})
    minenetcd.register_model("mine", model_class("somebody_elses.net:Plain"))
    assert minenetcd.ChangeDetector(minenetcd.create_model("mine")).name == "mine"
    code = "import minenetcd; print(minenetcd.create_model('mine'))"
    environment = {**handed_on(), "PYTHONPATH": ":".join(sys.path)}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
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
    with pytest.raises(OptionError, match="install or mend the package nobodys"):
        minenetcd.create_model("nobodys.net:Plain")
    with pytest.raises(OptionError, match="install or mend the package somebody_elses"):
        minenetcd.create_model("somebody_elses.net:Plane")
    with pytest.raises(UnknownNameError, match="did you mean 'bit'"):
        minenetcd.create_model("bitt")


def test_one_record_holds_what_a_method_is_called() -> None:
    from minenetcd.benchmark.suite.labels import method_label
    from minenetcd.weights.maps import MAPS

    assert sorted(MAPS) == sorted(MODELS.built_in)
    assert {name: method_label(name) for name in ("bit", "tfi_gr", "minenetcd", "resunet", "siamunet_diff")} == {
        "bit": "BIT", "tfi_gr": "TFI-GR", "minenetcd": "MineNetCD", "resunet": "ResUnet",
        "siamunet_diff": "SiamUnet-Diff",
    }  # fmt: skip
