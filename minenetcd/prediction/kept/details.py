"""What a result needs beside its rasters to be made again with another threshold: one file, details.zip.

It holds the facts, what the images gave reason to doubt, both images as small as the report shows them, the mask of the
second opinion, what kinds of change are told from, and the concessions and known mines that polygons are compared
with. So neither the images nor the
detector are needed.
"""

import io
import json
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from minenetcd.display.page import exact_webp
from minenetcd.errors import InputError, OutputError, RasterError
from minenetcd.files import json_text, sha256, unwritable
from minenetcd.foreign import LARGEST_JSON, NOT_THERE, refused
from minenetcd.geo.date_files.read_files import ReadPair
from minenetcd.geo.grid import FARTHEST
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.plain_facts import plain, restored
from minenetcd.prediction.kinds.layers import LAYERS, IndexLayers
from minenetcd.prediction.pair_checks.findings import PairFindings
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.pictures import MOST_PIXELS_A_SIDE, DatePictures
from minenetcd.prediction.where.kept import as_plain, from_plain
from minenetcd.prediction.where.places import NOTHING_KNOWN, KnownPlaces

FORMAT = 1
FACTS, PLACES, SECOND = "facts.json", "places.json", "second"
_DRIVERS = {f"{SECOND}.tif": "GTiff", f"{SECOND}.png": "PNG"}

