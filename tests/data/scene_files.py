"""Real little scenes and site tables, made where a test asks for them."""

import csv
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.source import quiet_gdal

UTM33 = CRS.from_epsg(32633)
COLUMNS = ("id", "country", "before", "after", "label", "before_date", "after_date")


def utm_grid(
    height: int, width: int, *, left: float = 400_000, top: float = 5_600_000, metres: float = 10, crs: CRS = UTM33
) -> Grid:
    return Grid(height, width, Affine(metres, 0, left, 0, -metres, top), crs)


def write_geotiff(
    path: Path,
    pixels: NDArray,
    grid: Grid | None,
    *,
    nodata: float | None = None,
    tags: dict[str, str] | None = None,
) -> Path:
    """`pixels` (H, W) or (H, W, C) on `grid`, or without georeference."""
    bands = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    height, width, count = bands.shape
    place = {} if grid is None else {"crs": grid.crs, "transform": grid.transform}
    with (
        quiet_gdal(),
        rasterio.open(
            path, "w", driver="GTiff", height=height, width=width, count=count, dtype=bands.dtype, nodata=nodata,
            tiled=True, blockxsize=128, blockysize=128, compress="deflate", **place,
        ) as dataset,
    ):  # fmt: skip
        dataset.write(np.moveaxis(bands, -1, 0))
        dataset.update_tags(**(tags or {}))
    return path


def noise(grid: Grid, seed: int) -> NDArray[np.uint8]:
    """(H, W, 3), never 0."""
    return np.random.default_rng(seed).integers(1, 256, (*grid.shape, 3), dtype=np.uint8)


def landscape(grid: Grid, *, tilt: float = 0.0) -> NDArray[np.uint8]:
    """A smooth picture (H, W, 3) of the ground itself, from its longitude and latitude: the same on every grid."""
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    longitude, latitude = grid.to_degrees(*apply(grid.transform, columns, rows))
    east, north = longitude * 70_000, latitude * 111_000  # about metres
    waves = [np.sin(east / 400 + tilt), np.cos(north / 500 - tilt), np.sin((east + north) / 600 + 2 * tilt)]
    return np.rint(128 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


def write_polygons(path: Path, shapes: list[shapely.Geometry], crs: object, *, layer: str | None = None) -> Path:
    mode = "a" if layer and path.exists() else "w"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        gpd.GeoDataFrame(geometry=shapes, crs=crs).to_file(path, layer=layer, mode=mode)
    return path


def write_table(path: Path, rows: list[dict[str, object]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_site(folder: Path, site: str, *, side: int = 96, seed: int = 0, **columns: object) -> dict[str, object]:
    """The row of a site whose two noisy scenes lie on different grids, with a polygon of change in degrees."""
    before = utm_grid(side, side, left=400_000 + 20_000 * seed)
    after = utm_grid(side + 9, side + 7, left=400_000 + 20_000 * seed - 33.3, top=5_600_000 + 27.7)
    write_geotiff(folder / f"{site}_before.tif", noise(before, 2 * seed), before)
    write_geotiff(folder / f"{site}_after.tif", noise(after, 2 * seed + 1), after)
    x, y = before.bounds.left, before.bounds.top
    change = gpd.GeoSeries([shapely.box(x + 100, y - 400, x + 300 + 10 * seed, y - 100)], crs=before.crs)
    write_polygons(folder / f"{site}_change.geojson", list(change.to_crs("EPSG:4326")), "EPSG:4326")
    names = {key: f"{site}_{key}.tif" for key in ("before", "after")} | {"label": f"{site}_change.geojson"}
    dates = {"before_date": f"20{10 + seed % 8}-05-17", "after_date": "2021-06"}
    return {"id": site, "country": f"Country {seed % 3}", **names, **dates} | columns


def make_sites(folder: Path, count: int, **options: object) -> list[dict[str, object]]:
    folder.mkdir(parents=True, exist_ok=True)
    return [make_site(folder, f"mine-{number:02d}", seed=number, **options) for number in range(count)]
