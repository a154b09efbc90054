"""A table of pairs in, a folder of results for each out; what is done stays, what fails is told, the rest goes on."""

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.errors import DataError, InputError, OptionError, OutputPathError, RunInterrupted
from minenetcd.monitoring.pairs.asked import Asked
from minenetcd.monitoring.pairs.predict_pairs import DEFAULT_OPTIONS, PairsPrediction, predict_pairs
from minenetcd.monitoring.pairs.run import UNWATCHED, PairOutcome, Watching, run_pairs
from minenetcd.monitoring.pairs.table import read_table
from minenetcd.prediction.options import PredictOptions
from prediction.stand_in import Difference


def write_pair(folder: Path, name: str, *, seed: int = 0, left: float = 400_000, changed: int = 12) -> None:
    """Two dates of 64 x 64 pixels of 10 m in which a square of `changed` pixels a side is brighter."""
    grid = utm_grid(64, 64, left=left)
    before = np.random.default_rng(seed).integers(20, 60, (64, 64, 3), dtype=np.uint8)
    after = before.copy()
    after[8 : 8 + changed, 8 : 8 + changed] += 180
    write_geotiff(folder / f"{name}_2019-01-01.tif", before, grid)
    write_geotiff(folder / f"{name}_2023-01-01.tif", after, grid)


def table_of(folder: Path, *names: str, **columns: object) -> Path:
    rows = {
        "id": names,
        "before": [f"{name}_2019-01-01.tif" for name in names],
        "after": [f"{name}_2023-01-01.tif" for name in names],
        **columns,
    }
    pd.DataFrame(rows).to_csv(folder / "pairs.csv", index=False)
    return folder / "pairs.csv"


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """The folder of the images of pairs a, b and c, 10, 20 and 30 pixels a side changed."""
    folder = tmp_path / "images"
    folder.mkdir()
    for seed, name in enumerate("abc"):
        write_pair(folder, name, seed=seed, left=400_000 + 5_000 * seed, changed=10 * (seed + 1))
    return folder


def run(table: Path, out: Path, detector: Difference | None = None, **options: object) -> PairsPrediction:
    return predict_pairs(detector or Difference(), table, out, **options)


def one_by_one(
    table: Path, out: Path, options: PredictOptions = DEFAULT_OPTIONS, watching: Watching = UNWATCHED
) -> list[PairOutcome]:
    """The same without what stands beside the folders, which takes longer than such little scenes."""
    return list(run_pairs(Asked.of(Difference()), read_table(table, options)[0], out, watching=watching))


def done_twice(table: Path, out: Path) -> list[PairOutcome]:
    """The one pair of `table`, read and read again."""
    found = one_by_one(table, out) + one_by_one(table, out)
    assert [each.error for each in found] == [None, None]
    return found


def test_each_pair_has_its_complete_result_and_all_of_them_one_table_one_file_one_map(
    three: Path, tmp_path: Path
) -> None:
    found = run(table_of(three, "a", "b", "c"), tmp_path / "out")
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        *("a", "b", "c", "index.html", "map.html", "polygons.parquet", "summary.csv")
    ]
    for name in "abc":
        files = {"change.gpkg", "change.tif", "details.zip", "pair.json", "probability.tif", "report.html"}
        assert files <= {path.name for path in (out / name).iterdir()}
    summary = pd.read_csv(out / "summary.csv")
    assert summary["id"].tolist() == ["a", "b", "c"] and set(summary["status"]) == {"done"}
    assert summary["hectares"].tolist() == pytest.approx([1.0, 4.0, 9.0], rel=2e-3)  # the ellipsoid's, not the grid's
    assert summary["polygons"].tolist() == [1, 1, 1] and summary["date_after"].tolist() == ["2023-01-01"] * 3
    assert found.hectares == pytest.approx(14.0, rel=2e-3) and not found.failed
    assert repr(found).startswith("<PairsPrediction in ") and "3 pairs: 3 done; 14.01 ha" in repr(found)
    polygons = gpd.read_parquet(out / "polygons.parquet")
    assert polygons.crs.to_epsg() == 4326 and polygons["id"].tolist() == ["a", "b", "c"]
    assert polygons["area_ha"].tolist() == pytest.approx(summary["hectares"].tolist())
    assert pq.ParquetFile(out / "polygons.parquet").num_row_groups == 3
    own = gpd.read_file(out / "b" / "change.gpkg").to_crs(4326).geometry[0]
    assert shapely.normalize(polygons.geometry[1]).equals_exact(shapely.normalize(own), 1e-9)
    index = (out / "index.html").read_text()
    assert all(f'href="{name}/report.html"' in index for name in "abc") and "summary.csv" in index
    assert 'href="a/report.html"' in (out / "map.html").read_text()


