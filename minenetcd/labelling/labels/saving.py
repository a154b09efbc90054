"""Labels for others: a mask, polygons, and a site table that `minenetcd data build` reads."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.files import staged_files
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.tracing import change_polygons
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.geo.raster import RasterWriter
from minenetcd.labelling.labels.marks import CHANGED, NOT_LABELLED

MASK, POLYGONS, SITES = "mask.tif", "labels.gpkg", "sites.csv"
#: As maps of change have them.
_COLOURS = {0: (255, 255, 255, 0), 1: (213, 33, 41, 255)}


def save_labels(folder: Path, mask: NDArray[np.uint8], grid: Grid, dates: tuple[str, str]) -> dict[str, Path]:
    """Write mask (H, W) and what follows from it to `folder`, all together; the files by what they are.

    The mask: 1 changed, 0 unchanged, 255 (its nodata) not labelled. The GeoPackage: a polygon around each group of
    changed pixels, in one layer. The table: one site, with `dates`, the names of both images in `folder`; of a picture,
    which has no place on Earth, there is none.
    """
    names = [MASK, POLYGONS]
    with staged_files(folder, names, optional=[SITES]) as staged:
        with RasterWriter(staged / MASK, grid, dtype=np.uint8, nodata=NOT_LABELLED, colours=_COLOURS) as writer:
            writer.write(mask, Window(0, 0, grid.width, grid.height))
        write_vector(change_polygons(mask, grid, value=CHANGED), staged / POLYGONS)
        if grid.is_georeferenced:
            names.append(SITES)
            _write_table(staged / SITES, folder.resolve().name, dates)
    kinds = ("mask", "polygons", "site table")
    return {kind: folder / name for kind, name in zip(kinds, names, strict=False)}


def _write_table(path: Path, id: str, dates: tuple[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "before", "after", "label"])
        writer.writerow([id, *dates, MASK])
