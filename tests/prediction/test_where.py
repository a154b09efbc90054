"""Where change is looked for, and where what was found lies: the same in map, polygons, report and a new threshold."""

import json
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

import minenetcd
from fixtures.scene_files import noise, utm_grid, write_geotiff, write_polygons
from minenetcd.cli.main import run
from minenetcd.errors import GridError, InputError, OptionError, OutputError, RasterError
from minenetcd.geo.align import open_pair
from minenetcd.geo.areas.limits import Limits
from minenetcd.geo.areas.placed import PlacedPolygons
from minenetcd.geo.grid import WGS84
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.formats.summary import summary_schema
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Blurred, Difference

Images = tuple[Path, Path]

GRID = utm_grid(200, 300)
CRS = GRID.crs.to_wkt()
LARGE, SMALL, FAINT = np.s_[20:60, 40:100], np.s_[150:156, 20:30], np.s_[100:120, 200:260]


@pytest.fixture
def images(write_scene: WriteScene) -> Images:
    """Probability 0.16 but for three places: LARGE 0.78, SMALL 0.71, FAINT 0.63."""
    before, after = np.full(GRID.shape, 20, np.uint8), np.full(GRID.shape, 60, np.uint8)
    after[LARGE], after[SMALL], after[FAINT] = 220, 200, 180
    return write_scene("b.tif", before, GRID), write_scene("a.tif", after, GRID)


def on_grid(left: int, top: int, right: int, bottom: int) -> shapely.Polygon:
    x, y = GRID.bounds.left, GRID.bounds.top
    return shapely.box(x + 10 * left, y - 10 * bottom, x + 10 * right, y - 10 * top)


def layer(path: Path, *shapes: shapely.Polygon, crs: object = 4326, **columns: list[Any]) -> str:
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS).to_crs(crs).to_file(path)
    return str(path)


def places(folder: Path) -> dict[str, Any]:
    """Options with concessions and known mines."""
    west, east = on_grid(30, 0, 70, 200), on_grid(240, 0, 300, 200)
    return {
        "leases": layer(folder / "leases.gpkg", west, east, Name=["West", "East"]),
        "prior": layer(folder / "mines.geojson", on_grid(45, 25, 50, 30)),
        "prior_distance": 2000.0,
    }


def predicted(images: Images, out: Path | None = None, **options: Any) -> Any:
    return predict_scene(Difference(), *images, out, options=PredictOptions(**options))


def test_only_an_area_of_interest_is_analysed(images: Images, tmp_path: Path) -> None:
    area = layer(tmp_path / "aoi.gpkg", on_grid(10, 40, 90, 190))
    detector = Difference(tile=32)
    with predict_scene(detector, *images, options=PredictOptions(aoi=area)) as found:
        inside = np.zeros(GRID.shape, bool)
        inside[40:190, 10:90] = True
        assert ((found.mask != 255) == inside).all() and found.mask[40:60, 40:90].all()
        assert found.valid_pixels == 150 * 80
        assert found._outcome.change.valid_hectares == pytest.approx(120, rel=1e-3)
        assert found.hectares == pytest.approx(10.6, rel=1e-3)
    looked_at = sum(shape[0] for shape in detector.asked)
    with predicted(images) as whole:
        assert whole.valid_pixels == 60_000
    every = Difference(tile=32)
    predict_scene(every, *images).close()
    assert looked_at < 0.35 * sum(shape[0] for shape in every.asked)


def test_detectors_see_what_lies_around_an_area_of_interest(tmp_path: Path, write_scene: WriteScene) -> None:
    first, second = np.random.default_rng(3).integers(1, 256, (2, *GRID.shape), dtype=np.uint8)
    images = write_scene("b.tif", first, GRID), write_scene("a.tif", second, GRID)
    area = layer(tmp_path / "aoi.gpkg", on_grid(120, 80, 180, 110))
    inside = np.s_[80:110, 120:180]
    with predict_scene(Blurred(tile=512), *images) as whole:
        wanted = whole.probability[inside]
    with predict_scene(Blurred(tile=512), *images, options=PredictOptions(aoi=area)) as found:
        assert np.isnan(found.probability).sum() == found.mask.size - 30 * 60
        assert np.abs(found.probability[inside] - wanted).max() < 1e-6