def test_a_pair_that_fails_is_told_and_the_rest_go_on(three: Path, tmp_path: Path) -> None:
    table = table_of(three, "a", "gone", "c")
    found = run(table, tmp_path / "out")
    assert list(found.failed) == ["gone"] and found.failed["gone"].startswith("There is no file")
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert summary["status"].tolist() == ["done", "failed", "done"]
    assert summary["error"][1] == found.failed["gone"] and "\n" not in summary["error"][1]
    assert not (tmp_path / "out" / "gone").exists()
    assert "<b>1 pair failed.</b>" in (tmp_path / "out" / "index.html").read_text()


def test_what_a_foreign_detector_breaks_at_is_one_pair(three: Path, tmp_path: Path) -> None:
    class Breaking(Difference):
        def for_scene(self, *sample: object, **how: object) -> object:
            if not self.ranged:
                self.ranged += 1
                raise RuntimeError("out of memory,\nsay")
            return super().for_scene(*sample, **how)

    found = run(table_of(three, "a", "b"), tmp_path / "out", Breaking())
    assert found.failed == {"a": "RuntimeError: out of memory, say"} and found.done == 1


def test_what_is_done_is_kept_and_what_is_another_now_is_computed_anew(three: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "out", table_of(three, "a", "b", "c")
    one_by_one(table, out)
    maps = {name: (out / name / "change.tif").read_bytes() for name in "abc"}

    def computed(options: PredictOptions = DEFAULT_OPTIONS, *, told: list[str] | None = None) -> list[str]:
        watching = Watching(note=([] if told is None else told).append)
        return [each.pair.id for each in one_by_one(table, out, options, watching) if each.is_new]

    assert computed() == []
    write_pair(three, "b", seed=9, left=405_000, changed=5)
    assert computed() == ["b"]
    assert (out / "b" / "change.tif").read_bytes() != maps["b"]
    (out / "c" / "report.html").unlink()
    assert computed() == ["c"] and (out / "c" / "report.html").exists()
    minenetcd.rethreshold(out / "a", threshold=0.9).close()
    told: list[str] = []
    assert computed(told=told) == ["a"] and (out / "a" / "change.tif").read_bytes() == maps["a"]
    assert [line for line in told if "changed since (by rethreshold, say), and is computed anew" in line] == told[:1]
    assert computed(PredictOptions(min_area_ha=0.1)) == ["a", "b", "c"]
    table = table_of(three, "a", "b", "c", min_area_ha=["0.1", "0.2", ""])
    assert computed(PredictOptions(min_area_ha=0.1)) == ["b"]


def test_a_mask_that_is_another_now_is_another_pair(three: Path, tmp_path: Path) -> None:
    """Whether it is found beside the image, or made of several files."""
    hidden, clear = np.full((64, 64), 9, np.uint8), np.full((64, 64), 4, np.uint8)
    hidden[:, :32] = 4
    table, out = table_of(three, "a", mask=["scl"]), tmp_path / "out"
    for day in ("2019-01-01", "2023-01-01"):
        os.rename(three / f"a_{day}.tif", three / f"a_{day}_B02.tif")
        write_geotiff(three / f"a_{day}_SCL.tif", hidden, utm_grid(64, 64))
    text = table.read_text()
    table.write_text(text.replace(".tif", "_B02.tif"))
    assert [each.is_new for each in done_twice(table, out)] == [True, False]
    write_geotiff(three / "a_2023-01-01_SCL.tif", clear, utm_grid(64, 64))
    assert one_by_one(table, out)[0].is_new
    lease = gpd.GeoDataFrame({"name": ["one"]}, geometry=[shapely.box(*utm_grid(64, 64).bounds)], crs=32633)
    lease.to_file(three / "leases.shp")
    table.write_text(text.replace(".tif", "_B02.tif").replace("mask", "leases").replace("scl", "leases.shp"))
    assert [each.is_new for each in done_twice(table, out)] == [True, False]
    lease.assign(name="two").to_file(tmp_path / "leases.shp")
    os.replace(tmp_path / "leases.dbf", three / "leases.dbf")
    assert one_by_one(table, out)[0].is_new


def test_an_interrupted_run_goes_on_where_it_was(three: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "out", table_of(three, "a", "b", "c")

    class Interrupted(Difference):
        def probabilities(self, *dates: np.ndarray, **keywords: object) -> np.ndarray:
            if self.ranged == 2:
                raise KeyboardInterrupt
            return super().probabilities(*dates, **keywords)

    with pytest.raises(RunInterrupted, match=r"Stopped with 1 of 3 pairs done: the same command goes on in ") as caught:
        run(table, out, Interrupted(name="difference"))
    assert caught.value.exit_code == 130
    assert [path.name for path in out.iterdir() if path.is_file()] == []  # of no run yet
    detector = Interrupted(name="difference", ranged=5)
    assert [each.is_new for each in run(table, out, detector).outcomes] == [False, True, True]
    whole = run(table, tmp_path / "whole", Interrupted(name="difference", ranged=5))
    for outcome in whole.outcomes:
        again = out / outcome.pair.id / "probability.tif"
        assert again.read_bytes() == (outcome.folder / "probability.tif").read_bytes()
    assert not [path for path in out.rglob(".minenetcd*")]


def test_an_interrupted_run_counts_what_failed_apart_and_leaves_what_an_earlier_one_wrote(
    three: Path, tmp_path: Path
) -> None:
    class Interrupted(Difference):
        def probabilities(self, *dates: np.ndarray, **keywords: object) -> np.ndarray:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    run(table_of(three, "a"), out)
    files = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(RunInterrupted, match=r"Stopped with 0 of 3 pairs done, 1 failed: the same command"):
        run(table_of(three, "gone", "b", "c"), out, Interrupted(name="difference"))
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == files


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".parquet", ".csv"])
def test_tables_of_every_kind_say_the_same(ending: str, tmp_path: Path) -> None:
    rows = gpd.GeoDataFrame(
        {
            "ID": ["007", "mine b"],
            "Before": ["x.tif", "/data/y.tif"],
            "after": ["https://example.org/z.tif", "red.tif, green.tif"],
            "bands": ["3,2,1", None],
            "threshold": [0.25, float("nan")],
            "nodata": ["none", "0"],
            "tone": ["off", None],
            "country": ["Chile", "Peru"],
        },
        geometry=[shapely.Point(0, 1)] * 2,
        crs=4326,
    )
    path = tmp_path / f"pairs{ending}"
    if ending == ".csv":
        rows.drop(columns="geometry").to_csv(path, index=False, sep=";")
    elif ending == ".parquet":
        rows.to_parquet(path)
    else:
        rows.to_file(path)
    (first, second), others = read_table(path, PredictOptions(min_area_ha=0.5))
    assert others == ["country"]
    assert (first.id, first.before, first.after) == ("007", str(tmp_path / "x.tif"), "https://example.org/z.tif")
    assert (second.id, second.before) == ("mine b", "/data/y.tif")
    assert second.after == f"{tmp_path / 'red.tif'},{tmp_path / 'green.tif'}"
    assert first.options == PredictOptions(min_area_ha=0.5, bands=(3, 2, 1), threshold=0.25, tone=False)
    assert second.options == PredictOptions(min_area_ha=0.5, nodata=0, nodata_after=0)


