"""Masks that somebody made by hand: at a labelling desk, or in any folder of image pairs."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN, Note, no_note
from minenetcd.data.reading.folder_layout import FolderLayout
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import DataError, GridError, OptionError
from minenetcd.foreign import read_json
from minenetcd.geo.align import open_pair
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.date_files.read_files import ReadFile
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import quiet_gdal
from minenetcd.labelling.labels.making import AFTER, BEFORE, FACTS
from minenetcd.labelling.labels.saving import MASK
from minenetcd.labelling.learning.reading.scenes import JudgedScene, OpenScene, other_bands
from minenetcd.labelling.learning.truths import MaskTruth

_COLOURS = 3


@dataclass(frozen=True)
class Labels:
    """Two dates and a mask (H, W) of 0, 1 and 255 on the grid of the first.

    `checksums`: of the images on which they were made; `origin`: row and column of the first pixel in the first of
    these.
    """

    name: str
    files: tuple[Path, Path]
    grid: Grid
    checksums: frozenset[str]
    mask: NDArray[np.uint8]
    origin: tuple[int, int] = (0, 0)

    def are_of(self, grid: Grid, checksums: frozenset[str]) -> bool:
        """Whether they were made on both images of a result on `grid`."""
        if len(self.checksums) < 2 or not self.checksums <= checksums:
            return False
        try:
            return grid.window(*self.origin, *self.grid.shape).matches(self.grid)
        except GridError:
            return False

    def on(self, grid: Grid) -> NDArray[np.uint8]:
        """The mask on the whole grid of such a result."""
        whole = np.full(grid.shape, UNKNOWN, np.uint8)
        (row, col), (height, width) = self.origin, self.grid.shape
        whole[row : row + height, col : col + width] = self.mask
        return whole

    @property
    def checksum(self) -> str:
        """Of the mask, and where it lies."""
        place = (self.origin, self.mask.shape)
        return hashlib.sha256(repr(place).encode() + self.mask.tobytes()).hexdigest()

    def scene(self) -> JudgedScene:
        """As a scene of its own."""
        truth = MaskTruth.of(self.mask)

        @contextmanager
        def opened(detector: ChangeDetector) -> Iterator[OpenScene]:
            bands = len(detector.bands)
            with Raster.open(self.files[0]) as raster:
                held = len(raster.said.bands)
            if held < bands:
                raise OptionError(other_bands(self.name, detector, held))
            with open_pair(*self.files, bands=None if bands == _COLOURS else tuple(range(1, bands + 1))) as pair:
                yield OpenScene(pair, truth)

        changed = truth.boxes.changed
        counts = {"changed": int(changed.sum()), "unchanged": int((~changed).sum())}
        metres = self.grid.metres_or(None)
        return JudgedScene(self.name, self.grid, metres, self.checksums, counts, None, opened, self.checksum)


def together(masks: Sequence[NDArray[np.uint8]]) -> MaskTruth | None:
    """Of several masks of one scene: where they contradict each other nothing is known. None of none."""
    if not masks:
        return None
    changed, unchanged = (np.any([mask == kind for mask in masks], axis=0) for kind in (1, 0))
    mask = np.full(masks[0].shape, UNKNOWN, np.uint8)
    mask[unchanged & ~changed], mask[changed & ~unchanged] = 0, 1
    return MaskTruth.of(mask)


def read_labels(folder: Path, note: Note = no_note) -> list[Labels]:
    """Those of a labelling desk, or of pairs in any layout of folders of images that a data set may have.

    `note` is told where nobody knows of which images a desk is.

    DataError where there are none, where a desk was not saved, or where a mask holds other numbers than 0, 1 and 255.
    """
    if (folder / FACTS).is_file():
        return [_of_desk(folder, note)]
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
            checksums = _checksums(str(before), str(after))
            whole_name = f"{folder}/{name}" if len(pairs.names) > 1 else str(folder)
            labels.append(_read(whole_name, (before, after), mask, checksums))
    return labels


def _of_desk(folder: Path, note: Note) -> Labels:
    """Its dates are copies, on one grid, of a part of the images that it names."""
    if not (folder / MASK).is_file():
        raise DataError(f"Saved labels are needed, the desk {folder} holds no {MASK}: save them there first.")
    facts = read_json(folder / FACTS, DataError)
    try:
        checksums = frozenset[str]().union(*(_checksums_of(facts[role]) for role in ("before", "after")))
        row, col = (int(number) for number in facts["origin"])
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"{folder / FACTS} is not that of a desk of this version: begin another folder.") from error
    if not checksums:
        note(
            f"{folder} does not say of which images it is: where a result of the same is learned from, too, begin the "
            "desk anew; pictures without a place would count as another site."
        )
    return _read(str(folder), (folder / BEFORE, folder / AFTER), folder / MASK, checksums, (row, col))


def _checksums_of(date: dict[str, Any]) -> frozenset[str]:
    """As a desk keeps them; of one that does not, those of the image that it names, where that is here."""
    if "files" in date:
        return frozenset(str(file["sha256"]) for file in date["files"] if file["sha256"] is not None)
    return _checksums(str(date["source"]))


def _read(
    name: str, files: tuple[Path, Path], mask: Path, checksums: frozenset[str], origin: tuple[int, int] = (0, 0)
) -> Labels:
    with quiet_gdal(), rasterio.open(find_date(mask).name) as dataset:  # which refuses what leads to the network
        values = dataset.read(1)
    if others := set(np.unique(values).tolist()) - {0, 1, UNKNOWN}:
        raise DataError(f"A mask of 0, 1 and 255 (not labelled) is needed, {mask} holds {min(others)}: write it anew.")
    with Raster.open(files[0], bands=(1,)) as raster:
        grid = raster.grid
    if grid.shape != values.shape:
        raise GridError(f"A mask as large as the before image is needed, {mask} has another size: write it anew.")
    return Labels(name, files, grid, checksums, values.astype(np.uint8), origin)


def _checksums(*files: str) -> frozenset[str]:
    """Of those that are files here."""
    return frozenset(filter(None, (ReadFile.of(file).sha256 for file in files)))
