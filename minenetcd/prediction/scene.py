"""Two images of a place in, a map of what changed out."""

import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rasterio.windows import Window

from minenetcd.constants import Progress, no_progress
from minenetcd.detectors.blending import Strip
from minenetcd.detectors.contract import Detector
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.facts import SceneFacts, gather_facts
from minenetcd.prediction.inference import probability_strips
from minenetcd.prediction.opening import OpenedScene, open_scene
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names
from minenetcd.prediction.rasters import SceneRasters
from minenetcd.prediction.stored import StoredProbability

if TYPE_CHECKING:
    from minenetcd.prediction.result import ScenePrediction

DEFAULT_OPTIONS = PredictOptions()


def predict_scene(
    detector: Detector,
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
    with open_scene(before, after, options, every_band=detector.bands is None) as scene:
        return predict_opened(detector, scene, out, options=options, device=device, progress=progress)


def predict_opened(
    detector: Detector,
    scene: OpenedScene,
    out: str | Path | None = None,
    *,
    options: PredictOptions = DEFAULT_OPTIONS,
    device: str = "auto",
    progress: Progress = no_progress,
) -> "ScenePrediction":
    """`predict_scene` of images that `open_scene` opened with the bands of `options`."""
    started = time.perf_counter()
    with ExitStack() as opened:
        native, pair = scene.native, scene.analysed(options, opened)
        facts = gather_facts(detector, pair, native, options)
        names = result_names(native.grid, options) if out is None else scene.check_out(out, options)
        folder = Path(tempfile.mkdtemp(prefix="minenetcd-"))
        on_failure = opened.enter_context(ExitStack())
        on_failure.callback(shutil.rmtree, folder, ignore_errors=True)
        rasters = _scene_rasters(folder, facts, names)
        learned = detector.for_scene(SceneSample(pair), device, compile=options.compile)
        _store(probability_strips(detector, learned, pair, options, progress), pair, native, rasters)
        from minenetcd.prediction.result import find_result  # here: tiles need not wait for polygons and reports

        prediction = find_result(rasters, facts, native, folder, started=started)
        if out is not None:
            prediction.save(out)
        on_failure.pop_all()
    return prediction


def _scene_rasters(folder: Path, facts: SceneFacts, names: SavedPrediction) -> SceneRasters:
    stored = StoredProbability(facts.threshold, as_float=facts.options.float_probability)
    return SceneRasters(facts.grid, stored, folder / names.probability, folder / names.raster, facts.tags())


def _store(strips: Iterable[Strip], pair: AlignedPair, native: AlignedPair, rasters: SceneRasters) -> None:
    """Write `strips`, which lie in the overlap of `pair`, as the probability of `rasters`, on the grid of `native`."""
    analysed = rasters
    if pair is not native:
        analysed = replace(
            rasters,
            grid=pair.grid,
            stored=replace(rasters.stored, as_float=True),
            probability=rasters.probability.with_name("analysed.tif"),
        )
    area = pair.overlap
    with analysed.probability_writer() as writer:
        for row, values in strips:
            if len(values):
                window = Window(area.col_off, area.row_off + row, area.width, len(values))
                writer.write(analysed.stored.encode(values), window)
    if analysed is not rasters:
        from minenetcd.prediction.resampled import resampled_strips  # here: it brings scipy, and few need it

        with rasters.probability_writer() as writer:
            for window, values in resampled_strips(analysed.probability, pair.grid, native):
                writer.write(rasters.stored.encode(values), window)
