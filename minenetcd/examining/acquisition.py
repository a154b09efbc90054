"""Dates of acquisition as data sets write them: to the day, the month or the year."""

import pandas as pd

DAYS_PER_MONTH = 365.2425 / 12

_TO_THE_YEAR, _TO_THE_MONTH = r"\d{4}", r"\d{4}-\d{1,2}"


def parse_dates(values: pd.Series) -> pd.DataFrame:
    """ISO 8601 text or dates -> columns `first` and `last`, the days a date may stand for; NaT where none is read."""
    text = values.astype("string").str.strip().str.replace("/", "-")
    text = text.str.removesuffix(".0")  # years in a column with gaps are floats
    first = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None).dt.normalize()
    last = first.mask(text.str.fullmatch(_TO_THE_MONTH).fillna(False), first + pd.offsets.MonthEnd(0))
    last = last.mask(text.str.fullmatch(_TO_THE_YEAR).fillna(False), first + pd.offsets.YearEnd(0))
    return pd.DataFrame({"first": first, "last": last})


def middle_day(days: pd.DataFrame) -> pd.Series:
    """The day in the middle of `first` and `last`."""
    return (days["first"] + (days["last"] - days["first"]) / 2).dt.normalize()


def months_between(before: pd.Series, after: pd.Series) -> pd.Series:
    """Mean months from one day to another, negative where `after` is the earlier."""
    return (after - before).dt.days / DAYS_PER_MONTH
