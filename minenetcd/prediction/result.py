"""What a prediction found: mask, polygons, hectares, a report."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.errors import OutputError, RasterError, SizeError
from minenetcd.files import staged_files
from minenetcd.geo.date_files.read_files import ReadPair
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.given_verdicts import refuse_to_lose_verdicts
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.areas import Change, find_change
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.formats.pdf import page_as_pdf
from minenetcd.prediction.formats.summary import write_summary
from minenetcd.prediction.formats.writing import write_formats, write_usual
from minenetcd.prediction.kept.details import write_details
from minenetcd.prediction.kept.unfinished import Work
from minenetcd.prediction.kinds.found import KindsFound
from minenetcd.prediction.kinds.layers import IndexLayers
from minenetcd.prediction.kinds.measuring import IndexPass
from minenetcd.prediction.outputs import SHEET_FILES, WRITERS, SavedPrediction, file_of, result_names
from minenetcd.prediction.pair_checks.adjusting import Adjustment
from minenetcd.prediction.pair_checks.findings import PairFindings, with_findings
from minenetcd.prediction.rasters.one_pass import ScenePass, SecondOpinion
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_window
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.page import write_report
from minenetcd.prediction.report.pictures import DatePictures, date_pictures
from minenetcd.prediction.report.sheet_pictures import NO_SHEETS, SheetPictures
from minenetcd.prediction.report.sheets import write_sheets
from minenetcd.prediction.where.found import WhereFound
from minenetcd.prediction.where.places import NOTHING_KNOWN, KnownPlaces

#: Says what a result was made of, when that is asked for.
Inputs = Callable[[], ReadPair | None]


def find_result(
    scene: SceneRasters,
    change: Change,
    facts: SceneFacts,
    sample: SceneSample,
    work: Work,
    *,
    started: float,
    adjustment: Adjustment,
    second: SceneRasters | None = None,
    layers: IndexLayers | None = None,
    known: KnownPlaces = NOTHING_KNOWN,
    inputs: Inputs,
) -> "ScenePrediction":
    """The result of a scene whose `change` is measured, with that of a `second` opinion; all files lie in `work`.

    `sample` is one of the images as they are; `started`: the clock when they were opened; `adjustment`: what lies
    between them; `inputs` is asked when it is saved.
    """
    findings = PairFindings.of(sample, adjustment, feels_tone=facts.feels_tone)
    pictures = date_pictures(sample.pair)
    sheets = _sheets(sample, change, facts, pictures, adjustment)
    return finished(
        scene, change, facts, findings, pictures, work,
        started=started, second=second, layers=layers, known=known, sheets=sheets, inputs=inputs,
    )  # fmt: skip


def _sheets(
    sample: SceneSample, change: Change, facts: SceneFacts, pictures: DatePictures, adjustment: Adjustment
) -> SheetPictures:
    """What the sheets show, where the options ask for them: read now, while the images are open."""
    if not facts.options.sheets or pictures.stretch is None:
        return NO_SHEETS
    pair = sample.pair.adjusted(shift=adjustment.shift) if adjustment.moves else sample.pair
    return SheetPictures.of(pair, change.polygons.head(facts.options.sheets), pictures.stretch, moved=adjustment.moves)


def measured(
    scene: ScenePass,
    facts: SceneFacts,
    second: SecondOpinion | None,
    kinds: IndexPass | None = None,
    known: KnownPlaces = NOTHING_KNOWN,
) -> Change:
    """What changed in a scene all of whose strips are written. RasterError where no pixel had data on both dates."""
    change = find_change(scene, facts.options, known=known, second=second, kinds=kinds)
    _check_analysed(change, facts)
    return change


def finished(
    scene: SceneRasters,
    change: Change,
    facts: SceneFacts,
    findings: PairFindings,
    pictures: DatePictures,
    work: Work,
    *,
    started: float,
    second: SceneRasters | None,
    layers: IndexLayers | None = None,
    known: KnownPlaces = NOTHING_KNOWN,
    sheets: SheetPictures = NO_SHEETS,
    inputs: Inputs,
) -> "ScenePrediction":
    """The result of a scene whose `change` is measured."""
    share = change.changed_pixels / change.valid_pixels
    facts = with_findings(facts, findings, changed_share=share, agreement=change.agreement)
    seconds = time.perf_counter() - started
    began = datetime.now(UTC) - timedelta(seconds=seconds)
    outcome = Outcome(scene, change, facts, pictures, findings, seconds, began, second, layers, known, sheets)
    return ScenePrediction(outcome, work, inputs)


class ScenePrediction:
    """What `predict_scene` found; a context manager that ends with removing its temporary files.

    `grid`: the before image's. `polygons`: the changes, largest first, with the columns of change.gpkg. `warnings`:
    reasons to doubt the map, for people. `seconds`: how long it took. `saved`: the files, once saved.
    """

    def __init__(self, outcome: Outcome, work: Work, inputs: Inputs) -> None:
        self.saved: SavedPrediction | None = None
        self._outcome, self._work, self._inputs = outcome, work, inputs

    @cached_property
    def inputs(self) -> ReadPair | None:
        """The files it was made of, with their checksums; None where an earlier version did not keep them."""
        return self._inputs()

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
    def facts(self) -> SceneFacts:
        """Where it comes from: images, detector, options, what to doubt."""
        return self._outcome.facts

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
    def agreement(self) -> float | None:
        """The share of what changed that the second opinion calls changed, too; None without one, or where none did."""
        return self._outcome.agreement

    @property
    def second_share(self) -> float | None:
        """Changed of valid pixels, 0 to 1, by the second opinion; None without one."""
        return self._outcome.change.second_share

    @property
    def second_in_words(self) -> str | None:
        """What the second opinion says, as a sentence; None without one."""
        return self._outcome.second_in_words

    @property
    def unsure_in_words(self) -> str | None:
        """How many changes a seed threshold left out; None where none did."""
        return self._outcome.unsure_in_words

    @property
    def about_nothing(self) -> str:
        """What it means that no change was found, as a sentence."""
        return self._outcome.about_nothing

    @property
    def polygons(self) -> GeoDataFrame:
        return self._outcome.polygons

    @property
    def where(self) -> WhereFound:
        """Change by concession, and what was left out far from known mines; nothing of what nobody asked for."""
        return self._outcome.change.where

    @property
    def kinds(self) -> KindsFound | None:
        """How much of which kind of change; None where nobody asked for it."""
        return self._outcome.change.kinds

    @property
    def probability(self) -> NDArray[np.float32]:
        """The stored probability (H, W), NaN where there is no data; read anew each time."""
        return self._outcome.scene.read_probability(self._whole)

    @property
    def mask(self) -> NDArray[np.uint8]:
        """1 changed, 0 unchanged, 255 no data (H, W); read anew each time."""
        return read_window(self._outcome.scene.mask, self._whole)

    def save(self, out: str | Path, *, truth: NDArray[np.uint8] | None = None) -> SavedPrediction:
        """Write the files of `SavedPrediction` into `out`, all or none.

        Older ones are replaced. What the options ask for also stands beside them; an older file of a format that they
        do not ask for is removed. With `truth` (H, W) of 0, 1 and 255 (not known) on the grid, the report scores the
        map. OutputError where `out` cannot be written.
        """
        if truth is not None and truth.shape != self.grid.shape:
            raise SizeError(f"A truth mask of shape {self.grid.shape} is needed, got {truth.shape}: use its own grid.")
        if not self._work.is_there:
            raise OutputError("A prediction is saved before it is closed, this one is closed: predict again.")
        out = Path(out)
        names = result_names(self.grid, self._outcome.facts.options)
        others = {*SHEET_FILES, *(str(file_of(format)) for format in WRITERS)} - set(map(str, names))
        with staged_files(out, names, optional=others) as folder:
            refuse_to_lose_verdicts(out)  # again: somebody may have given one meanwhile
            staged = names.within(folder)
            write_usual(self, self._outcome.scene, staged)
            write_report(staged.report, self._outcome, truth=truth)
            if "sheets" in staged.sheets:
                write_sheets(staged.sheets["sheets"], self._outcome)
            write_details(staged.details, self._outcome, staged.probability, self.inputs)
            write_summary(staged.summary, self._outcome, self.inputs, names)
            if "sheets_pdf" in staged.sheets:
                page_as_pdf(staged.sheets["sheets"], staged.sheets["sheets_pdf"])
            write_formats(self, staged)
        self.saved = names.within(out)
        return self.saved

    def close(self) -> None:
        """Remove the temporary files; saved ones stay."""
        self._work.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _whole(self) -> Window:
        return Window(0, 0, self.grid.width, self.grid.height)


def _check_analysed(change: Change, facts: SceneFacts) -> None:
    if not change.valid_pixels:
        raise RasterError(
            f"Pixels with data on both dates are needed, {facts.before.source} and {facts.after.source} share none "
            "at this pixel size: choose a smaller gsd."
        )
