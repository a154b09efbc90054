"""What a user means by the name of a data set."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from minenetcd.configs.schema import HANDED_OVER
from minenetcd.data.reading.read_options import MAX_PIXELS, ReadOptions
from minenetcd.datasets.download import HubName, hub_name
from minenetcd.datasets.drawn import drawn_scheme
from minenetcd.datasets.named import DATASETS
from minenetcd.datasets.plugged import DATA_SETS
from minenetcd.errors import DataError, OptionError, UnknownNameError
from minenetcd.files import from_home
from minenetcd.foreign import refused
from minenetcd.geo.bands.wanted import Wanted, parse_bands
from minenetcd.registry import is_path

_FORMS = {
    "bands": "bands=4,3,2",
    "range": "range=0,3000",
    "not_labelled": "not_labelled=128",
    "changed_from": "changed_from=128",
    "pixels": "pixels=400000000",
}
_ALLOWED = {"yes": True, "no": False}


@dataclass(frozen=True)
class Source:
    """`text` as it was given. Of a plug-in, drawn here, or `hub` is set for one of the hub; else `path` is there.

    `layout` is how files are laid out, where that was said.
    """

    text: str
    path: Path
    hub: HubName | None = None
    is_drawn: bool = False
    is_plugged: bool = False
    options: ReadOptions = field(default_factory=ReadOptions)
    layout: str | None = None


def read_source(source: str | Path) -> Source:
    """Tell a name of DATASETS or of a plug-in, a path that is there and a hub id apart, in that order.

    UnknownNameError, with the nearest name, for what can be none of them; DataError for a path that is not there;
    OptionError for options after "?" that are not known.
    """
    text = str(source)
    if text.startswith(HANDED_OVER):
        raise DataError(
            f"The pairs {text!r} were handed over in Python and stand in no file: call minenetcd.train with them again "
            "(data=..., resume=True), or name another data set."
        )
    if drawn_scheme(text):
        return Source(text, Path(text), is_drawn=True)
    place, _, query = text.partition("?")
    if not place.strip():
        raise DataError(f"The name of a data set is needed, got {text!r}: give a folder, a table, a name or a hub id.")
    path = from_home(place)
    is_there = os.path.exists(path)  # which no name is too long for
    if not isinstance(source, Path) and (place in DATA_SETS or (is_path(place) and not is_there)):
        return Source(text, path, is_plugged=True)
    options, layout = _read_options(query)
    name = None if isinstance(source, Path) else hub_name(place)
    if name is not None and (name.is_named or not is_there):
        return Source(text, path, name, options=options, layout=layout)
    if is_there:
        reason = None if path.is_dir() else refused(path)
        if reason is not None:
            raise DataError(f"A data set is a folder or a table, {path} cannot be read ({reason}): name another.")
        return Source(text, path, options=options, layout=layout)
    if os.sep in place or path.suffix or isinstance(source, Path):
        raise DataError(f"There is no file or folder {path}: check the path.")
    raise UnknownNameError("data set", place.partition("@")[0], {*DATASETS, *DATA_SETS})


def _read_options(query: str) -> tuple[ReadOptions, str | None]:
    """bands=4,3,2&range=0,3000&not_labelled=128&changed_from=2&layout=NAME&pixels=400000000&outside=yes, as may be."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    layout = given.pop("layout", None)
    outside = given.pop("outside", "no")
    if outside not in _ALLOWED:
        raise OptionError(f"outside after '?' needs yes or no, got {outside!r}: say outside=yes, or leave it out.")
    bands = _bands(given.pop("bands")) if "bands" in given else None
    numbers = {key: _numbers(key, value) for key, value in given.items()}
    value_range, not_labelled, changed_from, pixels = map(
        numbers.get, ("range", "not_labelled", "changed_from", "pixels")
    )
    options = ReadOptions(
        bands,
        (value_range[0], value_range[1]) if value_range else None,
        None if not_labelled is None else int(not_labelled[0]),
        None if changed_from is None else int(changed_from[0]),
        max_pixels=MAX_PIXELS if pixels is None else int(pixels[0]),
        outside=_ALLOWED[outside],
    )
    return options, layout


def _bands(value: str) -> Wanted:
    bands = parse_bands(value)
    if bands is None:
        raise OptionError(f"bands after '?' needs numbers or names, got {value!r}: e.g. ?{_FORMS['bands']}.")
    return bands


def _numbers(key: str, value: str) -> list[float]:
    if key not in _FORMS:
        known = ", ".join([*_FORMS, "layout", "outside"])
        raise OptionError(f"A data set takes {known} after '?', got {key!r}: e.g. ?{_FORMS['bands']}.")
    try:
        numbers = [float(number) if key == "range" else int(number) for number in value.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != (2 if key == "range" else 1):
        raise OptionError(f"{key} after '?' needs numbers, got {value!r}: e.g. ?{_FORMS[key]}.")
    return numbers
