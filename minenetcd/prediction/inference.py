"""A detector run over two dates, tile by tile."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import LEAST_SIDE, Progress
from minenetcd.detectors.blending import Blender
from minenetcd.detectors.contract import Detector, SceneDetector
from minenetcd.detectors.tiling import Tile, plan_tiles
from minenetcd.errors import MineNetCDError
from minenetcd.geo.align import AlignedPair, Pair
from minenetcd.prediction.options import PredictOptions

#: What a row of tiles holds at most, where their side is free. [pixels]
MOST_BLENDED = 2**24
#: Tiles that a network reads at once, where nobody says how many: their number, and pixels of all of them.
MOST_AT_ONCE, MOST_PIXELS_AT_ONCE = 8, 2**20
#: Of so many tiles without data one tells how far reading is.
MOST_SILENT = 64

Item = TypeVar("Item")


class Batch(NamedTuple):
    """Tiles with data, and what is read for them, of one size: before, after (N, S, T, C), valid (N, S, T).

    `seen`: where a detector may look: what is valid, and what lies around an area of interest. No tiles: so many more
    were read that have none.
    """

    tiles: list[Tile]
    before: NDArray[Any]
    after: NDArray[Any]
    valid: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    done: int  # tiles of the plan read so far, empty ones included


class Plan(NamedTuple):
    """Which tiles are looked at, how far around them pixels are read, how many at once, and the first to be done."""

    tiles: list[Tile]
    reach: int | None
    batch_size: int
    first: int = 0


class SceneStrip(NamedTuple):
    """A Strip of a scene; what lies below it can be made from the tile `restart` of its plan on."""

    row: int
    values: NDArray[np.float32]
    restart: int


class Done(NamedTuple):
    """What is done already: the rows above `row`; what lies below is made from the tile `restart` on."""

    row: int = 0
    restart: int = 0


NOTHING = Done()


def probability_strips(
    detector: Detector,
    scene: SceneDetector,
    pair: AlignedPair,
    options: PredictOptions,
    progress: Progress,
    done: Done = NOTHING,
) -> Iterator[SceneStrip]:
    """Score of change in the overlap of `pair`, from top to bottom; NaN where a date has no data.

    `scene` is what `detector` learned of it. Tiles of a detector with a reach are read that far around, lie side by
    side and fit exactly; those of one without overlap, and are blended. The next tiles are read while the detector
    works. Rows without any data may be left out, and those that are `done` are: the others come out bit for bit the
    same, as their tiles are read in the same batches. No strip is empty.
    """
    plan = plan_looks(detector, scene, pair.overlap, options, done.restart)
    if done.restart < len(plan.tiles):
        for strip in _blended(detector, scene, pair, plan, progress):
            skipped = max(0, done.row - strip.row)
            if len(strip.values) > skipped:
                yield strip._replace(row=strip.row + skipped, values=strip.values[skipped:])
    progress(len(plan.tiles), len(plan.tiles))


def plan_looks(
    detector: Detector, scene: SceneDetector, region: Window, options: PredictOptions, first: int = 0
) -> Plan:
    """The tiles of `region` that `scene` reads, the first of which are done."""
    side = options.tile or detector.tile
    if scene.reach is not None:  # where tiles lie does not matter
        side = min(side, max(LEAST_SIDE, MOST_BLENDED // region.width))
    overlap, count = (options.overlap, batch_size(options, side)) if scene.reach is None else (0.0, 1)
    return Plan(plan_tiles(region.height, region.width, side, overlap), scene.reach, count, first)


def batch_size(options: PredictOptions, side: int) -> int:
    """How many tiles of so many pixels a side a network reads at once: memory grows with their pixels."""
    return options.batch_size or max(1, min(MOST_AT_ONCE, MOST_PIXELS_AT_ONCE // side**2))


def _blended(
    detector: Detector, scene: SceneDetector, pair: AlignedPair, plan: Plan, progress: Progress
) -> Iterator[SceneStrip]:
    """Strips of the tiles of `plan`, from its first on; in rows that tiles before it reach, they are not whole."""
    ends, begun = [tile.row + tile.height for tile in plan.tiles], [plan.first]
    area = pair.overlap
    blender = Blender(area.width, plan.tiles[0].side, height=area.height, top=plan.tiles[plan.first].row)

    def finished(before: int) -> SceneStrip:
        needed = bisect_right(ends, before)  # the first tile that reaches below
        restart = len(ends) if needed == len(ends) else begun[bisect_right(begun, needed) - 1]
        return SceneStrip(*blender.finish(before), restart)

    for batch in read_ahead(read_batches(pair, plan)):
        if not batch.tiles:
            progress(batch.done, len(plan.tiles))
            continue
        scores = scores_of(detector, scene, batch)
        for tile, values, valid in zip(batch.tiles, scores, batch.valid, strict=True):
            yield finished(tile.row)
            inside = _inside(tile, plan.reach)
            blender.feed(tile, tile.crop(values[inside]), tile.crop(valid[inside]))
        begun.append(batch.done)
        progress(batch.done, len(plan.tiles))
    yield finished(pair.overlap.height)


def read_ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same batches, each read in a second thread while the one before it is worked on."""
    remaining = iter(batches)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, remaining, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, remaining, None)
            yield batch


