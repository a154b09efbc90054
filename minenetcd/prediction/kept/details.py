"""What a result needs beside its rasters to be made again with another threshold: one file, details.zip.

It holds the facts, what the images gave reason to doubt, both images as small as the report shows them, and the mask of
the second opinion. So neither the images nor the detector are needed.
"""

import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.errors import InputError
from minenetcd.files import json_text
from minenetcd.files.checksum import sha256
from minenetcd.foreign import LARGEST_JSON
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.plain_facts import plain, restored
from minenetcd.prediction.pair_checks.findings import PairFindings
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.pictures import DatePictures

FORMAT = 1
FACTS, SECOND = "facts.json", "second"

#: What reading raises of a file that `write_details` did not write.
_DAMAGED = (BadZipFile, ValueError, TypeError, KeyError, AttributeError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Details:
    """What was kept of a prediction: `probability`, the SHA-256 of its file, and `second`, the mask of the second
    opinion, in the file `archive`, or None.
    """

    facts: SceneFacts
    findings: PairFindings
    pictures: DatePictures
    archive: Path
    probability: str
    second: str | None

    def second_rasters(self, folder: Path) -> SceneRasters | None:
        """The mask of the second opinion, brought into `folder`."""
        if self.second is None:
            return None
        mask = folder / self.second
        with ZipFile(self.archive) as archive, archive.open(self.second) as source, mask.open("wb") as target:
            shutil.copyfileobj(source, target)
        stored = StoredProbability(self.facts.threshold)  # of a probability that was not kept
        return SceneRasters(self.facts.grid, stored, folder / "not_kept.tif", mask, {})


def write_details(path: Path, outcome: Outcome, probability: Path) -> None:
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
        }
        archive.writestr(FACTS, json_text(facts))
        for picture in ("before", "after", "valid"):
            archive.writestr(f"{picture}.png", _as_png(getattr(pictures, picture)))
        if second is not None and name is not None:
            archive.write(second.mask, name)


def read_details(path: Path) -> Details:
    """What `write_details` kept. InputError where it is not there, of another version, or damaged."""
    try:
        with ZipFile(path) as archive:
            if archive.getinfo(FACTS).file_size > LARGEST_JSON:
                raise ValueError("it is too large")
            kept = json.loads(archive.read(FACTS))
            if kept["format"] != FORMAT:
                raise ValueError(f"its format is {kept['format']!r}, not {FORMAT}")
            before, after, valid = (_from_png(archive, name) for name in ("before", "after", "valid"))
            return Details(
                facts=restored(SceneFacts, kept["facts"]),
                findings=restored(PairFindings, kept["findings"]),
                pictures=DatePictures(before, after, valid > 0),
                archive=path,
                probability=str(kept["probability"]),
                second=_second(kept["second"]),
            )
    except FileNotFoundError:
        raise InputError(
            f"A finished result is needed, {path.parent} holds no {path.name}: name a folder that minenetcd predict "
            "has written, of this version."
        ) from None
    except (OSError, *_DAMAGED) as error:
        raise InputError(
            f"{path} cannot be read ({' '.join(str(error).split())}): it is damaged or of another version; predict "
            "again."
        ) from error


def _second(name: Any) -> str | None:
    if name is not None and name not in (f"{SECOND}.tif", f"{SECOND}.png"):
        raise ValueError("the second opinion has another name")
    return None if name is None else str(name)


def _as_png(pixels: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8) * 255 if pixels.dtype == bool else pixels).save(file, "PNG")
    return file.getvalue()


def _from_png(archive: ZipFile, name: str) -> NDArray[np.uint8]:
    with archive.open(f"{name}.png") as file, Image.open(file) as image:
        return np.array(image)