def test_masks_of_both_dates_are_no_data(images: Images, tmp_path: Path) -> None:
    clouds = np.zeros((100, 150), np.uint8)
    clouds[:20, :25] = 2  # 20 m: rows to 40, columns to 50
    clouds[90:, 140:] = 5
    raster = write_geotiff(tmp_path / "clouds.tif", clouds, utm_grid(100, 150, metres=20))
    shade = layer(tmp_path / "shade.kml.geojson", on_grid(200, 0, 300, 105))
    with predicted(images, mask_before=str(raster), mask_after=shade) as found:
        hidden = np.zeros(GRID.shape, bool)
        hidden[:40, :50] = hidden[180:, 280:] = hidden[:105, 200:] = True
        assert ((found.mask == 255) == hidden).all()
        assert [name for name, _ in found.facts.where] == ["mask_before", "mask_after"]
    with predicted(images, mask=str(raster), mask_values=(2,)) as found:
        assert (found.mask == 255).sum() == 40 * 50
        assert found.facts.where == (("mask", f"{raster} (values 2)"),)
        told = found.where.as_json(found.facts.where)
        assert told == {"masks": dict.fromkeys(("before", "after"), f"{raster} (values 2)")}


def test_masks_hold_for_coarser_pixels_too(images: Images, tmp_path: Path) -> None:
    shade = layer(tmp_path / "shade.gpkg", on_grid(0, 0, 77, 200))
    with predicted(images, mask=shade, gsd=25.0) as found:
        assert (found.mask[:, :77] == 255).all() and (found.mask[:, 77:] != 255).all()


def test_change_by_concession(images: Images, tmp_path: Path) -> None:
    with predicted(images, **places(tmp_path)) as found:
        frame, areas = found.polygons, found.where.concessions
    assert frame["lease"].fillna("").tolist() == ["West", "East", ""] and frame["id"].tolist() == [1, 2, 3]
    assert frame["lease_status"].tolist() == ["crosses", "crosses", "outside"]
    assert areas is not None and areas.names == ("West", "East") and areas.polygons == (1, 1)
    assert areas.hectares == pytest.approx((12, 4), rel=2e-3)
    assert areas.outside == pytest.approx(frame["area_ha"].sum() - sum(areas.hectares), rel=1e-6)


def test_concessions_that_overlap_or_touch(images: Images, tmp_path: Path) -> None:
    """A place in two of them lies outside of none, is named by the one with more of it, and counts in both."""
    shapes = on_grid(0, 0, 60, 80), on_grid(60, 0, 120, 80), on_grid(90, 0, 120, 80), on_grid(10, 140, 50, 160)
    rows = layer(tmp_path / "rows.gpkg", *shapes)
    with predicted(images, leases=rows) as found:
        frame, areas = found.polygons, found.where.concessions
    assert frame["lease"].tolist()[0] == "2" and frame["lease_status"].tolist() == ["within", "outside", "within"]
    assert frame["lease"].tolist()[2] == "4" and areas is not None
    assert areas.hectares == pytest.approx((8, 16, 4, 0.6), rel=2e-3)
    assert areas.outside == pytest.approx(12, rel=2e-3)


def test_the_column_with_the_names(images: Images, tmp_path: Path) -> None:
    shapes = on_grid(30, 0, 120, 200), on_grid(0, 140, 60, 200)
    file = layer(tmp_path / "leases.gpkg", *shapes, ID=[7, 8], holder=["A & <B>", None])
    for options, names in (({}, ["7", "8"]), ({"lease_name": "holder"}, ["A & <B>", "2"])):
        with predicted(images, leases=file, **options) as found:
            assert list(found.where.concessions.names) == names
    with pytest.raises(OptionError, match=r"A column 'owner' is needed .*\(--lease-name\), it has ID, holder"):
        predicted(images, leases=file, lease_name="owner")


def test_distances_to_known_mines_are_geodesics(images: Images, tmp_path: Path) -> None:
    mine = on_grid(130, 30, 140, 50)
    with predicted(images, prior=layer(tmp_path / "mines.geojson", mine, on_grid(255, 115, 270, 130))) as found:
        metres = found.polygons["distance_m"].tolist()
    assert metres[1] == 0  # it touches one
    between = GRID.to_degrees(np.array([401_000.0, 401_300.0]), np.array([5_599_600.0, 5_599_600.0]))
    _, _, wanted = WGS84.inv(between[0][0], between[1][0], between[0][1], between[1][1])
    assert metres[0] == pytest.approx(wanted, abs=0.01) and 299 < wanted < 301


