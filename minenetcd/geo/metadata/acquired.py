"""When an image was taken, and who says so."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from minenetcd.geo.metadata.stated import Stated

Witness = Literal["stated", "the file", "a STAC item", "the file's name"]

#: Tags that say when an image was taken. TIFFTAG_DATETIME is none: it says when the file was made.
DATE_TAGS = (
    *("ACQUISITIONDATETIME", "ACQUISITION_DATETIME", "ACQUISITION_DATE", "DATE_ACQUIRED"),
    *("SENSING_TIME", "PRODUCT_START_TIME", "EXIF_DateTimeOriginal"),
)
MADE_TAG = "TIFFTAG_DATETIME"
#: Fields of a STAC item's properties, or tags called so.
STAC_FIELDS = ("datetime", "start_datetime")
#: A tag that holds what a STAC item says, of images that it names; and the first of several files of one image.
ITEM_DATE_TAG, FIRST_FILE_TAG = STAC_FIELDS[0], "FIRST_FILE"

#: What lies beside an image is looked into up to this size, whether it is a STAC item or not. [bytes]
_LARGEST_BESIDE = 1 << 20

_DAY = r"(?P<year>19[5-9]\d|20\d\d)(?P<mark>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=mark)(?P<day>0[1-9]|[12]\d|3[01])"
_DAY_IN_NAME = re.compile(rf"(?<!\d){_DAY}(?!\d)")
#: Names with more than one day, the first of which is when the image was taken: Landsat, Sentinel-1 and -2, Planet.
_FIRST_DAY_COUNTS = re.compile(r"^(L[COTEM]0\d_|S[12][ABCD]_|HLS\.|\d{8}_\d{6}_)", re.IGNORECASE)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MAXAR = re.compile(rf"(?<![A-Za-z\d])(\d\d)({'|'.join(_MONTHS)})([0-3]\d)(?=\d{{6}}\D)")


@dataclass(frozen=True)
class Acquired:
    """`date`: ISO 8601, or None where nobody says it; `witness`: who says it; `made`: when the file was made."""

    date: str | None = None
    witness: Witness | None = None
    made: str | None = None

    @property
    def in_words(self) -> str:
        """For people, to the day; a date that only the file's name tells is marked as such."""
        if self.date is None:
            return "not stated in the file" + (f" (which was made on {self.made[:10]})" if self.made else "")
        marks = {"stated": " (as stated)", "a STAC item": " (of its STAC item)", "the file's name": " (by its name)"}
        return self.date[:10] + marks.get(self.witness or "", "")


def acquired(tags: Mapping[str, Any], source: str | Path, stated: Stated) -> Acquired:
    """What is stated, else what the file's tags say, else a STAC item beside it, else its name."""
    made = moment(tags.get(MADE_TAG))
    for date, witness in _witnesses(tags, source, stated):
        if date is not None:
            return Acquired(date, witness, made)
    return Acquired(made=made)


def moment(text: object) -> str | None:
    """ISO 8601 date, with time where given, of what starts with one; None of anything else."""
    match = re.match(r"\s*(\d{4})[:/-]?(\d\d)[:/-]?(\d\d)(?:[T ]+(\S+))?", str(text))
    if match is None:
        return None
    day, time = "-".join(match.group(1, 2, 3)), match[4]
    for known in (f"{day}T{time}", day) if time else (day,):
        try:
            found = datetime.fromisoformat(known)
        except ValueError:
            continue
        return found.isoformat() if "T" in known else known
    return None


def stac_date(item: Mapping[str, Any]) -> str | None:
    """When the image of a STAC item was taken, by its properties."""
    properties = item.get("properties")
    if not isinstance(properties, Mapping):
        return None
    return next(filter(None, (moment(properties.get(field)) for field in STAC_FIELDS)), None)


def date_in_name(name: str) -> str | None:
    """The day in a file name; None where there is none, or several and it is not known which counts."""
    days = [_iso(match) for match in _DAY_IN_NAME.finditer(name)]
    days += [_iso_of_maxar(match) for match in _MAXAR.finditer(name.upper())]
    known = list(dict.fromkeys(filter(None, days)))
    if len(known) > 1 and not _FIRST_DAY_COUNTS.match(name):
        return None
    return known[0] if known else None


def _witnesses(tags: Mapping[str, Any], source: str | Path, stated: Stated) -> Iterator[tuple[str | None, Witness]]:
    """In the order in which they are believed."""
    yield stated.known_date, "stated"
    for tag in DATE_TAGS:
        yield moment(tags.get(tag)), "the file"
    for field in STAC_FIELDS:
        yield moment(tags.get(field)), "a STAC item"
    yield _of_item_beside(source), "a STAC item"
    for name in (tags.get(FIRST_FILE_TAG, ""), source):
        yield date_in_name(PurePosixPath(re.split(r"[?#]", str(name).replace("\\", "/"))[0]).name), "the file's name"


def _of_item_beside(source: str | Path) -> str | None:
    """By a STAC item called as the image, with .json in place of its ending."""
    try:
        path = Path(str(source)).with_suffix(".json")
        if not path.is_file() or path.stat().st_size > _LARGEST_BESIDE:
            return None
        item = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # what stands beside an image may be anything
        return None
    return stac_date(item) if isinstance(item, dict) and item.get("stac_version") else None


def _iso(match: re.Match[str]) -> str | None:
    return moment("-".join(match.group("year", "month", "day")))


def _iso_of_maxar(match: re.Match[str]) -> str | None:
    """Of 19JUN01: year, month and day."""
    return moment(f"20{match[1]}-{_MONTHS.index(match[2]) + 1:02}-{match[3]}")
