"""YAML that somebody else may have written: no larger, deeper or more often repeated than a configuration is."""

from collections.abc import Iterator
from typing import Any

import yaml

from minenetcd.errors import OptionError, one_line
from minenetcd.foreign import DEEPEST, LARGEST_TEXT

#: Values in it, each counted as often as an alias repeats it.
MOST_VALUES = 20_000

_OPENING, _CLOSING = (yaml.MappingStartEvent, yaml.SequenceStartEvent), (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def parse_yaml(text: str, what: str) -> Any:
    """What `text` holds, numbers and words, no objects. OptionError, in one line and naming `what`, for anything else.

    Nothing is built before its size is known: a few lines of aliases stand for billions of values.
    """
    try:
        if len(text) > LARGEST_TEXT:
            raise ValueError(f"it has {len(text):,} letters, at most {LARGEST_TEXT:,} are read")
        _check_size(yaml.parse(text, Loader=yaml.SafeLoader))
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:  # ValueError: a day 32, 5,000 digits
        raise OptionError(f"{what} needs to be YAML ({_short(one_line(error))}): correct it there.") from error


def _check_size(events: Iterator[yaml.Event]) -> None:
    """ValueError for a document that is too deep or too large, its aliases written out."""
    open_: list[tuple[str | None, int]] = []  # the anchor of what is open, and how many values came before it
    sizes: dict[str, int] = {}
    count = 0
    for event in events:
        if isinstance(event, _CLOSING):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = count - before
            continue
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_):
                raise ValueError(f"&{event.anchor} holds itself")
            count += sizes.get(str(event.anchor), 1)
        elif isinstance(event, (*_OPENING, yaml.ScalarEvent)):
            if isinstance(event, _OPENING):
                open_.append((event.anchor, count))
            elif event.anchor is not None:
                sizes[event.anchor] = 1
            count += 1
        if len(open_) > DEEPEST:
            raise ValueError(f"it is more than {DEEPEST} deep")
        if count > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES:,} values, what aliases repeat counted as often")


def _short(words: str, longest: int = 300) -> str:
    return words if len(words) <= longest else f"{words[:longest]}..."
