"""What an analysis costs, seen before it is paid: sizes that a file only claims, hours, and room on a disk."""

import os
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from math import ceil
from pathlib import Path
from time import perf_counter

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from minenetcd.constants import Progress
from minenetcd.display.words import size
from minenetcd.errors import CostError, OutputError
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.grid import Grid
from minenetcd.geo.source import open_or_explain, quiet_gdal
from minenetcd.prediction.options import PredictOptions

#: Pixels of more bytes than these are a mere claim where the files behind them hold less than a thousandth.
LARGEST_UNASKED = 256 * 2**20
MOST_TIMES = 1_000

#: An analysis that takes longer is asked about. [seconds]
LONGEST_UNASKED = 2 * 3600.0
#: More than any detector reads: what takes hours even so is not begun. [pixels a second]
FASTEST = 20e6
#: How long tiles run until their time says something, and until it is settled. [seconds]
FIRST_TILES, SETTLED = 5.0, 60.0

#: Of what is written of a scene, beside drafts as large as its pixels, compressed. [bytes for a byte of a pixel]
KEPT = 0.2
#: Of a draft of a mask. [bytes a pixel]
MASK = 1
#: Of a layer from which kinds of change are told, compressed, of real images. [bytes a pixel]
KEPT_LAYER = 0.9

#: Rows of a block that reach beyond a row of tiles, and bytes written a pixel (probability and mask), of GDAL's cache.
BLOCK_ROWS, WRITTEN = 512, 5

#: Images of these are read from elsewhere: no file here says how large they are.
_ELSEWHERE = ("WMS", "WMTS", "WCS", "OGCAPI", "STACIT", "STACTA", "GTI")
_in_words = partial(size, exact_below=1e6)
_ADVICE = "cut out a part, choose more metres per pixel (--gsd), or go on (--yes)"


def check_claim(date: DateFiles) -> None:
    """CostError where an image's header claims far more bytes of pixels than the files behind it have.

    A VRT's sources are such files. A GeoTIFF is believed where its blocks lie in it, or are said to be empty.
    """
    with quiet_gdal(), open_or_explain(date.name, date.text) as dataset:
        claimed = _bytes_of_pixels(dataset)
        if claimed <= LARGEST_UNASKED:
            return
        behind = _bytes_of_files(dataset, date.local)
        if behind is None or claimed <= MOST_TIMES * behind:
            return
        believed = _bytes_believed(dataset, date.local, set())
    if claimed > MOST_TIMES * believed:
        raise CostError(
            f"An image with pixels is needed, {date} claims {_in_words(claimed)} of them in files of "
            f"{_in_words(behind)}: check it, or go on (--yes)."
        )


def check_extent(pair: AlignedPair) -> None:
    """CostError where so many pixels take hours, whoever reads them."""
    area = pair.overlap
    seconds = area.height * area.width / FASTEST
    if seconds > LONGEST_UNASKED:
        raise CostError(
            f"An analysis is to end within {_hours(LONGEST_UNASKED)}, that of {area.height:,} x {area.width:,} pixels "
            f"takes more than {_hours(seconds)}: {_ADVICE}."
        )


def room_needed(
    pair: AlignedPair,
    native: AlignedPair,
    options: PredictOptions,
    *,
    second: bool,
    layers: int = 0,
    work: Path,
    out: Path | None,
) -> dict[Path, int]:
    """What is written of `pair`, at most at one time, in the folder `work` and then in `out`. [bytes]

    The rasters are drafts without compression first: probability and mask on the grid of `native`, those of a `second`
    opinion beside the mask of the first, and then so many `layers` of 8 bits; or the probability on that of `pair`, as
    float32. Masks of clouds stay beside them.
    """
    as_float = options.float_probability
    at_once = max(MASK + (4 if as_float else 1), MASK + MASK + 1 if second else 0, MASK + layers)
    drafts = [_pixels(native.grid.shape) * at_once]
    drafts += [] if pair.grid == native.grid else [_pixels(pair.grid.shape) * 4]
    a_pixel = KEPT * (4 if as_float else 1) + KEPT_LAYER * layers
    kept = round(a_pixel * _pixels((pair.overlap.height, pair.overlap.width)))
    needed = {work: max(drafts) + kept}
    if options.clouds is not None:  # a draft of their mask is no more than the later ones
        needed[work] += 2 * round(KEPT * MASK * _pixels((native.overlap.height, native.overlap.width)))
    if out is not None:
        out = _existing(out)
        beside = work if out.stat().st_dev == _existing(work).stat().st_dev else out
        needed[beside] = needed.get(beside, 0) + kept
    return needed