def test_the_nearest_mine_may_lie_on_another_continent(images: Images, tmp_path: Path) -> None:
    far = [shapely.box(x, y, x + 0.1, y + 0.1) for x, y in ((-70, -30), (30, -10), (151, -33))]
    path = write_polygons(tmp_path / "far.geojson", far, 4326)
    with predicted(images, prior=str(path), isolated_threshold=0.7) as found:
        place = found.polygons.representative_point().to_crs(4326)[0]
        metres = found.polygons["distance_m"][0]
    _, _, wanted = WGS84.inv(place.x, place.y, 30.05, -9.9)  # its northern edge
    assert metres == pytest.approx(wanted, rel=1e-3)


def test_isolated_change_has_to_be_surer(images: Images, tmp_path: Path) -> None:
    known = places(tmp_path)
    with predicted(images, **known) as found:  # the usual threshold is 0.5, that of isolated change 0.75
        assert found.polygons["distance_m"].iloc[0] == 0 and len(found.polygons) == 3
    known["prior_distance"] = 100.0
    with predicted(images, tmp_path / "out", **known) as found:
        assert len(found.polygons) == 1 and not found.mask[SMALL].any() and not found.mask[FAINT].any()
        assert found.where.isolated is not None and found.where.isolated.dropped == 2
        assert found.changed_pixels == 40 * 60
    page = (tmp_path / "out" / "report.html").read_text()
    assert "2 changes farther than 100 m from any known mine left out, without a pixel of 0.75 or more" in page
    with predicted(images, **known, isolated_threshold=0.7) as found:
        assert found.polygons["id"].tolist() == [1, 2] and found.mask[SMALL].all() and not found.mask[FAINT].any()
    with pytest.raises(
        OptionError, match=r"of the usual 0\.5 or more \(--isolated-threshold\), got 0\.3: raise it, or leave it out\."
    ):
        predicted(images, **known, isolated_threshold=0.3)


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


def test_columns_stand_in_the_files_only_where_asked_for(images: Images, tmp_path: Path) -> None:
    predicted(images, tmp_path / "plain").close()
    predicted(images, tmp_path / "out", also=("parquet",), **places(tmp_path)).close()
    asked = {"lease", "lease_status", "distance_m"}
    assert not asked & {*gpd.read_file(tmp_path / "plain" / "change.gpkg").columns}
    for name in ("change.gpkg", "change.parquet"):
        frame = (
            gpd.read_parquet(tmp_path / "out" / name) if "parquet" in name else gpd.read_file(tmp_path / "out" / name)
        )
        assert asked <= {*frame.columns} and frame["lease_status"].tolist() == ["crosses", "crosses", "outside"]
    pages = [(tmp_path / folder / "report.html").read_text() for folder in ("plain", "out")]
    for words in ("<h2>Concessions</h2>", "m to a known mine", "In no concession", "leases.gpkg: 2 concessions"):
        assert words not in pages[0] and words in pages[1]


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


def test_what_cannot_be_used_is_one_line_and_nothing_is_written(
    images: Images, tmp_path: Path, write_scene: WriteScene
) -> None:
    out = tmp_path / "out"

    def refused(kind: type[InputError], said: str, pair: Images = images, **options: Any) -> None:
        with pytest.raises(kind, match=said) as error:
            predicted(pair, out, **options)
        assert "\n" not in str(error.value) and not out.exists()

    refused(OptionError, r"\(--aoi\), there is no file", aoi=str(tmp_path / "missing.gpkg"))
    refused(OptionError, r"\(--mask-after\), there is no file", mask_after=str(tmp_path / "missing.geojson"))
    refused(RasterError, "There is no file", mask=str(tmp_path / "missing.tif"))
    refused(GridError, "needs polygons in the scene", aoi=layer(tmp_path / "far.gpkg", on_grid(900, 0, 950, 50)))
    refused(RasterError, "leave none of", mask=layer(tmp_path / "all.gpkg", on_grid(-9, -9, 400, 400)))
    thin = layer(
        tmp_path / "thin.gpkg", shapely.box(400_101, 5_599_901, 400_104, 5_599_904)
    )  # without a pixel's centre
    refused(RasterError, "leave none of", aoi=thin)
    refused(RasterError, r"A quality band \(SCL or QA_PIXEL\) beside .* is needed \(--mask auto\)", mask="auto")
    refused(OptionError, r"\(--mask-values\), none is given", mask_values=(3,))
    refused(OptionError, r"add --leases FILE", lease_name="name")
    refused(OptionError, r"add --prior FILE", isolated_threshold=0.8)
    refused(OptionError, "a distance .* of zero or more metres", prior_distance=-1.0)
    refused(OptionError, r"by omnicloudmask or s2cloudless \(--clouds\), got 'x'", clouds="x")
    part = write_scene("part.tif", np.full((50, 50), 60, np.uint8), utm_grid(50, 50))
    aside = layer(tmp_path / "aside.gpkg", on_grid(100, 100, 150, 150))
    refused(GridError, "in what both images show is needed", (images[0], part), aoi=aside)
    pictures = (
        write_scene("b.png", np.full((60, 70), 20, np.uint8)),
        write_scene("a.png", np.full((60, 70), 60, np.uint8)),
    )
    area = layer(tmp_path / "aoi.gpkg", on_grid(10, 40, 90, 190))
    refused(OptionError, r"A place on Earth is needed \(--aoi\), got a picture without CRS", pictures, aoi=area)


