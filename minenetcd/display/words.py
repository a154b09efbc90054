"""Measures and numbers in words: how commands, pages and figures write them."""

from collections.abc import Mapping, Sequence
from typing import Any

#: The five of the paper's section 5.4, and what heads them.
MEASURES = {"oa": "OA", "precision": "Precision", "recall": "Recall", "f1": "F1", "ciou": "cIoU"}


def counted(number: int, one: str, many: str = "") -> str:
    """1 site, 2,000 sites, 3 countries."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def some_of(names: Sequence[str], most: int = 5) -> str:
    """The first of `names`, as a message names them."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def size(count: float, *, exact_below: float = 0) -> str:
    """A number of bytes, in powers of 1000; one below `exact_below` to the byte."""
    if count < exact_below:
        return f"{count:,.0f} bytes"
    units = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6))
    unit, factor = next(((unit, factor) for unit, factor in units if count >= factor), ("kB", 1e3))
    return f"{count / factor:.1f} {unit}"


def number(value: float) -> str:
    """About three digits, thousands grouped: 0.012, 1.20, 12,345."""
    decimals = 0 if value >= 1000 or value == 0 else 1 if value >= 100 else 2 if value >= 1 else 3
    return f"{value:,.{decimals}f}"


def area_in_words(hectares: float | None, pixels: int) -> str:
    """Of `pixels`: 1.20 ha, or 12,345 pixels where nobody knows the hectares."""
    return f"{pixels:,} pixels" if hectares is None else f"{number(hectares)} ha"


def three_figures(value: float) -> str:
    """No more digits than that, but for whole numbers: 0.0123, 1.2, 123, 12,345."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def percent(share: float) -> str:
    """Of 0 to 1, as 4.2 % or 42 %; 0 % and 100 % only where it is none or all: 0.02 %, 99.8 %."""
    value = 100 * share
    if 99.5 <= value < 100:
        return f"{min(value, 99.9):.1f} %"
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.2g} %"


def in_words(value: Any) -> str:
    """Facts as a reader takes them in: "steps 1400, learning rate 0.0006"."""
    if value is None:
        return "not stated"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{str(key).replace('_', ' ')} {f'({in_words(part)})' if isinstance(part, Mapping) else in_words(part)}"
            for key, part in value.items()
            if part is not None
        )
    return ", ".join(map(in_words, value)) if isinstance(value, list | tuple) else str(value)


def duration(seconds: float) -> str:
    """In the largest unit of which there are one and a half."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:.0f} s"