#: What reading raises of a file that `write_details` did not write.
_DAMAGED = (
    *(OSError, BadZipFile, zlib.error, EOFError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(RuntimeError, SyntaxError, Image.DecompressionBombError, rasterio.errors.RasterioError),  # Pillow's, of a PNG
)


@dataclass(frozen=True)
class Details:
    """What was kept of a prediction: `probability`, the SHA-256 of its file, and `second`, the mask of the second
    opinion, in the file `archive`, or None. `inputs` is None where a version wrote it that did not keep them.
    """

    facts: SceneFacts
    findings: PairFindings
    pictures: DatePictures
    archive: Path
    probability: str
    second: str | None
    inputs: ReadPair | None
    known: KnownPlaces = NOTHING_KNOWN

    def check_probability(self, path: Path) -> None:
        """RasterError where the probability at `path` is, by its checksum, another result's, or damaged."""
        if sha256(path) != self.probability:
            raise RasterError(
                f"The probability of this result is needed, {path} is another's or was changed: predict again."
            )

    def second_rasters(self, folder: Path) -> SceneRasters | None:
        """The mask of the second opinion, brought into `folder`. InputError where there is none, or it is another's."""
        if self.second is None:
            return None
        mask = folder / self.second
        with _readable(self.archive) as archive:
            _copy(archive, self.second, mask)
            # by its driver: a description of other images has no business here
            with quiet_gdal(), rasterio.open(mask, driver=_DRIVERS[self.second]) as raster:
                if (raster.shape, raster.dtypes) != (self.facts.grid.shape, ("uint8",)):
                    raise ValueError("the second opinion is of another image")
        stored = StoredProbability(self.facts.threshold)  # of a probability that was not kept
        return SceneRasters(self.facts.grid, stored, folder / "not_kept.tif", mask, {})

    def index_layers(self, folder: Path) -> IndexLayers | None:
        """What kinds of change are told from, brought into `folder`; None where nobody asked for them.

        InputError where they should be there and are not, or are another's.
        """
        if self.facts.indices is None:
            return None
        layers = IndexLayers(folder / LAYERS, self.facts.grid, self.facts.indices)
        with _readable(self.archive) as archive:
            _copy(archive, LAYERS, layers.path)
            with quiet_gdal(), rasterio.open(layers.path, driver="GTiff") as raster:
                if (raster.shape, raster.dtypes) != (layers.grid.shape, ("uint8",) * layers.count):
                    raise ValueError("what its kinds of change are told from is of another image")
        return layers


def _copy(archive: ZipFile, name: str, target: Path) -> None:
    with archive.open(name) as source:
        try:
            with target.open("wb") as file:
                shutil.copyfileobj(source, file)
        except OSError as error:
            raise unwritable(target, error) from error


def write_details(path: Path, outcome: Outcome, probability: Path, inputs: ReadPair | None) -> None:
    """Keep what is needed of `outcome` at `path`; `probability` is the file that lies beside it."""
    pictures, second = outcome.pictures, outcome.second
    with ZipFile(path, "w", ZIP_STORED) as archive:
        name = None if second is None else f"{SECOND}{second.mask.suffix}"
        facts = {
            "format": FORMAT,
            "facts": plain(outcome.facts),
            "findings": plain(outcome.findings),
            "probability": sha256(probability),
            "second": name,
            "inputs": plain(inputs),
        }
        archive.writestr(FACTS, json_text(facts))
        if (known := as_plain(outcome.known)) is not None:
            archive.writestr(PLACES, json_text(known))
        archive.writestr("before.webp", exact_webp(Image.fromarray(pictures.before)))
        archive.writestr("after.webp", exact_webp(Image.fromarray(pictures.after)))
        archive.writestr("valid.png", _as_png(pictures.valid))
        if second is not None and name is not None:
            archive.write(second.mask, name)
        if outcome.layers is not None:
            archive.write(outcome.layers.path, LAYERS)


def read_details(path: Path) -> Details:
    """What `write_details` kept. InputError where it is not there, of another version, or damaged."""
    with _readable(path) as archive:
        if archive.getinfo(FACTS).file_size > LARGEST_JSON:
            raise ValueError("it is too large")
        kept = json.loads(archive.read(FACTS))
        if kept["format"] != FORMAT:
            raise ValueError(f"its format is {kept['format']!r}, not {FORMAT}")
        json_text(kept).encode()  # half a letter cannot be written again
        return Details(
            facts=_checked(restored(SceneFacts, kept["facts"])),
            findings=restored(PairFindings, kept["findings"]),
            pictures=_pictures(archive),
            archive=path,
            probability=str(kept["probability"]),
            second=_second(kept["second"]),
            inputs=_inputs(kept.get("inputs"), path.absolute().parent),
            known=_known(archive),
        )


def _inputs(kept: Any, folder: Path) -> ReadPair | None:
    """The images, also where they were moved together with the result in `folder`, in it or beside it."""
    pair = restored(ReadPair | None, kept)
    return None if pair is None else pair.found_in(folder, folder.parent)


def _what_to_name(path: Path) -> str:
    """What to name where a folder has no `path`: results in it, where it is of a table or of a series."""
    folder = path.parent
    within = next(chain(folder.glob(f"*/{path.name}"), folder.glob(f"*/*/{path.name}")), None)
    if within is None:
        return "name a folder that minenetcd predict has written, of this version."
    return f"it holds several results: name one, such as {within.parent}, or see all of them with minenetcd serve."


@contextmanager
def _readable(path: Path) -> Iterator[ZipFile]:
    """The archive `path`; what cannot be read of it within the block becomes an InputError."""
    reason = refused(path)
    if reason == NOT_THERE:
        raise InputError(f"A finished result is needed, {path.parent} holds no {path.name}: {_what_to_name(path)}")
    try:
        if reason is not None:
            raise ValueError(reason)
        with ZipFile(path) as archive:
            if any(part.compress_type != ZIP_STORED for part in archive.infolist()):  # a little may become a lot
                raise ValueError("its parts are compressed")
            yield archive
    except OutputError:
        raise
    except _DAMAGED as error:
        raise InputError(
            f"{path} cannot be read ({' '.join(str(error).split())}): it is damaged or of another version; predict "
            "again."
        ) from error


def _checked(facts: SceneFacts) -> SceneFacts:
    """`facts` that a prediction can have. ValueError for others."""
    facts.days()
    for grid in (facts.before.grid, facts.after.grid):
        _ = ~grid.transform
        if not (_are_places(grid.transform) and _are_places(grid.bounds)):
            raise ValueError("its grid is no place")
    left, top, width, height = facts.overlap.flatten()
    if not (left >= 0 < width <= facts.grid.width - left and top >= 0 < height <= facts.grid.height - top):
        raise ValueError("its overlap lies outside of the image")
    if facts.indices is not None and not (facts.indices.names and facts.indices.in_words):
        raise ValueError("its kinds of change are told from nothing")
    return facts


def _are_places(numbers: Iterable[float]) -> bool:
    """Whether all are finite, and none is farther than anything is."""
    return all(abs(number) < FARTHEST for number in numbers)


def _pictures(archive: ZipFile) -> DatePictures:
    before, after, valid = (_picture(archive, name) for name in ("before", "after", "valid"))
    if not before.shape == after.shape == (*valid.shape[:2], 3) or valid.ndim != 2:
        raise ValueError("its pictures are of several sizes")
    return DatePictures(before, after, valid > 0)


def _known(archive: ZipFile) -> KnownPlaces:
    """Nothing where nobody asked for it, or in a result of an earlier version."""
    return from_plain(json.loads(archive.read(PLACES))) if PLACES in archive.namelist() else NOTHING_KNOWN


def _second(name: Any) -> str | None:
    if name is not None and name not in _DRIVERS:
        raise ValueError("the second opinion has another name")
    return None if name is None else str(name)


def _as_png(where: NDArray[np.bool_]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(where.view(np.uint8) * np.uint8(255)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _picture(archive: ZipFile, name: str) -> NDArray[np.uint8]:
    file_name = f"{name}.webp" if f"{name}.webp" in archive.namelist() else f"{name}.png"  # earlier versions: all PNG
    with archive.open(file_name) as file, Image.open(file, formats=["PNG", "WEBP"]) as image:
        if max(image.size) > MOST_PIXELS_A_SIDE:
            raise ValueError(f"a picture in it has {image.width} x {image.height} pixels")
        return np.array(image)