BAD = {
    "id,before\na,b.tif": (DataError, "needs the columns id, before, after, it has before, id: add after"),
    "id,before,after": (DataError, "needs a pair a row"),
    "id,before,after\na,b.tif,": (DataError, r"row 1 \(a\) needs id, before, after, after is empty"),
    "id,before,after\na,b,c\nA,d,e": (DataError, r"'A' is there twice \(once as 'a'\)"),
    "id,before,after\n../a,b,c": (DataError, "begins with a dot"),
    "id,before,after\na/b,b,c": (DataError, "a letter that names of folders cannot hold"),
    "id,before,after\nindex.html,b,c": (DataError, "the name is taken"),
    "id,before,after\nnul.x,b,c": (DataError, "the name is taken"),
    "id,before,after,gsd\na,b,c,ten": (OptionError, r"row 1 \(a\): gsd needs a number, got 'ten'"),
    "id,before,after,threshold\na,b,c,7": (OptionError, r"row 1 \(a\): Threshold must lie between 0 and 1"),
    "id,before,after,date_after\na,b,c,2019-13-01": (OptionError, r"row 1 \(a\): Year, month and day are needed"),
    "id,before,before\na,b,c": (DataError, "it has 'before' twice|needs the columns"),
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text.splitlines()[-1])
def test_a_bad_table_is_refused_in_one_line_before_anything_is_written(text: str, tmp_path: Path) -> None:
    kind, message = BAD[text]
    table = tmp_path / "pairs.csv"
    table.write_text(text)
    with pytest.raises(kind, match=message) as caught:
        run(table, tmp_path / "out")
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2
    assert os.listdir(tmp_path) == ["pairs.csv"]


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.gpkg").write_text("no table")
    for name in ("pairs.gpkg", "pairs.txt", "missing.csv"):
        with pytest.raises(InputError):
            run(tmp_path / name, tmp_path / "out")


