"""The page on which a person judges the points of a sample: one file, which works offline and says nothing of strata.

What is judged is kept by the browser (localStorage) under the sample's identity, and saved as a table by a button.
"""

import json
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

from PIL import Image

from minenetcd.accuracy.classes import UNSURE, MapClass
from minenetcd.accuracy.record import SampleRecord
from minenetcd.accuracy.sampling.pictures import Chips
from minenetcd.constants import VERSION
from minenetcd.display.page import picture_source, render_page
from minenetcd.display.words import counted
from minenetcd.files import write_text

PAGE = "interpret.html"

#: Where there are more classes than these, the rest has buttons alone.
_KEYS = "123456789"


class Seen(NamedTuple):
    """A point as a person sees it: id, (longitude, latitude) where known, both dates."""

    id: str
    place: tuple[float, float] | None
    chips: Chips


def write_page(path: Path, record: SampleRecord, seen: Iterable[Seen]) -> None:
    """Write the page for the points `seen`, in their order, to `path`."""
    points = [_as_json(each) for each in seen]
    side = points[0].pop("side")
    data = {
        "sample": record.identity,
        "side": side,
        "answers": answers(record.classes, record.change),
        "points": [{name: value for name, value in point.items() if name != "side"} for point in points],
    }
    page = render_page(
        kind="Interpretation",
        heading="What does the outlined pixel show?",
        subtitle=question(record),
        sections=[Template(_beside("interpret.html")).substitute(data=_in_script(data))],
        made=f"{counted(len(points), 'point')} of the sample {record.identity}",
        software=f"minenetcd {VERSION}",
        style=_beside("interpret.css"),
        script=_beside("interpret.js"),
    )
    write_text(path, page)


def question(record: SampleRecord) -> str:
    """What a person is asked about every point."""
    if record.change is None:
        return "Choose the class of the ground in the outlined pixel at the later date, by what you see in both."
    names = {each.code: each.name for each in record.classes}
    others = " or ".join(
        f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}" for name in names.values()
    )
    return f"Judge the ground in that pixel alone, before against after: {others}. What the map says is not shown."


def answers(classes: Sequence[MapClass], change: int | None) -> list[dict[str, str]]:
    """What can be chosen: how it is written in the table, its name, and its key; of change and no change 1 and 0."""
    codes = [str(each.code) for each in classes]
    own = all(len(code) == 1 for code in codes)  # a digit is its own key
    keys = codes if own else [*_KEYS[: len(codes)], *[""] * (len(codes) - len(_KEYS))]
    answers = [
        {"code": code, "name": each.name, "key": key} for code, each, key in zip(codes, classes, keys, strict=True)
    ]
    answers.sort(key=lambda answer: answer["code"] != str(change))
    return [*answers, {"code": UNSURE[0], "name": UNSURE[1], "key": UNSURE[0]}]


def _as_json(seen: Seen) -> dict[str, object]:
    pictures = {date: picture_source(Image.fromarray(chip), photograph=False) for date, chip in seen.chips}
    place = "" if seen.place is None else "{1:.6f}, {0:.6f}".format(*seen.place)
    return {"id": seen.id, "place": place, "side": len(seen.chips.before), **pictures}


def _in_script(data: object) -> str:
    """JSON that ends no element of HTML, whatever its texts are."""
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _beside(name: str) -> str:
    return resources.files("minenetcd.accuracy.sampling").joinpath(name).read_text(encoding="utf-8")
