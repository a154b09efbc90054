"""What a person says of a polygon: accepted, rejected or unsure; who and when."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from minenetcd.errors import OptionError

Status = Literal["accepted", "rejected", "unsure"]
STATUSES: tuple[Status, ...] = get_args(Status)

LONGEST_NAME, LONGEST_COMMENT = 80, 2_000  # [characters]


@dataclass(frozen=True)
class Verdict:
    """A verdict on the polygon whose `id` is `polygon`, given `by` somebody at a time in UTC.

    `comment`: None where nothing is said. `edited`: it brought another outline. `replaces`: the `id` of the verdict
    that stood before; None where there was none. `revision`: that of the review when it was given; verdicts of one step
    share it.
    """

    id: int
    polygon: int
    status: Status
    by: str
    at: datetime
    comment: str | None
    edited: bool
    replaces: int | None
    revision: int


def checked_status(status: str) -> Status:
    """OptionError for another than STATUSES."""
    if status not in STATUSES:
        raise OptionError(f"A verdict is one of {', '.join(STATUSES)}, got {status!r:.80}: choose one of them.")
    return status


def checked_name(by: str) -> str:
    """Who judges, in one line. OptionError where nobody is named, or the name is too long."""
    name = _in_one_line(by)
    if not name or len(name) > LONGEST_NAME:
        raise OptionError(
            f"A verdict needs the name of who gives it, of {LONGEST_NAME} letters at most, got "
            f"{f'{len(name)} letters' if name else 'none'}: write a name."
        )
    return name


def checked_comment(comment: str | None) -> str | None:
    """None stays; "" takes away what was said. OptionError where it is too long."""
    if comment is None:
        return None
    text = _in_one_line(comment)
    if len(text) > LONGEST_COMMENT:
        raise OptionError(f"A comment has {LONGEST_COMMENT:,} letters at most, got {len(text):,}: shorten it.")
    return text


def checked_confidence(confidence: float) -> float:
    """OptionError unless it is 0 to 1."""
    if not 0 <= confidence <= 1:
        raise OptionError(f"A confidence from 0 to 1 is needed, got {confidence:g}: 0.9, say.")
    return float(confidence)


def now() -> datetime:
    """In UTC, to the millisecond that a GeoPackage keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _in_one_line(text: str) -> str:
    """Without letters that control a terminal, and without half letters, which no file in UTF-8 holds."""
    seen = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cs") or letter.isspace())
    return " ".join(seen.split())
