"""Tables of paths as data sets."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

from fixtures.drawn_sets import assert_pairs, refusal, write_pair
from minenetcd.datasets.catalog import list_splits, load_dataset

ROLES = ("before", "after", "mask")


def path_rows(root: Path, seeds: range) -> pd.DataFrame:
    for seed in seeds:
        write_pair(root, seed, (f"x/{seed}-b.png", f"y/{seed}-a.tif", f"z/{seed}-m.png"))
    rows = [{"before": f"x/{s}-b.png", "after": f"y/{s}-a.tif", "mask": str(root / f"z/{s}-m.png")} for s in seeds]
    return pd.DataFrame(rows)


def test_a_csv_of_paths(tmp_path: Path) -> None:
    rows = path_rows(tmp_path, range(4))
    rows.columns = ["Before", "After", "Mask"]
    rows["Split"] = ["test", "train", "test", "val"]
    rows["site"], rows["country"], rows["row"] = ["a", "b", "a", "c"], "PE", [0, 256, 512, 0]
    rows.to_csv(tmp_path / "pairs.csv", index=False)
    for source in (tmp_path / "pairs.csv", tmp_path):  # by itself, or as the only one of a folder
        assert list_splits(source) == ("train", "val", "test")
        dataset = load_dataset(source, "test")
        assert_pairs(dataset, [0, 2])
        assert dataset.names == ["0-b", "2-b"] and dataset.sites == ["a", "a"]
        assert dataset.places is not None and dataset.places["row"].tolist() == [0, 512]
        assert list(dataset.places.index) == [0, 1]


def test_a_geoparquet_of_paths_tells_bounds(tmp_path: Path) -> None:
    rows = path_rows(tmp_path, range(2)).assign(site=["a", "b"])
    footprints = [box(0, 10, 5, 20), box(5, 10, 10, 20)]
    gpd.GeoDataFrame(rows, geometry=footprints, crs="EPSG:32735").to_parquet(tmp_path / "pairs.geoparquet")
    dataset = load_dataset(tmp_path / "pairs.geoparquet", "all")
    assert_pairs(dataset, range(2))
    assert dataset.places is not None
    expected = {"site": "b", "crs": "EPSG:32735", "left": 5, "bottom": 10, "right": 10, "top": 20}
    assert dataset.places.iloc[1].to_dict() == expected
    rows.to_parquet(tmp_path / "plain.parquet")
    assert_pairs(load_dataset(tmp_path / "plain.parquet", "all"), range(2))


def test_tables_of_paths_that_are_wrong(tmp_path: Path) -> None:
    rows = path_rows(tmp_path, range(3))
    path = tmp_path / "pairs.csv"

    def message(changed: pd.DataFrame) -> str:
        changed.to_csv(path, index=False)
        return refusal(path, "train")

    assert "it lacks label (mask) and has before, after" in message(rows.drop(columns="mask"))
    assert "row 2 has an empty cell" in message(rows.assign(after=["y/0-a.tif", None, "y/2-a.tif"]))
    assert "it has no row" in message(rows[:0])
    missing = message(rows.assign(before=["x/0-b.png", "x/9-b.png", "x/2-b.png"]))
    assert "names 1 file that cannot be found, x/9-b.png: paths are relative to" in missing
    assert "needs train, val or test in its column split, got 'other'" in message(rows.assign(split="other"))
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as a table" in refusal(path, "train")


def test_a_real_sparse_label(tmp_path: Path, real_images: Path) -> None:
    """Landsat, 6 bands, a label of 255 changed, 0 unchanged and 128 not interpreted, in a table of paths."""
    root = real_images / "landsat_taizhou"
    row = {
        role: str(root / folder / "taizhou.tif") for role, folder in zip(ROLES, ("A", "B", "label_sparse"), strict=True)
    }
    pd.DataFrame([row]).to_csv(tmp_path / "pairs.csv", index=False)
    sample = load_dataset(f"{tmp_path}?bands=3,2,1&outside=yes", "test")[0]  # 128 is declared as nodata
    assert set(sample.mask.unique().tolist()) == {0, 1, 255} and sample.before.shape == (3, 400, 400)