def write_behind(items: Iterable[Item], write: Callable[[Item], None]) -> None:
    """`write` each of `items` in a second thread while the next one is made; both end before this does.

    What goes wrong in either is raised here. An item that is made is written, also where making the next one fails.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="write-behind") as writer:
        written: Future[None] | None = None
        for item in items:
            if written is not None:
                written.result()
            written = writer.submit(write, item)
        if written is not None:
            written.result()


def read_batches(pair: AlignedPair, plan: Plan) -> Iterator[Batch]:
    """Both dates of the tiles of `plan` that have data, from its first on."""
    tiles: list[Tile] = []
    parts: list[Pair] = []
    for number, tile in enumerate(plan.tiles[plan.first :], start=plan.first + 1):
        part = pair.read(_window(tile, pair.overlap, plan.reach))
        if part.valid[_inside(tile, plan.reach)].any():
            tiles.append(tile)
            parts.append(part)
        elif number % MOST_SILENT == 0:
            yield Batch([], part.before, part.after, part.valid, part.seen, number)
        if len(tiles) == plan.batch_size:
            yield _batch(tiles, parts, plan.reach, number)
            tiles, parts = [], []
    if tiles:
        yield _batch(tiles, parts, plan.reach, len(plan.tiles))


def _batch(tiles: list[Tile], parts: list[Pair], reach: int | None, done: int) -> Batch:
    def stacked(pixels: Iterable[NDArray[Any]]) -> NDArray[Any]:
        whole = zip(tiles, pixels, strict=True)
        return np.stack([tile.fill(part) if reach is None else part for tile, part in whole])

    before, after = stacked(part.before for part in parts), stacked(part.after for part in parts)
    valid, seen = stacked(part.valid for part in parts), stacked(part.seen for part in parts)
    return Batch(tiles, before, after, valid, seen, done)


def _window(tile: Tile, region: Window, reach: int | None) -> Window:
    """The pixels that are read for `tile`: it, and what lies within `reach` of it in the region."""
    reach = reach or 0
    top, left = max(0, tile.row - reach), max(0, tile.col - reach)
    bottom, right = (
        min(end, start + side + reach)
        for end, start, side in ((region.height, tile.row, tile.height), (region.width, tile.col, tile.width))
    )
    return Window(region.col_off + left, region.row_off + top, right - left, bottom - top)


def _inside(tile: Tile, reach: int | None) -> tuple[slice, slice]:
    """Where in what was read for it `tile` lies; everything, as it was filled, without a reach."""
    if reach is None:
        return np.s_[:, :]
    top, left = min(reach, tile.row), min(reach, tile.col)
    return np.s_[top : top + tile.height, left : left + tile.width]


def scores_of(detector: Detector, scene: SceneDetector, batch: Batch) -> NDArray[np.float32]:
    """What `scene` says of a batch: (N, S, T). MineNetCDError where that is no number."""
    scores = scene.scores((batch.before, batch.after), batch.seen)[:, 0]
    if not np.isfinite(scores[batch.valid]).all():
        raise MineNetCDError(
            f"{detector.name} gave no number for some pixels: its weights are damaged or its precision too low; "
            "load it again, in float32."
        )
    return scores
