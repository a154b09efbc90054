"""A detector run over two dates, tile by tile."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import Progress
from minenetcd.detectors.blending import Blender, Strip
from minenetcd.detectors.contract import Detector, SceneDetector
from minenetcd.detectors.tiling import Tile, plan_tiles
from minenetcd.errors import MineNetCDError
from minenetcd.geo.align import AlignedPair, Pair
from minenetcd.prediction.options import PredictOptions


class Batch(NamedTuple):
    """Tiles with data, and what is read for them, of one size: before, after (N, S, T, C), valid (N, S, T)."""

    tiles: list[Tile]
    before: NDArray[Any]
    after: NDArray[Any]
    valid: NDArray[np.bool_]
    done: int  # tiles of the plan read so far, empty ones included


class Plan(NamedTuple):
    """Which tiles are looked at, how far around them pixels are read, and how many at once."""

    tiles: list[Tile]
    reach: int | None
    batch_size: int


def probability_strips(
    detector: Detector, scene: SceneDetector, pair: AlignedPair, options: PredictOptions, progress: Progress
) -> Iterator[Strip]:
    """Score of change in the overlap of `pair`, from top to bottom; NaN where a date has no data.

    `scene` is what `detector` learned of it. Tiles of a detector with a reach are read that far around, lie side by
    side and fit exactly; those of one without overlap, and are blended. The next tiles are read while the detector
    works. Rows without any data may be left out.
    """
    region = pair.overlap
    side = options.tile or detector.tile
    overlap, batch_size = (options.overlap, options.batch_size) if scene.reach is None else (0.0, 1)
    plan = Plan(plan_tiles(region.height, region.width, side, overlap), scene.reach, batch_size)
    blender = Blender(region.width, side)
    for batch in read_ahead(_batches(pair, plan)):
        scores = _scores(detector, scene, batch)
        for tile, values, valid in zip(batch.tiles, scores, batch.valid, strict=True):
            yield blender.finish(tile.row)
            inside = _inside(tile, plan.reach)
            blender.feed(tile, tile.crop(values[inside]), tile.crop(valid[inside]))
        progress(batch.done, len(plan.tiles))
    yield blender.finish(region.height)
    progress(len(plan.tiles), len(plan.tiles))


def read_ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same batches, each read in a second thread while the one before it is worked on."""
    remaining = iter(batches)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, remaining, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, remaining, None)
            yield batch


def _batches(pair: AlignedPair, plan: Plan) -> Iterator[Batch]:
    tiles: list[Tile] = []
    parts: list[Pair] = []
    for number, tile in enumerate(plan.tiles, start=1):
        part = pair.read(_window(tile, pair.overlap, plan.reach))
        if part.valid[_inside(tile, plan.reach)].any():
            tiles.append(tile)
            parts.append(part)
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
    return Batch(tiles, before, after, stacked(part.valid for part in parts), done)


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


def _scores(detector: Detector, scene: SceneDetector, batch: Batch) -> NDArray[np.float32]:
    """(N, S, T) of a batch."""
    scores = scene.scores((batch.before, batch.after), batch.valid)[:, 0]
    if not np.isfinite(scores[batch.valid]).all():
        raise MineNetCDError(
            f"{detector.name} gave no number for some pixels: its weights are damaged or its precision too low; "
            "load it again, in float32."
        )
    return scores
