"""Results of `predict` with verdicts, and with what was labelled on their images."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError
from minenetcd.files import settle
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.date import Date
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.geo.sample import SceneSample
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.reading.hand_labels import Labels, together
from minenetcd.labelling.learning.reading.reviewed import Reviewed, read_reviewed
from minenetcd.labelling.learning.reading.scenes import JudgedScene, OpenScene, other_bands
from minenetcd.labelling.learning.truths import PolygonTruth
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.kept.images import dates_here
from minenetcd.prediction.opening import OpenedScene, open_scene
from minenetcd.prediction.outputs import DETAILS, result_names
from minenetcd.prediction.pair_checks.adjusting import find_adjustment
from minenetcd.prediction.rasters.stored import StoredProbability


def read_result(folder: Path, options: LearnOptions, labels: Sequence[Labels] = ()) -> tuple[JudgedScene, list[Labels]]:
    """A result of `predict` with its verdicts and those of `labels` made on its images, which come back, too.

    InputError where it is none, or its polygons cannot be read.
    """
    settle(folder)
    details = read_details(folder / DETAILS)
    facts = details.facts
    names = result_names(facts.grid, facts.options).within(folder)
    reviewed = read_reviewed(folder)
    details.check_probability(names.probability)
    files = () if details.inputs is None else (*details.inputs.before, *details.inputs.after)
    checksums = frozenset(filter(None, (file.sha256 for file in files)))
    own = [each for each in labels if facts.options.gsd is None and each.are_of(facts.grid, checksums)]
    masks = [each.on(facts.grid) for each in own]

    @cache  # it reads the images from front to back
    def dates() -> tuple[DateFiles, DateFiles]:
        advice = "bring it back, or give the command where predict was run."
        return dates_here(facts, details.inputs, need=f"To learn from {folder} needs", advice=advice)

    @contextmanager
    def opened(detector: ChangeDetector) -> Iterator[OpenScene]:
        with ExitStack() as stack:
            images = stack.enter_context(open_scene(*dates(), replace(facts.options, yes=True)))
            pair = _as_read(images, folder, facts, detector, stack)
            stored = StoredProbability(facts.threshold, as_float=facts.options.float_probability)
            read = _probability_on(pair.grid, names.probability, stored, stack)
            polygons = PolygonTruth(
                pair.grid, reviewed.status, reviewed.first, reviewed.current, options, facts.threshold, read,
                together(masks),
            )  # fmt: skip
            yield OpenScene(pair, polygons)

    counts = _counts(reviewed)
    for each in own:
        counts |= {kind: counts.get(kind, 0) + count for kind, count in each.scene().counts.items()}
    metres = facts.options.analysed_metres(facts.grid)
    truth_checksum = reviewed.checksum(*(each.checksum for each in own))
    return JudgedScene(str(folder), facts.grid, metres, checksums, counts, facts.model, opened, truth_checksum), own


def _counts(reviewed: Reviewed) -> dict[str, int]:
    words = {"accepted": "accepted", "rejected": "rejected", "unsure": "unsure", "not judged": ""}
    return {word: reviewed.count(status) for word, status in words.items()}


def _as_read(
    images: OpenedScene, folder: Path, facts: SceneFacts, detector: ChangeDetector, stack: ExitStack
) -> AlignedPair:
    """Both dates in the bands that `detector` reads, freed of what `predict` took out. OptionError for other bands."""
    options = facts.options
    try:
        pair = images.read_by(detector, options.bands, options.bands_after, options.gsd, stack)
    except OptionError as error:
        raise OptionError(other_bands(str(folder), detector, len(images.native.before.bands))) from error
    adjusted, _ = find_adjustment(SceneSample(images.native), options).apply(pair, detector.name)
    return adjusted


def _probability_on(
    grid: Grid, path: Path, stored: StoredProbability, stack: ExitStack
) -> Callable[[Window], NDArray[np.float32]]:
    """Reads what was stored on the grid of the result, laid onto `grid`."""
    raster = stack.enter_context(Raster.open(path, bands=(1,)))
    date = stack.enter_context(Date(raster, grid))

    def read(window: Window) -> NDArray[np.float32]:
        values, valid = date.read(window)
        return np.where(valid, stored.decode(values[..., 0]), np.float32(np.nan))

    return read
