"""Facts of a prediction as plain values that JSON holds, and back: dataclasses and named tuples by their fields."""

import dataclasses
import types
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from affine import Affine
from rasterio.crs import CRS
from rasterio.windows import Window

from minenetcd.constants import Provenance

#: Kinds that are no dataclasses, or know better: how they become plain, and back.
_SPECIAL: dict[type, tuple[Any, Any]] = {
    Affine: (lambda value: list(value)[:6], lambda stored: Affine(*stored)),
    CRS: (lambda value: value.to_wkt(), CRS.from_wkt),
    Window: (
        lambda value: [value.col_off, value.row_off, value.width, value.height],
        lambda stored: Window(*stored),
    ),
    Provenance: (lambda value: value.as_json(), Provenance.read),
    datetime: (lambda value: value.isoformat(), datetime.fromisoformat),
    date: (lambda value: value.isoformat(), date.fromisoformat),
}


def plain(value: Any) -> Any:
    """`value` as plain values. TypeError for what is none of the kinds known here."""
    for kind, (into, _) in _SPECIAL.items():
        if isinstance(value, kind):
            return into(value)
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):  # a named tuple
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if hasattr(value, "item"):  # a number of NumPy's
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be kept")


def restored(kind: Any, stored: Any) -> Any:
    """What `plain` made of a value of `kind`. ValueError, TypeError or KeyError where it did not."""
    if kind is Any:
        return stored
    if kind in _SPECIAL:
        return _SPECIAL[kind][1](stored)
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
        hints = _hints(kind)
        return kind(**{name: restored(hints[name], each) for name, each in stored.items()})
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(inner, stored)
    if origin is tuple:
        kinds = inner[:1] * len(stored) if inner[-1] is Ellipsis else inner
        return tuple(restored(each, part) for each, part in zip(kinds, stored, strict=True))
    if origin is Literal:
        return _checked(stored, stored in inner)
    if origin is not None and issubclass(origin, Mapping):
        return {key: restored(inner[1], each) for key, each in stored.items()}
    if kind is float:  # whole numbers stay so, exactly
        return _checked(stored, isinstance(stored, int | float) and not isinstance(stored, bool))
    return _checked(stored, isinstance(stored, kind if kind is not None else type(None)))


def _one_of(kinds: tuple[Any, ...], stored: Any) -> Any:
    """The first of `kinds` that `stored` can be."""
    if stored is None:
        return _checked(None, type(None) in kinds)
    for kind in kinds:
        try:
            return restored(kind, stored)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    raise ValueError("none of the kinds that it may be")


def _checked(stored: Any, holds: bool) -> Any:
    if not holds:
        raise ValueError("of another kind")
    return stored


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
