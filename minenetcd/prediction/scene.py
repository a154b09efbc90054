"""Two images of a place in, a map of what changed out."""

import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import Progress, no_progress
from minenetcd.detectors.blending import Strip
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError, OutputError, RasterError, SizeError
from minenetcd.files import check_writable, staged_files
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.grid import Grid
from minenetcd.prediction.areas import Change, StoredScene, find_change, read_window
from minenetcd.prediction.facts import SceneFacts, gather_facts
from minenetcd.prediction.inference import probability_strips
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names, write_results
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.page import write_report
from minenetcd.prediction.report.pictures import date_pictures
from minenetcd.prediction.resampled import resampled_strips
from minenetcd.prediction.stored import StoredProbability

DEFAULT_OPTIONS = PredictOptions()


def predict_scene(
    detector: ChangeDetector,
    before: str | Path,
    after: str | Path,
    out: str | Path | None = None,
    *,
    options: PredictOptions = DEFAULT_OPTIONS,
    device: str = "auto",
    progress: Progress = no_progress,
) -> "ScenePrediction":
    """Map what changed between two images of one place, of any size.

    The result lies on the whole grid of `before`, without data outside what both images share. It is computed into
    a temporary folder, in the memory of one row of tiles, and saved in `out` when given (see
    `ScenePrediction.save`). `progress` is called with the tiles done and their total.
    Raises RasterError or GridError for images that cannot be compared, OptionError for options that do not fit
    them, OutputError, before computing, where `out` cannot be written.
    """
    started = time.perf_counter()
    with ExitStack() as opened:
        pair, native = _open(before, after, options, opened)
        facts = gather_facts(detector, pair, native, options)
        names = result_names(native.grid, float_probability=options.float_probability)
        if out is not None:
            check_writable(out, names)
        folder = Path(tempfile.mkdtemp(prefix="minenetcd-"))
        on_failure = opened.enter_context(ExitStack())
        on_failure.callback(shutil.rmtree, folder, ignore_errors=True)
        scene = _stored_scene(folder, facts, names)
        ready = detector.for_inference(device=device, compile=options.compile)
        _store(probability_strips(ready, pair, options, progress), pair, native, scene)
        change = find_change(scene, min_area_ha=options.min_area_ha)
        _check_analysed(change, facts)
        pictures = date_pictures(native)
        prediction = ScenePrediction(Outcome(scene, change, facts, pictures, time.perf_counter() - started), folder)
        if out is not None:
            prediction.save(out)
        on_failure.pop_all()
    return prediction


