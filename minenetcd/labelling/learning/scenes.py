"""A judged scene: two dates as a detector reads them, and what people said of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.data.reading.folder_layout import FolderLayout
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError, GridError, OptionError
from minenetcd.files import settle
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.date import Date
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.date_files.read_files import ReadFile
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import quiet_gdal
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.reviewed import Reviewed, read_reviewed
from minenetcd.labelling.learning.truths import MaskTruth, PolygonTruth, Truth
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.kept.images import dates_here
from minenetcd.prediction.opening import OpenedScene, open_scene
from minenetcd.prediction.outputs import DETAILS, result_names
from minenetcd.prediction.pair_checks.adjusting import find_adjustment
from minenetcd.prediction.rasters.stored import StoredProbability


@dataclass(frozen=True)
class OpenScene:
    """Both dates on one grid, as a detector reads them, and what is known of them; closed by whoever opened it."""

    pair: AlignedPair
    truth: Truth


#: Opens a scene for the detector that learns.
Opener = Callable[[ChangeDetector], AbstractContextManager[OpenScene]]


@dataclass(frozen=True)
class JudgedScene:
    """A scene called `name`, made from files with these `checksums`.

    `counts`: how many polygons were accepted, rejected, unsure and not judged; of a mask the groups of changed and of
    unchanged pixels. `grid`: where it lies, and `metres` per pixel, None where nobody says.
    """

    name: str
    grid: Grid
    metres: float | None
    checksums: frozenset[str]
    counts: dict[str, int]
    detector: str | None  # that made the result; None of labels
    open: Opener


@dataclass(frozen=True)
class Labels:
    """Two dates and a mask of 0, 1 and 255 on the grid of the first, which somebody made by hand."""

    name: str
    files: tuple[Path, Path]
    grid: Grid
    checksums: frozenset[str]
    truth: MaskTruth

    @property
    def counts(self) -> dict[str, int]:
        changed = self.truth.boxes.changed
        return {"changed": int(changed.sum()), "unchanged": int((~changed).sum())}

    def are_of(self, grid: Grid, checksums: frozenset[str]) -> bool:
        """Whether they were made on both images of a result."""
        return len(self.checksums) == 2 and self.checksums <= checksums and self.grid.matches(grid)

    def scene(self) -> JudgedScene:
        """As a scene of its own."""

        @contextmanager
        def opened(detector: ChangeDetector) -> Iterator[OpenScene]:
            with open_pair(*self.files) as pair:
                if len(pair.before.bands) != len(detector.bands):
                    raise OptionError(_other_bands(self.name, detector, len(pair.before.bands)))
                yield OpenScene(pair, self.truth)

        metres = self.grid.metres_or(None)
        return JudgedScene(self.name, self.grid, metres, self.checksums, self.counts, None, opened)


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
                _together([each.truth for each in own]),
            )  # fmt: skip
            yield OpenScene(pair, polygons)

    counts = _counts(reviewed)
    for each in own:
        counts |= {kind: counts.get(kind, 0) + count for kind, count in each.counts.items()}
    metres = facts.options.analysed_metres(facts.grid)
    return JudgedScene(str(folder), facts.grid, metres, checksums, counts, facts.model, opened), own


def _together(masks: Sequence[MaskTruth]) -> MaskTruth | None:
    """Of several masks of one scene: where they contradict each other nothing is known."""
    if len(masks) < 2:
        return masks[0] if masks else None
    known = [each.mask != UNKNOWN for each in masks]
    changed = np.any([each.mask == 1 for each in masks], axis=0)
    unchanged = np.any([each.mask == 0 for each in masks], axis=0)
    mask = np.where(np.any(known, axis=0) & ~(changed & unchanged), changed.astype(np.uint8), np.uint8(UNKNOWN))
    return MaskTruth.of(mask)


def read_labels(folder: Path) -> list[Labels]:
    """Pairs with masks of 0, 1 and 255, in any layout of folders of images that a data set may have.

    DataError where there are none, or where a mask holds other numbers.
    """
    found = FolderLayout.scan(folder)
    if found is None:
        raise DataError(
            f"A result of minenetcd predict or a folder of labels is needed, {folder} holds neither details.zip nor "
            "images called before, after and mask: name another."
        )
    labels = []
    for split in found.splits:
        pairs = found.pairs(split, ReadOptions(not_labelled=UNKNOWN))
        for name, files in zip(pairs.names, pairs.files, strict=True):
            before, after, mask = (pairs.root / file for file in files)
            labels.append(_labels(f"{folder}/{name}" if len(pairs.names) > 1 else str(folder), before, after, mask))
    return labels


def _labels(name: str, before: Path, after: Path, mask: Path) -> Labels:
    with quiet_gdal(), rasterio.open(mask) as dataset:
        values = dataset.read(1)
    if others := set(np.unique(values).tolist()) - {0, 1, UNKNOWN}:
        raise DataError(f"A mask of 0, 1 and 255 (not labelled) is needed, {mask} holds {min(others)}: write it anew.")
    with Raster.open(before, bands=(1,)) as raster:
        grid = raster.grid
    if grid.shape != values.shape:
        raise GridError(f"A mask as large as the before image is needed, {mask} has another size: write it anew.")
    checksums = frozenset(filter(None, (ReadFile.of(str(path)).sha256 for path in (before, after))))
    return Labels(name, (before, after), grid, checksums, MaskTruth.of(values.astype(np.uint8)))


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
        raise OptionError(_other_bands(str(folder), detector, len(images.native.before.bands))) from error
    adjusted, _ = find_adjustment(SceneSample(images.native), options).apply(pair, detector.name)
    return adjusted


def _other_bands(name: str, detector: ChangeDetector, count: int) -> str:
    return (
        f"{detector.name} reads {len(detector.bands)} bands, the images of {name} are read with {count}: start from a "
        "detector that reads as many, or leave these out."
    )


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
