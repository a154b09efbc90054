"""Sources of data sets that the package draws itself: SCHEME:NAME?option=number&option=number."""

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from minenetcd.errors import OptionError, UnknownNameError


class Asked(NamedTuple):
    """What a source says: its name, and of its options whole numbers and texts."""

    name: str
    numbers: dict[str, int]
    texts: dict[str, str]


def read_drawn(
    source: str, example: str, limits: Mapping[str, tuple[int, int]], *, name: str, texts: Collection[str] = ()
) -> Asked:
    """What `source` says, in the form of `example`: options are whole numbers within their `limits`, `texts` any text.

    `name` is the pattern of the name. OptionError for another form and for an option that stands twice or is out of its
    limits, UnknownNameError for another option.
    """
    kind = example.partition(":")[0]
    match = re.fullmatch(rf"{kind}:({name})(?:\?(.*))?", source)
    if match is None:
        raise OptionError(f"A {kind} data set reads like {example}, got {source!r}: correct it.")
    return Asked(match[1], *_options(source, match[2] or "", limits, kind, texts))


def _options(
    source: str, query: str, limits: Mapping[str, tuple[int, int]], kind: str, texts: Collection[str]
) -> tuple[dict[str, int], dict[str, str]]:
    """The options of `query`: whole numbers within their `limits`, and those of `texts` as they are."""
    numbers: dict[str, int] = {}
    words: dict[str, str] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in limits and key not in texts:
            if "?" in query:
                raise OptionError(
                    f"'?' stands once in {source!r}, before the options: rename what has it in its name, or name a "
                    "link to it."
                )
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