def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs the command line and gives its exit code."""

    def called(words: list[str]) -> int:
        monkeypatch.setattr(sys, "argv", ["minenetcd", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0)

    return called


def test_no_result_replaces_what_it_was_told_of_places(images: Images, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    mines = layer(tmp_path / "out" / "change.gpkg", on_grid(45, 25, 50, 30))
    with pytest.raises(OutputError, match=r"change\.gpkg"):
        predicted(images, tmp_path / "out", prior=mines)
    assert len(gpd.read_file(mines)) == 1


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


def test_the_command_says_the_same(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = places(tmp_path)
    area = layer(tmp_path / "aoi.geojson", on_grid(0, 0, 120, 200))
    noisy = [write_geotiff(tmp_path / f"{seed}.tif", noise(GRID, seed), GRID) for seed in (1, 2)]
    words = ["predict", *map(str, noisy), "--model", "cva", "--out", str(tmp_path / "out")]
    called = call(monkeypatch)
    for option in ("leases", "prior"):
        words += [f"--{option}", known[option]]
    assert called([*words, "--aoi", area, "--prior-distance", "100", "--isolated-threshold", "0.9", "--json"]) == 0
    where = json.loads(capsys.readouterr().out)["where"]
    assert where["area_of_interest"] == area
    assert where["concessions"]["source"].endswith("leases.gpkg: 2 concessions here")
    assert where["known_mines"]["source"].endswith("mines.geojson: 1 area")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["where"] == where
    pytest.importorskip("jsonschema").validate(summary, json.loads(summary_schema()))
    assert {"name", "hectares", "places"} == where["concessions"]["inside"][0].keys()
    assert where["isolated"]["threshold"] == 0.9
    assert called([*words, "--aoi", str(tmp_path / "none.gpkg")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_small_areas_far_apart_are_what_is_learned_from(tmp_path: Path, write_scene: WriteScene) -> None:
    """Of a scene too large to be looked at as a whole, windows are looked at in which something is of interest."""
    grid = utm_grid(2400, 9000)
    first = np.full(grid.shape, 20, np.uint8)
    images = write_scene("b.tif", first, grid, tiled=True), write_scene("a.tif", first + 9, grid, tiled=True)
    x, y = grid.bounds.left, grid.bounds.top
    shapes = [shapely.box(x + 10 * col, y - 23_900, x + 10 * col + 300, y - 23_600) for col in (1100, 8900)]
    area = layer(tmp_path / "mines.gpkg", *shapes)
    with open_pair(*images, limits=Limits(PlacedPolygons(np.array(shapes, dtype=object)))) as pair:
        sample = SceneSample(pair)
        assert len(sample) == 2 and all(part.valid.any() for part in sample)
    detector = Difference(tile=512)
    with predict_scene(detector, *images, options=PredictOptions(aoi=area)) as found:
        assert found.valid_pixels == 1800 and len(detector.asked) <= 4
        assert not any("of the overlap has data" in warning for warning in found.warnings)


def test_nothing_changed_or_nothing_is_left(images: Images, tmp_path: Path) -> None:
    known = places(tmp_path)
    with predicted(images, tmp_path / "none", threshold=0.95, **known) as found:
        assert not len(found.polygons) and {"lease", "lease_status", "distance_m"} <= {*found.polygons.columns}
        assert found.where.rows()[:2] == [("Inside", "nothing in any concession"), ("Outside", "0 ha in no concession")]
    known |= {
        "prior_distance": 0.0,
        "isolated_threshold": 0.99,
        "prior": layer(tmp_path / "m.gpkg", on_grid(0, 0, 9, 9)),
    }
    with predicted(images, tmp_path / "left", **known) as found:
        assert not found.mask[found.mask != 255].any() and found.where.isolated.dropped == 3
    assert list(gpd.read_file(tmp_path / "left" / "change.gpkg")["lease"]) == []
