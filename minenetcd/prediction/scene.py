"""Two images of a place in, a map of what changed out."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rasterio.windows import Window

from minenetcd.constants import Note, Progress, no_note, no_progress
from minenetcd.detectors.contract import Detector, SceneDetector
from minenetcd.detectors.engines.computed_by import ComputedBy, check_execution
from minenetcd.detectors.engines.low_precision import decided_otherwise, in_words
from minenetcd.errors import FlatBandError, RasterError
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.date_files.finding import Image
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import cache_of, quiet_gdal
from minenetcd.prediction.automatic import Readers, choose_readers
from minenetcd.prediction.costs import FirstTiles, bytes_of_tiles, check_room
from minenetcd.prediction.facts import SceneFacts, gather_facts
from minenetcd.prediction.inference import NOTHING, Done, probability_strips
from minenetcd.prediction.kept.finished_strips import FinishedStrips, Record
from minenetcd.prediction.kept.unfinished import IN_RESULTS, WorkOptions, open_work
from minenetcd.prediction.opening import OpenedScene, open_scene, reads_every_band
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names
from minenetcd.prediction.pair_checks.adjusting import Adjustment, ReadTone, find_adjustment
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.runtime.execution import Execution

if TYPE_CHECKING:
    from minenetcd.prediction.result import ScenePrediction

DEFAULT_OPTIONS = PredictOptions()


def predict_scene(
    detector: Detector | Literal["auto"],
    before: Image,
    after: Image,
    out: str | Path | None = None,
    *,
    options: PredictOptions = DEFAULT_OPTIONS,
    second: Detector | None = None,
    device: str = "auto",
    tmp: str | Path | None = None,
    resume: bool = False,
    progress: Progress = no_progress,
    note: Note = no_note,
) -> "ScenePrediction":
    """Map what changed between two images of one place, of any size.

    `detector`: "auto" chooses the one that fits the images (see `minenetcd.detectors.choice`), and may choose a second
    opinion. `second`: another opinion, in its place. The result lies on the whole grid of `before`, without data
    outside what both images share. It is computed in the memory of one row of tiles, into a hidden folder in `out` (or
    in `tmp`; without both, where this system keeps temporary files), and saved in `out` when given (see
    `ScenePrediction.save`). With `resume` a run that was killed, or interrupted having `resume`, goes on from its
    finished strips, to the same map. `progress` is called with the tiles done and their total, `note` with what a low
    precision costs.
    Raises RasterError or GridError for images that cannot be compared, OptionError for options that do not fit them, or
    where unfinished work was begun with others, OutputError, before computing, where `out` cannot be written, the
    disk has no room, or another run is at work there. CostError, unless the options say `yes`, where an image claims
    more pixels than its file has bytes for, or the first tiles foretell hours.
    """
    every_band = detector == "auto" or reads_every_band(detector)
    with open_scene(before, after, options, every_band=every_band) as scene:
        readers = Readers(detector, second, options) if detector != "auto" else choose_readers(scene, options)
        if second is not None:
            readers = readers._replace(second=second, second_is_asked=True)
        work = WorkOptions(None if tmp is None else Path(tmp), resume)
        return predict_opened(readers, scene, out, work=work, device=device, progress=progress, note=note)


def predict_opened(
    readers: Readers,
    scene: OpenedScene,
    out: str | Path | None = None,
    *,
    work: WorkOptions = IN_RESULTS,
    device: str = "auto",
    progress: Progress = no_progress,
    note: Note = no_note,
) -> "ScenePrediction":
    """`predict_scene` of images that `open_scene` opened with the bands of the options."""
    started = time.perf_counter()
    native, options = scene.native, readers.options
    read_by = [readers.detector] if readers.second is None else [readers.detector, readers.second]
    check_execution(read_by, options.execution, device)
    with ExitStack() as opened:
        names = result_names(native.grid, options) if out is None else scene.check_out(out, options)
        place = opened.enter_context(open_work(readers, scene, out, work, device))
        folder = place.path
        reading = Reading(scene, readers, device, opened, note)
        pair = reading.pair(readers.detector)
        opened.enter_context(cache_of(bytes_of_tiles(pair, options.tile or readers.detector.tile)))
        opened.enter_context(quiet_gdal())  # bounds what GDAL caches of the rasters written, too
        is_float = options.float_probability
        check_room(pair, native, as_float=is_float, work=folder, out=None if out is None else Path(out))
        facts = gather_facts(readers, pair, native)
        rasters = _scene_rasters(folder, facts, names)
        both = readers.second is not None
        share = reading.write(readers.detector, pair, rasters, _half(progress, 0) if both else progress)
        facts = replace(facts, computed_by=replace(facts.computed_by, decided_otherwise=share))
        from minenetcd.prediction.result import find_result  # here: tiles need not wait for polygons and reports

        second, why_no_second = reading.write_second(folder, rasters, _half(progress, 1))
        if why_no_second is not None:
            facts = replace(facts, second=None, why_no_second=why_no_second)
        prediction = find_result(
            rasters, facts, native, place,
            started=started, adjustment=reading.done, second=second, inputs=lambda: scene.inputs,
        )  # fmt: skip
        if out is not None:
            prediction.save(out)
    return prediction


@dataclass(frozen=True)
class Reading:
    """Images that are read by one detector after the other, as `readers` say."""

    scene: OpenedScene
    readers: Readers
    device: str
    opened: ExitStack  # closes what is opened meanwhile
    note: Note
    tones: list[ReadTone] = field(default_factory=list)  # that was taken out for each detector, in their order

    @cached_property
    def adjustment(self) -> Adjustment:
        """What lies between the dates but change."""
        return find_adjustment(self.scene.native, self.readers.options)

    @property
    def done(self) -> Adjustment:
        """The same, and what of it was taken out for each detector."""
        return replace(self.adjustment, read=tuple(self.tones))

    def pair(self, detector: Detector) -> AlignedPair:
        """Both dates as `detector` reads them, without what lies between them but change."""
        bands, bands_after = self.readers.bands(detector)
        pair = self.scene.read_by(detector, bands, bands_after, self.readers.options.gsd, self.opened)
        options = self.readers.options
        if not (options.coregister or options.tone):
            return pair  # it is looked for later: tiles need not wait for it
        pair, tone = self.adjustment.apply(pair, detector.name)
        self.tones.extend([tone] if tone else [])
        return pair

    def write(self, detector: Detector, pair: AlignedPair, rasters: SceneRasters, progress: Progress) -> float | None:
        """What `detector` says of `pair`, as the probability of `rasters`; the share that its precision costs."""
        options = self.readers.options
        try:
            learned = detector.for_scene(SceneSample(pair), self.device, execution=options.execution)
        except FlatBandError as error:
            raise error.with_numbers(pair.before.bands, pair.after.bands) from error
        share = self._told_share(detector, learned, pair)
        analysed = _analysed(rasters, pair)
        progress = progress if options.yes else FirstTiles(progress)
        finished = FinishedStrips(rasters.probability.with_suffix(".strips"), pair.overlap.width, analysed.stored)

        def records() -> Iterator[Record]:
            done = NOTHING
            for record in finished.read():
                yield record
                done = Done(record.end, record.restart)
            yield from finished.kept(probability_strips(detector, learned, pair, options, progress, done))

        _store(records(), pair, self.scene.native, rasters, analysed)
        return share

    def _told_share(self, detector: Detector, learned: SceneDetector, pair: AlignedPair) -> float | None:
        """The share of pixels that a low precision, where it is asked for, decides otherwise; it is told, too."""
        options = self.readers.options
        chosen = options.threshold if detector is self.readers.detector else None
        share = decided_otherwise(
            learned, SceneSample(pair), options.tile or detector.tile, chosen or detector.threshold
        )
        if share is not None:
            self.note(in_words(detector.name, options.precision, share))
        return share

    def write_second(
        self, folder: Path, first: SceneRasters, progress: Progress
    ) -> tuple[SceneRasters | None, str | None]:
        """What the second detector says, if there is one, or why it says nothing where nobody asked for it."""
        second = self.readers.second
        if second is None:
            return None, None
        try:
            rasters = _second_rasters(folder, second, first, self.readers.options.execution)
            self.write(second, self.pair(second), rasters, progress)
        except RasterError as error:  # a band of one value, say, which the first detector does not read
            if self.readers.second_is_asked:
                raise
            del self.tones[1:]  # only the first detector read on
            return None, f"{second.name}: {error}"
        return rasters, None


def _scene_rasters(folder: Path, facts: SceneFacts, names: SavedPrediction) -> SceneRasters:
    stored = StoredProbability(facts.threshold, as_float=facts.options.float_probability)
    return SceneRasters(facts.grid, stored, folder / names.probability, folder / names.raster, facts.tags())


def _second_rasters(folder: Path, detector: Detector, first: SceneRasters, execution: Execution) -> SceneRasters:
    """Where the second opinion is written, beside the `first`."""
    tags = {**first.tags, "MODEL": detector.name, "THRESHOLD": repr(detector.threshold)}
    tags |= ComputedBy.of(detector, execution).tags()
    tags["TRAINED_ON"] = detector.provenance.trained_on_in_words or "nothing"
    return SceneRasters(
        first.grid,
        StoredProbability(detector.threshold),
        folder / "second_probability.tif",
        folder / f"second{first.mask.suffix}",
        tags,
    )


def _half(progress: Progress, number: int) -> Progress:
    """`progress` of the first or the second of two equal parts."""
    return lambda done, of: progress(number * of + done, 2 * of)


def _analysed(rasters: SceneRasters, pair: AlignedPair) -> SceneRasters:
    """`rasters`, or, where `pair` lies on another grid, what is computed there first."""
    if pair.grid == rasters.grid:
        return rasters
    return replace(
        rasters,
        grid=pair.grid,
        stored=replace(rasters.stored, as_float=True),
        probability=rasters.probability.with_name("analysed.tif"),
    )


def _store(
    strips: Iterable[Record], pair: AlignedPair, native: AlignedPair, rasters: SceneRasters, analysed: SceneRasters
) -> None:
    """Write `strips`, which lie in the overlap of `pair`, as the probability of `rasters`, on the grid of `native`."""
    area = pair.overlap
    with analysed.probability_writer() as writer:
        for strip in strips:
            window = Window(area.col_off, area.row_off + strip.row, area.width, len(strip.values))
            writer.write(strip.values, window)
    if analysed is not rasters:
        from minenetcd.prediction.rasters.resampled import resampled_strips  # here: it brings scipy, and few need it

        with rasters.probability_writer() as writer:
            for window, values in resampled_strips(analysed.probability, pair.grid, native):
                writer.write(rasters.stored.encode(values), window)