def test_a_file_that_a_row_names_is_not_replaced(three: Path, tmp_path: Path) -> None:
    polygons = gpd.GeoDataFrame(geometry=[shapely.box(400_000, 4_000_000, 401_000, 4_001_000)], crs=32633)
    polygons.to_parquet(three / "polygons.parquet")
    (three / "summary.csv").write_text("")
    table = table_of(three, "a", "b", mask=["", "polygons.parquet"])
    with pytest.raises(OutputPathError, match=r"polygons.parquet is an input, and a result would replace it"):
        run(table, three)
    assert gpd.read_parquet(three / "polygons.parquet").equals(polygons)


def test_a_file_that_a_row_names_is_looked_for_beside_the_table_alone(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = gpd.GeoDataFrame(geometry=[shapely.box(*utm_grid(64, 64).bounds)], crs=32633)
    area.to_file(tmp_path / "area.gpkg", layer="area")
    (tmp_path / "SCL.tif").write_bytes(b"of somebody else")
    monkeypatch.chdir(tmp_path)
    named = {"aoi": ["area.gpkg:area", ""], "mask": ["", "scl:SCL.tif"]}
    told = [outcome.error or "" for outcome in one_by_one(table_of(three, "a", "b", **named), tmp_path / "out")]
    assert str(three / "area.gpkg") in told[0] and str(three / "SCL.tif") in told[1]
    table = table_of(three, "a", "b", "c", mask=["scl", "/data/m.tif", "https://example.org/m.tif"])
    assert [pair.options.mask for pair in read_table(table, DEFAULT_OPTIONS)[0]] == [
        *("scl", "/data/m.tif", "https://example.org/m.tif")
    ]


def test_pictures_count_by_the_size_of_a_pixel_that_is_stated(tmp_path: Path) -> None:
    before = np.full((64, 64, 3), 30, np.uint8)
    after = before.copy()
    after[:10, :10] = 220
    for day, pixels in (("2019-01-01", before), ("2023-01-01", after)):
        write_geotiff(tmp_path / f"a_{day}.tif", pixels, None)
    found = run(table_of(tmp_path, "a", metres_per_pixel=[10]), tmp_path / "out")
    assert found.hectares == 1.0
    assert len(gpd.read_parquet(tmp_path / "out" / "polygons.parquet")) == 0
    assert "1 pair of pictures without coordinates not shown" in (tmp_path / "out" / "map.html").read_text()


def test_the_detector_that_is_chosen_is_opened_once(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minenetcd.detectors import by_name
    from minenetcd.monitoring.pairs import asked

    opened: list[str] = []

    def counting(name: str, options: object) -> object:
        opened.append(name)
        return by_name.open_detector("cva")

    monkeypatch.setattr(asked, "open_detector", counting)
    found = predict_pairs("auto", table_of(three, "a", "b", "c"), tmp_path / "out")
    assert not found.failed and len(opened) == len(set(opened))


def test_the_note_of_a_pair_from_elsewhere_is_no_reason_to_keep_it(three: Path, tmp_path: Path) -> None:
    table, out = table_of(three, "a"), tmp_path / "out"
    one_by_one(table, out)
    for note in ("", "[]", "{}", json.dumps({"made_from": 3})):
        (out / "a" / "pair.json").write_text(note)
        assert one_by_one(table, out)[0].is_new
