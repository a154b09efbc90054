"""What an analysis would take, told before it is begun: tiles, time, disk and memory."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from minenetcd.constants import no_note
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.scenes.threshold import spread
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import cache_of
from minenetcd.prediction.automatic import Readers
from minenetcd.prediction.costs import bytes_of_tiles, room_needed
from minenetcd.prediction.inference import Plan, plan_looks, read_batches, scores_of
from minenetcd.prediction.kept.unfinished import IN_RESULTS, WorkOptions
from minenetcd.prediction.opening import OpenedScene
from minenetcd.prediction.scene import Reading, check_cheaply, index_layers

#: So many batches of tiles, spread over the scene, are read and looked at; the first, which prepares, is not timed.
MOST_TRIED = 4
#: Outside of the network, on one core (docs/performance.md, "A scene"): 1.91 s of 2048 x 2048 pixels, of which 0.52 s
#: are learning the scene, which is timed here. [s a pixel]
SECONDS_BESIDE = (1.91 - 0.52) / 2048**2
#: A row of tiles while it is blended: its scores and their weights, twice. [bytes a pixel]
BLENDED = 16


@dataclass(frozen=True)
class Forecast:
    """What mapping a scene would take, as far as some of its tiles tell.

    `detectors`: by whom it would be read. `pixels` (rows, columns): that would be analysed. `tiles`: that would be
    read, by all detectors. `seconds`: of the whole job, were there data everywhere. `disk`: folder -> bytes needed in
    it. `memory`: most bytes of the process. `not_counted`: what else would take time and memory, in words.
    """

    detectors: tuple[str, ...]
    pixels: tuple[int, int]
    tiles: int
    seconds: float
    disk: Mapping[Path, int]
    memory: int
    not_counted: str | None = None


def forecast(
    readers: Readers, scene: OpenedScene, out: str | Path, *, work: WorkOptions = IN_RESULTS, device: str = "auto"
) -> Forecast:
    """Try some tiles of what `predict_opened` would map, with the same arguments; nothing is written.

    Raises what it would raise before its first tile.
    """
    read_by = (readers.detector,) if readers.second is None else (readers.detector, readers.second)
    check_cheaply(readers, scene, device)
    with ExitStack() as opened:
        reading = Reading(scene, readers, device, opened, no_note)
        pairs = [reading.pair(detector) for detector in read_by]
        area, native = pairs[0].overlap, scene.native
        tried = [_tried(reading, *each) for each in zip(read_by, pairs, strict=True)]
        folder = Path(out)
        options, second = readers.options, readers.second is not None
        layers = index_layers(scene, options, folder)
        disk = room_needed(
            pairs[0], native, options, second=second, layers=0 if layers is None else layers.count,
            work=work.tmp or folder, out=folder,
        )  # fmt: skip
        row = max(area.width * plan.tiles[0].side for plan, _ in tried) * BLENDED
        return Forecast(
            tuple(detector.name for detector in read_by),
            (area.height, area.width),
            sum(len(plan.tiles) for plan, _ in tried),
            sum(seconds for _, seconds in tried) + SECONDS_BESIDE * native.grid.height * native.grid.width,
            disk,
            psutil.Process().memory_info().rss + row,
            None if options.clouds is None else f"clouds are found by {options.clouds} first",
        )


def _tried(reading: Reading, detector: Detector, pair: AlignedPair) -> tuple[Plan, float]:
    """The tiles of `pair` that `detector` reads, and what they take with what is learned before them. [s]"""
    options, began = reading.readers.options, perf_counter()
    scene = reading.learned(detector, SceneSample(pair))
    learned = perf_counter() - began
    plan = plan_looks(detector, scene, pair.overlap, options)
    taken: list[float] = []
    with cache_of(bytes_of_tiles(pair, plan.tiles[0].side)):
        for part in _parts(plan):
            began = perf_counter()
            for batch in read_batches(pair, part):
                if batch.tiles:
                    scores_of(detector, scene, batch)
                    taken.append((perf_counter() - began) / len(batch.tiles))
                began = perf_counter()
    return plan, learned + (median(taken[1:] or taken) if taken else 0.0) * len(plan.tiles)


def _parts(plan: Plan) -> Iterator[Plan]:
    """A batch each, from several places of `plan`; from two where it is short, so that one need not prepare."""
    batches = [plan.tiles[first : first + plan.batch_size] for first in range(0, len(plan.tiles), plan.batch_size)]
    chosen = [batches[number] for number in spread(len(batches), MOST_TRIED)]
    for tiles in chosen if len(chosen) > 1 else 2 * chosen:
        yield plan._replace(tiles=tiles)