class ScenePrediction:
    """What `predict_scene` found; a context manager that ends with removing its temporary files.

    `grid`: the before image's. `polygons`: the changes, largest first, with the columns of change.gpkg. `warnings`:
    reasons to doubt the map, for people. `seconds`: how long it took. `saved`: the files, once saved.
    """

    def __init__(self, outcome: Outcome, folder: Path) -> None:
        self.saved: SavedPrediction | None = None
        self._outcome = outcome
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def grid(self) -> Grid:
        return self._outcome.scene.grid

    @property
    def threshold(self) -> float:
        return self._outcome.facts.threshold

    @property
    def seconds(self) -> float:
        return self._outcome.seconds

    @property
    def warnings(self) -> list[str]:
        return list(self._outcome.facts.warnings)

    @property
    def hectares(self) -> float | None:
        """Changed area on the ellipsoid; None for a picture."""
        return self._outcome.change.hectares

    @property
    def changed_pixels(self) -> int:
        return self._outcome.change.changed_pixels

    @property
    def valid_pixels(self) -> int:
        """Pixels that have data on both dates."""
        return self._outcome.change.valid_pixels

    @property
    def changed_share(self) -> float:
        """Changed of valid pixels, 0 to 1."""
        return self.changed_pixels / self.valid_pixels

    @property
    def polygons(self) -> GeoDataFrame:
        return self._outcome.polygons

    @property
    def probability(self) -> NDArray[np.float32]:
        """The stored probability (H, W), NaN where there is no data; read anew each time."""
        return self._outcome.scene.read_probability(self._whole)

    @property
    def mask(self) -> NDArray[np.uint8]:
        """1 changed, 0 unchanged, 255 no data (H, W); read anew each time."""
        return read_window(self._outcome.scene.mask, self._whole)

    def save(self, out: str | Path, *, truth: NDArray[np.uint8] | None = None) -> SavedPrediction:
        """Write change.tif, probability.tif, change.gpkg and report.html into the folder `out`, all or none.

        Older ones are replaced. Pictures: change.png, probability.png, change.geojson. With `truth` (H, W) of 0, 1
        and 255 (not known) on the grid, the report scores the map. OutputError where `out` cannot be written.
        """
        if truth is not None and truth.shape != self.grid.shape:
            raise SizeError(f"A truth mask of shape {self.grid.shape} is needed, got {truth.shape}: use its own grid.")
        if not self._remove.alive:
            raise OutputError("A prediction is saved before it is closed, this one is closed: predict again.")
        out = Path(out)
        names = result_names(self.grid, float_probability=self._outcome.scene.stored.as_float)
        with staged_files(out, names) as folder:
            write_results(self._outcome.scene, self.polygons, folder, names)
            write_report(folder / names.report, self._outcome, truth=truth)
        self.saved = SavedPrediction(*(out / name for name in names))
        return self.saved

    def close(self) -> None:
        """Remove the temporary files; saved ones stay."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _whole(self) -> Window:
        return Window(0, 0, self.grid.width, self.grid.height)


def _open(
    before: str | Path, after: str | Path, options: PredictOptions, opened: ExitStack
) -> tuple[AlignedPair, AlignedPair]:
    """Both dates as they are analysed, and on the before image's own grid: the same pair without a gsd."""
    bands = {"bands": options.bands, "bands_after": options.bands_after}
    native = opened.enter_context(open_pair(before, after, **bands))
    if options.min_area_ha > 0 and not native.grid.is_georeferenced:
        raise OptionError(
            "A smallest area in hectares (--min-area-ha) needs a georeferenced image, got a picture without CRS: "
            "leave it out, or give GeoTIFFs."
        )
    if options.gsd is None:
        return native, native
    return opened.enter_context(open_pair(before, after, **bands, gsd=options.gsd)), native


def _stored_scene(folder: Path, facts: SceneFacts, names: SavedPrediction) -> StoredScene:
    stored = StoredProbability(facts.threshold, as_float=facts.options.float_probability)
    return StoredScene(facts.grid, stored, folder / names.probability, folder / names.raster, facts.tags())


def _store(strips: Iterable[Strip], pair: AlignedPair, native: AlignedPair, scene: StoredScene) -> None:
    """Write `strips`, which lie in the overlap of `pair`, as the probability of `scene`, on the grid of `native`."""
    analysed = scene
    if pair is not native:
        analysed = replace(
            scene,
            grid=pair.grid,
            stored=replace(scene.stored, as_float=True),
            probability=scene.probability.with_name("analysed.tif"),
        )
    area = pair.overlap
    with analysed.probability_writer() as writer:
        for row, values in strips:
            if len(values):
                window = Window(area.col_off, area.row_off + row, area.width, len(values))
                writer.write(analysed.stored.encode(values), window)
    if analysed is not scene:
        with scene.probability_writer() as writer:
            for window, values in resampled_strips(analysed.probability, pair.grid, native):
                writer.write(scene.stored.encode(values), window)


def _check_analysed(change: Change, facts: SceneFacts) -> None:
    if not change.valid_pixels:
        raise RasterError(
            f"Pixels with data on both dates are needed, {facts.before.source} and {facts.after.source} share none "
            "at this pixel size: choose a smaller gsd."
        )