def check_room(needed: Mapping[Path, int], work: Path) -> None:
    """OutputError where a disk cannot hold what is `needed` in its folders; `work` is a hidden one of them."""
    for folder, count in needed.items():
        free = shutil.disk_usage(folder).free
        if count > free:
            place = folder if folder != work else folder.parent
            raise OutputError(
                f"About {_in_words(count)} are needed in {place}, {_in_words(free)} are free: make room, or name "
                "another folder (--out, --tmp)."
            )


def _existing(folder: Path) -> Path:
    """`folder`, or the next above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def bytes_of_tiles(pair: AlignedPair, tile: int) -> int:
    """Of what both files hold under one row of tiles of so many pixels a side, and of what is written of it.

    A cache of less reads every block once for each tile, where blocks are as wide as the image.
    """
    size = pair.grid.width * tile * WRITTEN
    for date in (pair.before, pair.after):
        bands = max(len(date.bands), len(date.said.bands))
        rows = ceil(tile * _pixels_in_one(date.grid, pair.grid))
        size += date.grid.width * (rows + BLOCK_ROWS) * bands * date.dtype.itemsize
    return size


class FirstTiles:
    """Progress of an analysis that ends it, with CostError, where its first tiles foretell hours."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began: tuple[float, int] | None = None  # when, with so many tiles done; the first wait for much else
        self._is_settled = False

    def __call__(self, done: int, of: int) -> None:
        self._progress(done, of)
        now = perf_counter()
        if self._began is None:
            self._began = now, done
            return
        began, before = self._began
        if self._is_settled or now - began < FIRST_TILES:
            return
        self._is_settled = now - began > SETTLED
        seconds = (now - began) / max(1, done - before) * (of - before)
        if seconds > LONGEST_UNASKED:
            raise CostError(
                f"An analysis is to end within {_hours(LONGEST_UNASKED)}, the first of {of:,} tiles foretell about "
                f"{_hours(seconds)}: {_ADVICE}."
            )


def _pixels_in_one(grid: Grid, of: Grid) -> float:
    """How many rows of `grid` lie in one of the grid `of`."""
    if grid.is_georeferenced and of.is_georeferenced:
        return of.metres_per_pixel[1] / grid.metres_per_pixel[1]
    return grid.height / of.height


def _bytes_of_pixels(dataset: DatasetReader) -> int:
    each: int = sum(8 if name.startswith("complex") else np.dtype(name).itemsize for name in dataset.dtypes)
    return int(dataset.width) * int(dataset.height) * each


def _bytes_of_files(dataset: DatasetReader, local: Iterable[Path]) -> int | None:
    """Of all that lie here; None where one does not, or nobody says which they are."""
    files = {os.path.realpath(path) for path in (*dataset.files, *local) if os.path.exists(path)}
    is_elsewhere = any(name.startswith("/vsi") for name in dataset.files) and not local
    if not files or is_elsewhere or dataset.driver in _ELSEWHERE:
        return None
    return sum(_size_of(Path(path)) for path in files)


def _bytes_believed(dataset: DatasetReader, local: Iterable[Path], seen: set[str]) -> float:
    """As `_bytes_of_files`, but of a GeoTIFF that can be believed its pixels; infinite where nobody says."""
    if dataset.driver == "GTiff" and _holds_its_blocks(dataset):
        return _bytes_of_pixels(dataset)
    if dataset.driver != "VRT":
        size = _bytes_of_files(dataset, local)
        return float("inf") if size is None else size
    seen.add(dataset.name)
    return sum(_believed_of(name, seen) for name in dataset.files if name not in seen)


def _believed_of(name: str, seen: set[str]) -> float:
    """Of the source `name` of a VRT."""
    seen.add(name)
    try:
        with rasterio.open(name) as source:
            return _bytes_believed(source, (), seen)
    except RasterioError:
        return 0  # whoever reads it says why it cannot be


def _holds_its_blocks(dataset: DatasetReader) -> bool:
    """Whether the first, the middle and the last block of each side lie in the file, or are said to be empty."""
    try:
        end = os.path.getsize(dataset.files[0])
    except OSError:  # in an archive
        return False
    height, width = dataset.block_shapes[0]
    rows, cols = -(-dataset.height // height), -(-dataset.width // width)
    for row, col in {(row, col) for row in (0, rows // 2, rows - 1) for col in (0, cols // 2, cols - 1)}:
        offset, size = (
            dataset.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE")
        )
        if offset is not None and int(offset) + int(size or 0) > end:
            return False
    return True


def _size_of(path: Path) -> int:
    """A file's, or, of a folder, of all in it. [bytes]"""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _pixels(shape: tuple[int, int]) -> int:
    return shape[0] * shape[1]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.0f} hours"
