"""The part of two images that is looked into."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.building.scene_label import open_label
from minenetcd.constants import UNKNOWN
from minenetcd.errors import OptionError, RasterError
from minenetcd.explain.options import ExplainOptions
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.date_files.finding import Image, find_date
from minenetcd.geo.grid import Grid

#: A network that is asked for gradients keeps what it computed, so that a part is explained as a whole. [pixels]
MOST_SIDE = 1024


@dataclass(frozen=True)
class View:
    """One part of both dates: `before`, `after` (H, W, C) as stored, `valid` (H, W), its `grid`.

    `truth` (H, W), where it is known: 0 unchanged, 1 changed, 255 not labelled.
    """

    before: NDArray
    after: NDArray
    valid: NDArray[np.bool_]
    grid: Grid
    window: Window
    truth: NDArray[np.uint8] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.grid.shape


@contextmanager
def open_view(before: Image, after: Image, options: ExplainOptions) -> Iterator[tuple[AlignedPair, View]]:
    """Both images, and their part; raises what `open_pair` and `read_view` raise, before a network is loaded."""
    before, after = (find_date(image, remote=options.remote) for image in (before, after))
    with open_pair(
        before, after, bands=options.bands, bands_after=options.bands_after, gsd=options.gsd, stated=options.stated
    ) as pair:
        yield pair, read_view(pair, window=options.window, truth=options.truth)


def read_view(pair: AlignedPair, *, window: tuple[int, int, int] | None = None, truth: Path | None = None) -> View:
    """The overlap of both dates, or `window`: first column, first row and side [pixels] on the grid of `pair`.

    Raises OptionError where that is more than MOST_SIDE a side, GridError for a window outside the image, RasterError
    where no pixel of it holds data on both dates, DataError for a truth that does not fit.
    """
    part = pair.overlap if window is None else Window(window[0], window[1], window[2], window[2])
    if max(part.width, part.height) > MOST_SIDE:
        raise OptionError(
            f"A part of at most {MOST_SIDE} x {MOST_SIDE} pixels can be explained at once, got {part.height} x "
            f"{part.width}: choose one with --window COL,ROW,SIZE."
        )
    read = pair.read(part)
    if not read.valid.any():
        raise RasterError(
            f"Pixels with data on both dates are needed, columns {part.col_off} to {part.col_off + part.width}, rows "
            f"{part.row_off} to {part.row_off + part.height} hold none: move the window."
        )
    known = None if truth is None else _read_truth(truth, pair.grid, part)
    return View(read.before, read.after, read.valid, read.grid, part, known)


def _read_truth(path: Path, grid: Grid, part: Window) -> NDArray[np.uint8]:
    with open_label(str(path), grid) as label:
        changed, known = label.read(part)
    return np.where(known, changed, UNKNOWN).astype(np.uint8)
