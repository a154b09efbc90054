"""A drawn mine as two GeoTIFFs, or pictures, of one place."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.labelling.labels.making import DeskOptions, make_desk
from minenetcd.labelling.segments.options import SegmentOptions
from minenetcd.synthetic import make_scene

SIDE = 160
GRID = utm_grid(SIDE, SIDE, metres=2)

#: As masks have it.
CHANGED, UNCHANGED, NOT_LABELLED = 1, 0, 255


class DrawnPair(NamedTuple):
    before: Path
    after: Path
    truth: NDArray[np.uint8]


def drawn_pair(folder: Path, *, as_pictures: bool = False) -> DrawnPair:
    scene = make_scene(5, size=SIDE, variety="plain")
    ending = "png" if as_pictures else "tif"
    paths = folder / f"2019.{ending}", folder / f"2023.{ending}"
    for path, date in zip(paths, (scene.before, scene.after), strict=True):
        if as_pictures:
            Image.fromarray(date).save(path)
        else:
            write_geotiff(path, date, GRID)
    return DrawnPair(*paths, scene.mask)


def new_desk(folder: Path, pair: DrawnPair, **options: Any) -> Path:
    make_desk(folder, pair.before, pair.after, DeskOptions(segments=SegmentOptions(scales=(10, 20, 40, 80)), **options))
    return folder
