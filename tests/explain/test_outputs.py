"""What `minenetcd explain` leaves on the disk."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image

import minenetcd
from explain.looking import detector_of, write
from minenetcd.constants import Provenance
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.side_by_side import load_detectors
from minenetcd.errors import OptionError, OutputError
from minenetcd.explain.explanation import explain_pair
from minenetcd.explain.options import ExplainOptions
from minenetcd.explain.outputs import write_explanations


@pytest.fixture(scope="module")
def detectors() -> dict[str, ChangeDetector]:
    nano = minenetcd.from_pretrained("minenetcd-nano")
    return {"minenetcd-nano": nano, "MineNetCD, new": detector_of("minenetcd"), "FC-EF, new": fc_ef()}


def fc_ef() -> ChangeDetector:
    return ChangeDetector.from_config({"model": {"name": "fc_ef"}})


def scene(tmp_path: Path, **options: object) -> tuple[Path, Path, Path]:
    rng = np.random.default_rng(0)
    before, after = rng.integers(60, 90, (2, 70, 100), dtype=np.uint8)
    after[20:50, 30:80] += 120
    truth = np.zeros((70, 100), np.uint8)
    truth[20:50, 30:80] = 1
    images = {"before": before, "after": after, "truth": truth}
    return tuple(write(tmp_path / f"{name}.tif", pixels, **options) for name, pixels in images.items())


@pytest.mark.needs("captum")
def test_everything_stands_and_agrees(detectors: dict[str, ChangeDetector], tmp_path: Path) -> None:
    before, after, truth = scene(tmp_path)
    options = ExplainOptions(truth=truth, levels=(1, 3))
    view, explanations = explain_pair(detectors, before, after, options=options, device="cpu")
    written = write_explanations(view, explanations, tmp_path / "out", options=options)
    record = json.loads(written.numbers.read_text())
    assert [found["name"] for found in record["detectors"]] == list(detectors)
    assert record["window"] == [0, 0, 100, 70] and record["options"]["levels"] == [1, 3]
    assert len(written.maps) == 2 + 2 * 2 + 2 and all(Image.open(path).size[0] > 400 for path in written.maps)
    assert Image.open(written.sheet).size[1] > 800
    for name, found in zip(detectors, record["detectors"], strict=True):
        for heat_map, entry in zip(explanations[name].maps, found["maps"], strict=True):
            with rasterio.open(tmp_path / "out" / f"{entry['file']}.tif") as raster:
                np.testing.assert_array_equal(raster.read(1), heat_map.values)
                assert raster.transform == rasterio.open(before).transform and raster.crs.to_epsg() == 32633
                assert raster.tags()["STAGE"] == entry["stage"] and raster.tags()["TARGET"] == "change"
            assert entry["focus"] == heat_map.focus(view.truth == 1)
    spectra = pd.read_csv(tmp_path / "out" / "spectra.csv")
    assert set(spectra["detector"]) == {"MineNetCD, new"} and set(spectra["region"]) == {"changed", "unchanged"}
    assert not list((tmp_path / "out").rglob(".minenetcd-*"))


@pytest.mark.needs("captum")
def test_pictures_have_no_rasters_and_other_methods_no_spectra(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("before", "after"):
        Image.fromarray(rng.integers(0, 256, (40, 47, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    options = ExplainOptions(levels=(2,))
    explained = explain_pair({"fc": fc_ef()}, tmp_path / "before.png", tmp_path / "after.png", options=options)
    written = write_explanations(*explained, tmp_path / "out", options=options)
    assert written.spectra is None
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert names == {"sheet.png", "explanation.json", "maps/fc-change-representation-level2.png"}


@pytest.mark.slow
@pytest.mark.needs("captum")
def test_the_same_question_gives_the_same_files_whatever_was_asked_before(tmp_path: Path) -> None:
    before, after, _ = scene(tmp_path)
    options, nano = ExplainOptions(levels=(2,)), {"nano": minenetcd.from_pretrained("minenetcd-nano")}
    (tmp_path / "one" / "maps").mkdir(parents=True)
    (tmp_path / "one" / "maps" / "sea-level.png").write_bytes(b"somebody's")
    question = ExplainOptions(levels=(1,))
    write_explanations(*explain_pair(nano, before, after, options=question), tmp_path / "one", options=question)
    for name in ("one", "two"):
        explained = explain_pair(nano, before, after, options=options, device="cpu")
        write_explanations(*explained, tmp_path / name, options=options)
    assert (tmp_path / "one" / "maps" / "sea-level.png").read_bytes() == b"somebody's"
    (tmp_path / "one" / "maps" / "sea-level.png").unlink()
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


@pytest.mark.needs("captum")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    before, after, _ = scene(tmp_path)
    explained = explain_pair({"fc": fc_ef()}, before, after, device="cpu")
    with pytest.raises(OutputError):
        write_explanations(*explained, tmp_path / "taken", options=ExplainOptions())


def test_detectors_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        detector = fc_ef()
        detector.provenance = Provenance(name="fc_ef")
        detector.save_pretrained(tmp_path / folder)
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert list(load_detectors([a, "minenetcd-nano"])) == ["fc_ef", "minenetcd-nano"]
    assert list(load_detectors([a, b])) == [f"fc_ef ({a})", f"fc_ef ({b})"]
    with pytest.raises(OptionError, match="is given twice"):
        load_detectors([a, a])
