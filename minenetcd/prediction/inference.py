"""A detector run over two dates, tile by tile."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import Progress
from minenetcd.detectors.blending import Blender, Strip
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.tiling import Tile, plan_tiles
from minenetcd.errors import MineNetCDError, RasterError
from minenetcd.geo.align import AlignedPair, Pair
from minenetcd.geo.values import RANGE_SIDE, Limits
from minenetcd.prediction.options import PredictOptions


class Batch(NamedTuple):
    """Tiles with data, and the same filled to squares: before, after (N, S, S, C), valid (N, S, S)."""

    tiles: list[Tile]
    before: NDArray[Any]
    after: NDArray[Any]
    valid: NDArray[np.bool_]
    done: int  # tiles of the plan read so far, empty ones included


def probability_strips(
    detector: ChangeDetector, pair: AlignedPair, options: PredictOptions, progress: Progress
) -> Iterator[Strip]:
    """Probability of change in the overlap of `pair`, from top to bottom; NaN where a date has no data.

    `detector` is ready for inference. Value ranges are taken once a date, from the whole overlap, so that tiles
    agree. The next tiles are read while the detector works. Rows without any data may be left out.
    """
    region = pair.overlap
    side = options.tile or detector.preprocessing.tile
    plan = plan_tiles(region.height, region.width, side, options.overlap)
    limits = scene_limits(detector, pair)
    blender = Blender(region.width, side)
    for batch in read_ahead(_batches(pair, plan, options.batch_size)):
        probability = _probabilities(detector, batch, limits)
        for tile, square, valid in zip(batch.tiles, probability, batch.valid, strict=True):
            yield blender.finish(tile.row)
            blender.feed(tile, tile.crop(square), tile.crop(valid))
        progress(batch.done, len(plan))
    yield blender.finish(region.height)
    progress(len(plan), len(plan))


def scene_limits(detector: ChangeDetector, pair: AlignedPair) -> tuple[Limits, Limits]:
    """The value range of each date over the whole overlap. RasterError where hardly any pixel is valid."""
    small = pair.read_small(RANGE_SIDE)
    if not small.valid.any():
        raise RasterError(
            f"More valid pixels are needed in {pair.before.source} and {pair.after.source}, they share next to none: "
            "crop the images to where both have data."
        )
    return detector.limits(small.before, small.valid), detector.limits(small.after, small.valid)


def read_ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same batches, each read in a second thread while the one before it is worked on."""
    remaining = iter(batches)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, remaining, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, remaining, None)
            yield batch


def _batches(pair: AlignedPair, plan: list[Tile], size: int) -> Iterator[Batch]:
    tiles: list[Tile] = []
    parts: list[Pair] = []
    for number, tile in enumerate(plan, start=1):
        part = pair.read(tile.window(pair.overlap))
        if part.valid.any():
            tiles.append(tile)
            parts.append(part)
        if len(tiles) == size:
            yield _batch(tiles, parts, number)
            tiles, parts = [], []
    if tiles:
        yield _batch(tiles, parts, len(plan))


def _batch(tiles: list[Tile], parts: list[Pair], done: int) -> Batch:
    pairs = list(zip(tiles, parts, strict=True))
    return Batch(
        tiles,
        np.stack([tile.fill(part.before) for tile, part in pairs]),
        np.stack([tile.fill(part.after) for tile, part in pairs]),
        np.stack([tile.fill(part.valid) for tile, part in pairs]),
        done,
    )


def _probabilities(detector: ChangeDetector, batch: Batch, limits: tuple[Limits, Limits]) -> NDArray[np.float32]:
    probability = detector.probabilities(batch.before, batch.after, batch.valid, limits=limits)
    if not np.isfinite(probability[batch.valid]).all():
        raise MineNetCDError(
            f"{detector.name} gave no number for some pixels: its weights are damaged or its precision too low; "
            "load it again, in float32."
        )
    return probability
