"""Two images of a place in, a map of what changed out."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import Note, Progress, no_note, no_progress
from minenetcd.detectors.contract import Detector, SceneDetector
from minenetcd.detectors.engines.computed_by import ComputedBy, check_execution
from minenetcd.detectors.engines.low_precision import decided_otherwise, in_words
from minenetcd.detectors.scenes.symmetries import InSymmetries
from minenetcd.errors import FlatBandError, RasterError
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.date_files.finding import Image
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import cache_of, quiet_gdal
from minenetcd.prediction.automatic import Readers, choose_readers
from minenetcd.prediction.costs import FirstTiles, bytes_of_tiles, check_room, room_needed
from minenetcd.prediction.facts import SceneFacts, gather_facts
from minenetcd.prediction.inference import NOTHING, Done, SceneStrip, probability_strips, write_behind
from minenetcd.prediction.kept.finished_strips import FinishedStrips
from minenetcd.prediction.kept.unfinished import IN_RESULTS, WorkOptions, open_work
from minenetcd.prediction.kinds.layers import LAYERS, IndexLayers
from minenetcd.prediction.opening import OpenedScene, open_scene, reads_every_band
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names
from minenetcd.prediction.pair_checks.adjusting import Adjustment, ReadTone, find_adjustment
from minenetcd.prediction.rasters.one_pass import ScenePass, SecondOpinion
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, WholeStrips, WriteStrip
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.where.isolated import check_higher_thresholds
from minenetcd.runtime.execution import Execution
from minenetcd.runtime.memory import give_back_freed

if TYPE_CHECKING:
    from minenetcd.prediction.kinds.measuring import IndexPass
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
    check_cheaply(readers, scene, device)
    with ExitStack() as opened:
        names = result_names(native.grid, options) if out is None else scene.check_out(out, options)
        place = opened.enter_context(open_work(readers, scene, out, work, device))
        folder = place.path
        layers = index_layers(scene, options, folder)
        _check_room(readers, scene, layers, folder, None if out is None else Path(out))  # before anything takes long
        scene = scene.without_clouds(options.clouds, folder, device, opened)
        native = scene.native
        reading = Reading(scene, readers, device, opened, note)
        pair = reading.pair(readers.detector)
        opened.enter_context(cache_of(bytes_of_tiles(pair, options.tile or readers.detector.tile)))
        opened.enter_context(quiet_gdal())  # bounds what GDAL caches of the rasters written, too
        both = readers.second is not None
        facts = replace(gather_facts(readers, pair, native), where=scene.places.told)
        if layers is not None:
            facts = replace(facts, indices=layers.indices)
        rasters = _scene_rasters(folder, facts, names)
        with ScenePass(rasters) as scene_pass:
            share = reading.write(
                readers.detector, pair, rasters, scene_pass.add, _half(progress, 0) if both else progress
            )
            facts = replace(facts, computed_by=replace(facts.computed_by, decided_otherwise=share))
            second, why_no_second = reading.write_second(folder, scene_pass, _half(progress, 1))
            if why_no_second is not None:
                facts = replace(facts, second=None, why_no_second=why_no_second)
            from minenetcd.prediction.result import find_result, measured  # here: tiles need not wait for reports

            kinds = None if layers is None else reading.measure(layers, scene_pass)
            give_back_freed()  # tiles came and went; polygons are to come
            change = measured(scene_pass, facts, second, kinds, scene.places.known)
        give_back_freed()
        prediction = find_result(
            rasters, change, facts, reading.sample, place, started=started, adjustment=reading.done,
            second=None if second is None else second.rasters, layers=layers, known=scene.places.known,
            inputs=lambda: scene.inputs,
        )  # fmt: skip
        if out is not None:
            prediction.save(out)
    return prediction


def check_cheaply(readers: Readers, scene: OpenedScene, device: str) -> None:
    """Refuse, before anything takes long, what `readers` and their options say that cannot be done with `scene`.

    OptionError for an engine or a device, thresholds, and a library that finds clouds.
    """
    detector, options = readers.detector, readers.options
    check_execution([detector] if readers.second is None else [detector, readers.second], options.execution, device)
    check_higher_thresholds(options, detector.threshold if options.threshold is None else options.threshold)
    scene.check_clouds(options.clouds)


def index_layers(scene: OpenedScene, options: PredictOptions, folder: Path) -> IndexLayers | None:
    """Where in `folder` is written what kinds of change are told from; None where nobody asks for them."""
    if not options.kind:
        return None
    indices, _ = scene.index_bands()
    return IndexLayers(folder / LAYERS, scene.native.grid, indices)


def _check_room(readers: Readers, scene: OpenedScene, layers: IndexLayers | None, work: Path, out: Path | None) -> None:
    """OutputError where `work`, and then `out`, have no room for what is written of `scene`, with `layers`."""
    detector, options, second = readers.detector, readers.options, readers.second is not None
    count = 0 if layers is None else layers.count
    with ExitStack() as opened:
        pair = scene.read_by(detector, *readers.bands(detector), options.gsd, opened)
        check_room(room_needed(pair, scene.native, options, second=second, layers=count, work=work, out=out), work)


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
    def sample(self) -> SceneSample:
        """Of the dates as they are."""
        return SceneSample(self.scene.native)

    @cached_property
    def adjustment(self) -> Adjustment:
        """What lies between the dates but change."""
        return find_adjustment(self.sample, self.readers.options)

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

    def write(
        self, detector: Detector, pair: AlignedPair, rasters: SceneRasters, also: WriteStrip, progress: Progress
    ) -> float | None:
        """What `detector` says of `pair`, as the probability of `rasters`; the share that its precision costs.

        Each strip of it, as it is stored, goes through `also`, too.
        """
        options = self.readers.options
        sample = self.sample if pair is self.scene.native else SceneSample(pair)
        learned = self.learned(detector, sample)
        share = self._told_share(detector, learned, sample)
        analysed = _analysed(rasters, pair)
        kept = FinishedStrips(rasters.probability.with_suffix(".strips"), pair.overlap.width, analysed.stored)
        progress = progress if options.yes else FirstTiles(progress)
        made = partial(probability_strips, detector, learned, pair, options, progress)
        if analysed is rasters:
            with _probability_writer(rasters, also) as write:
                _store(made, kept, WholeStrips(rasters.grid, pair.overlap, rasters.stored, write))
            return share
        with _probability_writer(analysed) as write:
            _store(made, kept, WholeStrips(pair.grid, pair.overlap, analysed.stored, write))
        from minenetcd.prediction.rasters.resampled import resampled_strips  # here: it brings scipy, and few need it

        with _probability_writer(rasters, also) as write:
            for window, values in resampled_strips(analysed.probability, pair.grid, self.scene.native):
                write(window, rasters.stored.encode(values))
        return share

    def learned(self, detector: Detector, sample: SceneSample) -> SceneDetector:
        """What `detector` learns of the scene; in its symmetries, where that is asked for and can change anything."""
        options = self.readers.options
        try:
            scene = detector.for_scene(sample, self.device, execution=options.execution)
        except FlatBandError as error:
            raise error.with_numbers(sample.pair.before.bands, sample.pair.after.bands) from error
        return InSymmetries(scene) if options.symmetries and scene.reach is None else scene

    def _told_share(self, detector: Detector, learned: SceneDetector, sample: SceneSample) -> float | None:
        """The share of pixels that a low precision, where it is asked for, decides otherwise; it is told, too."""
        options = self.readers.options
        chosen = options.threshold if detector is self.readers.detector else None
        share = decided_otherwise(learned, sample, options.tile or detector.tile, chosen or detector.threshold)
        if share is not None:
            self.note(in_words(detector.name, options.precision, share))
        return share

    def write_second(
        self, folder: Path, first: ScenePass, progress: Progress
    ) -> tuple[SecondOpinion | None, str | None]:
        """What the second detector says, if there is one, or why it says nothing where nobody asked for it."""
        second = self.readers.second
        if second is None:
            return None, None
        try:
            rasters = _second_rasters(folder, second, first.scene, self.readers.options.execution)
            opinion = SecondOpinion(rasters, first)
            with rasters.mask_writer() as writer:

                def add(window: Window, stored: NDArray[Any]) -> None:
                    mask = rasters.stored.mask(stored)
                    writer.write(mask, window)
                    opinion.compare(window, mask)

                self.write(second, self.pair(second), rasters, add, progress)
        except RasterError as error:  # a band of one value, say, which the first detector does not read
            if self.readers.second_is_asked:
                raise
            del self.tones[1:]  # only the first detector read on
            return None, f"{second.name}: {error}"
        return opinion, None

    def measure(self, layers: IndexLayers, first: ScenePass) -> "IndexPass":
        """Write `layers`, of both dates where detectors see them and in their own tone; sums by the mask of `first`."""
        from minenetcd.prediction.kinds.measuring import IndexPass  # here: tiles need not wait for polygons

        _, bands = self.scene.index_bands()
        pair = self.opened.enter_context(self.scene.reopened(*bands))
        if self.readers.options.coregister and self.adjustment.moves:
            pair = pair.adjusted(shift=self.adjustment.shift)
        kinds = IndexPass(layers, first)
        kinds.add(layers.write(pair))
        return kinds


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


@contextmanager
def _probability_writer(rasters: SceneRasters, also: WriteStrip | None = None) -> Iterator[WriteStrip]:
    """Writes strips of the probability of `rasters`; each goes through `also`, too."""
    with rasters.probability_writer() as writer:

        def write(window: Window, stored: NDArray[Any]) -> None:
            writer.write(stored, window)
            if also is not None:
                also(window, stored)

        yield write


def _store(made: Callable[[Done], Iterator[SceneStrip]], kept: FinishedStrips, whole: WholeStrips) -> None:
    """Hand on all strips of a scene: those that are kept, and those that are then made, which are kept meanwhile."""

    def write(strip: SceneStrip) -> None:
        whole.add(strip.row, kept.keep(strip).values)

    done = NOTHING
    for record in kept.read():
        whole.add(record.row, record.values)
        done = Done(record.end, record.restart)
    write_behind(made(done), write)
    whole.finish()
