"""Sources of data sets that the package draws itself: SCHEME:NAME?option=number&option=number."""

import hashlib
import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from minenetcd.errors import OptionError, UnknownNameError


def read_options(
    source: str, query: str, limits: Mapping[str, tuple[int, int]], *, kind: str, texts: Collection[str] = ()
) -> tuple[dict[str, int], dict[str, str]]:
    """The options of `query`: whole numbers within their `limits`, and those of `texts` as they are.

    `kind` is what a message calls the data set. UnknownNameError for another option, OptionError for one that stands
    twice or is out of its limits.
    """
    numbers: dict[str, int] = {}
    words: dict[str, str] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in limits and key not in texts:
            raise UnknownNameError(f"option of a {kind} data set", key, [*limits, *texts])
        if key in numbers or key in words:
            raise OptionError(f"{key} stands twice in {source!r}: give it once.")
        if key in limits:
            numbers[key] = _whole_number(key, text, limits[key], source)
        else:
            words[key] = text
    return numbers, words


def seed_of(*words: str | int) -> int:
    """The seed that `words` stand for."""
    digest = hashlib.sha256(":".join(map(str, words)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _whole_number(key: str, text: str, limits: tuple[int, int], source: str) -> int:
    low, high = limits
    if not (re.fullmatch(r"\d{1,12}", text) and low <= int(text) <= high):
        raise OptionError(
            f"{key} must be a whole number from {low} to {high}, got {text!r} in {source!r}: correct it, or leave "
            "it out."
        )
    return int(text)
