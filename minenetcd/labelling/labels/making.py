"""A new desk: both dates laid on one grid, and cut into segments."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import Progress, no_progress
from minenetcd.errors import CostError
from minenetcd.files import staged_files, write_json
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.date_files.finding import DateFiles, Image
from minenetcd.geo.date_files.read_files import ReadFile
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.shift import find_shift
from minenetcd.geo.values import Limits, sample_pixels
from minenetcd.labelling.segments.options import SegmentOptions
from minenetcd.labelling.segments.segmentation import segment, stacked, stretch_of
from minenetcd.prediction.opening import OpenedScene, open_scene
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.where.places import NO_PLACES
from minenetcd.secrets import without_secrets

BEFORE, AFTER, SEGMENTS, FACTS = "before.tif", "after.tif", "segments.npz", "desk.json"
FORMAT = 1

#: Pixels that are segmented unasked: docs/performance.md says how much memory one takes.
MOST_PIXELS = 40_000_000


@dataclass(frozen=True)
class DeskOptions:
    """How a pair is laid out: as `predict` reads it, `images` say how, and cut by `segments`."""

    images: PredictOptions = field(default_factory=PredictOptions)
    segments: SegmentOptions = field(default_factory=SegmentOptions)


def make_desk(
    folder: Path, before: Image, after: Image, options: DeskOptions, progress: Progress = no_progress
) -> None:
    """Lay out a pair in `folder`: the part that both dates show, all bands that both have, colours first.

    RasterError and GridError for images that are no pair, CostError for more than MOST_PIXELS, unless the options say
    yes; OptionError without numba.
    """
    with open_scene(before, after, options.images, every_band=True) as scene, ExitStack() as opened:
        stretch = _stretch(scene)
        pair = scene.native
        if options.images.coregister:
            pair = opened.enter_context(pair.adjusted(shift=find_shift(pair)))
        _check_size(pair, options.images)
        part = pair.read(pair.overlap)
        origin = int(pair.overlap.row_off), int(pair.overlap.col_off)
        facts = {
            "format": FORMAT,
            "before": {**_where_from(scene.before), "date": pair.before.date},
            "after": {**_where_from(scene.after), "date": pair.after.date},
            "origin": origin,
        }
        levels, valid = stacked([part.before, part.after], part.valid, stretch)
        hierarchy = segment(levels, valid, options.segments, origin=origin, progress=progress)
        del levels
        with staged_files(folder, [FACTS, BEFORE, AFTER, SEGMENTS]) as staged:
            for name, date in ((BEFORE, part.before), (AFTER, part.after)):
                _write_date(staged / name, date, valid, part.grid)
            hierarchy.save(staged / SEGMENTS)
            write_json(staged / FACTS, facts)


def _where_from(image: DateFiles) -> dict[str, Any]:
    """The image as it is found from any folder, and the files of which it is, with their checksums."""
    names = [image.text] if os.path.isfile(image.text) else [*map(str, image.local)]
    read = [ReadFile.of(os.path.abspath(name)) for name in names]
    return {
        "source": os.path.abspath(image.text) if os.path.exists(image.text) else without_secrets(image.text),
        "files": [{"name": file.name, "sha256": file.sha256} for file in read],
    }


def _stretch(scene: OpenedScene) -> list[Limits]:
    """Of both dates, from all that they show: an area of interest has the segments of the whole."""
    native = scene.native
    if not native.limits.are_any:
        return stretch_of(sample_pixels(SceneSample(native)))
    with replace(scene, places=NO_PLACES).reopened(native.before.bands, native.after.bands) as whole:
        return stretch_of(sample_pixels(SceneSample(whole)))


def _check_size(pair: AlignedPair, options: PredictOptions) -> None:
    pixels = int(pair.overlap.height * pair.overlap.width)
    if pixels > MOST_PIXELS and not options.yes:
        raise CostError(
            f"Up to {MOST_PIXELS:,} pixels are cut into segments unasked, both images share {pixels:,}, which takes "
            f"about {pixels * 0.25e-6:.0f} GB of memory: name an area of interest (--aoi FILE), or go on (--yes)."
        )


def _write_date(path: Path, date: NDArray[Any], valid: NDArray[np.bool_], grid: Grid) -> None:
    """Pixels as they are; where some are missing, one number means that, and pixels of that number get the next."""
    nodata: float | None = None
    if not valid.all():
        if np.issubdtype(date.dtype, np.floating):
            nodata, date = np.nan, np.where(valid[..., np.newaxis], date, np.nan).astype(date.dtype)
        else:
            nodata = int(np.iinfo(date.dtype).min)
            date = np.where(valid[..., np.newaxis], np.maximum(date, nodata + 1), nodata).astype(date.dtype)
    with RasterWriter(path, grid, dtype=date.dtype, nodata=nodata, bands=date.shape[-1]) as writer:
        writer.write(date, Window(0, 0, grid.width, grid.height))
