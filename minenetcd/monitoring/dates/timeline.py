"""The area that changed, date by date, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from minenetcd.monitoring.dates.first_change import GrownArea
from minenetcd.monitoring.dates.series import DatedImage, Series
from minenetcd.monitoring.pairs.run import PairOutcome


@dataclass(frozen=True)
class Step:
    """One date of a series, `number` from 1, and what of its maps there is: None for what was not asked for, or failed.

    `grown`: what changed for good at this date; `cumulative`: at it and all before.
    """

    number: int
    image: DatedImage
    previous: PairOutcome | None = None
    first: PairOutcome | None = None
    grown: GrownArea | None = None
    cumulative: GrownArea | None = None

    @property
    def day(self) -> date:
        return self.image.day


def steps_of(
    series: Series,
    previous: Mapping[int, PairOutcome],
    first: Mapping[int, PairOutcome],
    grown: Mapping[int, GrownArea] | None,
) -> list[Step]:
    """The dates of `series`, with their outcomes by number; `grown` is None where no date was laid on the first."""
    steps: list[Step] = []
    total = GrownArea(0, 0.0)
    for number, image in enumerate(series.used, start=1):
        new = None if grown is None else grown.get(number, GrownArea(0, 0.0))
        if new is not None:
            total = GrownArea(total.pixels + new.pixels, _sum(total.hectares, new.hectares))
        steps.append(Step(number, image, previous.get(number), first.get(number), new, None if new is None else total))
    return steps


def timeline_frame(steps: Sequence[Step]) -> pd.DataFrame:
    """A row a date; hectares are empty for pictures of unknown size, and everything for what is not there."""
    return pd.DataFrame([_row(step, steps[0].day) for step in steps]).astype(
        {name: "Int64" for name in _PIXELS if steps}
    )


_PIXELS = ("since_previous_px", "since_first_px", "new_px", "cumulative_px", "known_px")


def _row(step: Step, begin: date) -> dict[str, object]:
    previous, first = (None if each is None else each.finished for each in (step.previous, step.first))
    return {
        "number": step.number,
        "date": step.day,
        "days": (step.day - begin).days,
        "since_previous_ha": previous and previous.hectares,
        "since_first_ha": first and first.hectares,
        "new_ha": step.grown and step.grown.hectares,
        "cumulative_ha": step.cumulative and step.cumulative.hectares,
        "since_previous_px": previous and previous.changed_pixels,
        "since_first_px": first and first.changed_pixels,
        "new_px": step.grown and step.grown.pixels,
        "cumulative_px": step.cumulative and step.cumulative.pixels,
        "known_px": first and first.valid_pixels,
        "missing_share": round(step.image.missing, 4),
        "image": step.image.image,
    }


def dates_frame(series: Series) -> pd.DataFrame:
    """Every image that was named: those that are read have the number that the raster of first changes calls them."""
    numbers = {image.day: number for number, image in enumerate(series.used, start=1)}
    why = {left.image.day: left.why for left in series.left_out}
    images = sorted((*series.used, *(left.image for left in series.left_out)), key=lambda image: image.day)
    rows = [
        {
            "number": numbers.get(image.day),
            "date": image.day,
            "image": image.image,
            "missing_share": round(image.missing, 4),
            "left_out": why.get(image.day, ""),
        }
        for image in images
    ]
    return pd.DataFrame(rows).astype({"number": "Int64"})


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
