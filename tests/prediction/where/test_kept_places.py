"""What a result keeps of places: for another threshold, and for a run that goes on."""

import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import rasterio
import shapely

import minenetcd
from minenetcd.errors import InputError, OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference
from prediction.where.conftest import Images, call, layer, on_grid, places, predicted


def test_higher_thresholds_are_set_and_taken_away_afterwards(images: Images, tmp_path: Path) -> None:
    known = places(tmp_path) | {"prior_distance": 100.0}
    result = tmp_path / "out"
    predicted(images, result, **known, isolated_threshold=0.6, seed_threshold=0.65, float_probability=True).close()
    dead_end = (
        r"of the usual 0\.7 or more \(--{0}-threshold\), got .*: raise it, or take it away \(--{0}-threshold none\)"
    )
    with pytest.raises(OptionError, match=dead_end.format("isolated")):
        minenetcd.rethreshold(result, threshold=0.7, seed_threshold="none")
    with pytest.raises(OptionError, match=dead_end.format("seed")):
        minenetcd.rethreshold(result, threshold=0.7, isolated_threshold="none")
    with minenetcd.rethreshold(result, threshold=0.7, isolated_threshold="none", seed_threshold="none") as found:
        assert found.where.isolated.threshold == pytest.approx(0.85) and len(found.polygons) == 1
        assert found.facts.options.seed_threshold is None
    with minenetcd.rethreshold(result, isolated_threshold=0.7) as found:
        assert found.where.isolated.threshold == 0.7 and len(found.polygons) == 2
    predicted(images, tmp_path / "plain").close()
    with pytest.raises(OptionError, match=r"this result was told of none: leave it out, or predict again"):
        minenetcd.rethreshold(tmp_path / "plain", isolated_threshold=0.7)


def test_rethreshold_takes_thresholds_away_by_command(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "out"
    predicted(images, result, **places(tmp_path), isolated_threshold=0.6, seed_threshold=0.65).close()
    called, words = call(monkeypatch), ["rethreshold", str(result), "--threshold", "0.7"]
    assert called(words) == 2 and "--isolated-threshold none" in capsys.readouterr().err
    assert called([*words, "--seed-threshold", "few"]) == 2
    assert "--seed-threshold needs a number, or none, got 'few': e.g. 0.8 or none" in capsys.readouterr().err
    assert called([*words, "--seed-threshold", "none", "--isolated-threshold", "0.8", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["where"]["isolated"]["threshold"] == 0.8


def page(folder: Path) -> str:
    return re.sub(r"Computed in [^<]* UTC", "", (folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("now", [{"min_area_ha": 1.0}, {"threshold": 0.72}])
def test_another_threshold_gives_what_predict_gives(images: Images, tmp_path: Path, now: dict[str, Any]) -> None:
    options = places(tmp_path) | {"prior_distance": 100.0, "float_probability": True}
    options["aoi"] = layer(tmp_path / "aoi.gpkg", on_grid(10, 10, 290, 190))
    options["mask"] = layer(tmp_path / "clouds.gpkg", on_grid(40, 20, 60, 40))
    predicted(images, tmp_path / "wanted", **options, **now).close()
    predicted(images, tmp_path / "result", **options).close()
    for file in (*images, *(Path(options[name]) for name in ("leases", "prior", "aoi", "mask"))):
        file.unlink()
    minenetcd.rethreshold(tmp_path / "result", **now).close()
    frames = [gpd.read_file(tmp_path / folder / "change.gpkg") for folder in ("result", "wanted")]
    assert frames[0].equals(frames[1]) and page(tmp_path / "result") == page(tmp_path / "wanted")
    with (
        rasterio.open(tmp_path / "result/change.tif") as result,
        rasterio.open(tmp_path / "wanted/change.tif") as wanted,
    ):
        assert (result.read() == wanted.read()).all()


def kept(result: Path, change: Any) -> None:
    """Write details.zip of `result` again with other texts of JSON."""
    with zipfile.ZipFile(result / "details.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    texts = {name: json.loads(part) for name, part in parts.items() if name.endswith(".json")}
    change(texts)
    with zipfile.ZipFile(result / "details.zip", "w") as archive:
        for name, part in parts.items():
            if name in texts or not name.endswith(".json"):
                archive.writestr(name, json.dumps(texts[name]) if name in texts else part)


def test_a_result_of_an_earlier_version_is_made_again(images: Images, tmp_path: Path) -> None:
    predicted(images, tmp_path / "result").close()
    new = ("aoi", "mask", "mask_before", "mask_after", "mask_values", "clouds", "leases", "lease_name", "prior")

    def as_before(texts: dict[str, Any]) -> None:
        for name in (*new, "prior_distance", "isolated_threshold"):
            del texts["facts.json"]["facts"]["options"][name]
        del texts["facts.json"]["facts"]["where"]
        assert list(texts) == ["facts.json"]

    kept(tmp_path / "result", as_before)
    with minenetcd.rethreshold(tmp_path / "result", threshold=0.7) as found:
        assert len(found.polygons) == 2 and found.where.as_json(found.facts.where) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda known: known["concessions"].update(names=["one"]), "its concessions have other names"),
        (lambda known: known["known_mines"].update(wkb=["00"]), "a geometry in it is none"),
        (lambda known: known["known_mines"].update(latitude=1e9), "its known mines lie nowhere"),
        (lambda known: known["concessions"].update(wkb=[shapely.Point(0, 0).wkb_hex] * 2), "is no polygon"),
        (lambda known: known["known_mines"].update(wkb=[shapely.box(0, 0, 1, 1e300).wkb_hex]), "is no place"),
    ],
)
def test_places_that_no_prediction_keeps_are_one_line(images: Images, tmp_path: Path, change: Any, said: str) -> None:
    predicted(images, tmp_path / "result", **places(tmp_path)).close()
    kept(tmp_path / "result", lambda texts: change(texts["places.json"]))
    with pytest.raises(InputError, match=said):
        minenetcd.rethreshold(tmp_path / "result", threshold=0.6)


@pytest.mark.parametrize("name", ["aoi", "mask_after", "leases", "prior"])
def test_unfinished_work_goes_on_with_the_same_files_alone(images: Images, tmp_path: Path, name: str) -> None:
    file, out = tmp_path / "places.geojson", tmp_path / "out"
    options = PredictOptions(**{name: layer(file, on_grid(30, 10, 90, 90))})

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    def go_on() -> None:
        predict_scene(Difference(), *images, out, options=options, progress=stop, resume=True)

    for _ in range(2):  # nothing changed between
        os.utime(file, (1, 1))
        with pytest.raises(KeyboardInterrupt):
            go_on()
    layer(file, on_grid(30, 10, 90, 91))
    with pytest.raises(OptionError, match=r"begun with another (area of|mask of the after|set of)"):
        go_on()
