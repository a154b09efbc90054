"""Checks of the order of the two dates: what a data set states, and what the tone of its images betrays."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from minenetcd.display.words import counted
from minenetcd.examining.acquisition import parse_dates
from minenetcd.examining.audit.date_order import DateOrder, judge_date_order
from minenetcd.examining.audit.finding import Finding
from minenetcd.examining.examine import ExaminedSplit, PairFacts


def check_stated_dates(splits: Sequence[ExaminedSplit]) -> list[Finding]:
    """Pairs whose stated dates are the wrong way round, equal, or unreadable."""
    stated = [table for split in splits if (table := _stated(split)) is not None]
    if not stated:
        return []
    table = pd.concat(stated, ignore_index=True)
    same = (table["before_first"] == table["after_first"]) & (table["before_last"] == table["after_last"])
    certain = table["before_first"] == table["before_last"]  # one day, not one year
    return [
        *_rows(
            "error",
            "exchanged dates",
            "dated later before than after",
            table[table["before_first"] > table["after_last"]],
        ),
        *_rows("warning", "one date", "with one day for both images", table[same & certain]),
        *_rows("warning", "unreadable dates", "with a date that is not year-month-day", table[table["unread"]]),
    ]


def judge_tone(splits: Sequence[ExaminedSplit]) -> DateOrder:
    """The order of dates as the tone of the images tells it, over `comparable` pairs."""
    pairs = comparable(splits)
    return judge_date_order(np.stack([pair.tones for _, pair in pairs]) if pairs else np.empty((0, 2, 0)))


def check_tone(splits: Sequence[ExaminedSplit], order: DateOrder) -> list[Finding]:
    """Pairs that `order` doubts."""
    if not len(order.doubted):
        return []
    pairs = comparable(splits)
    names = tuple(f"{pairs[index][0]}/{pairs[index][1].name}" for index in order.doubted)
    message = (
        f"{counted(len(names), 'pair')} with the dates likely exchanged: in {order.agreement:.0%} of all pairs "
        "the tone of the images tells before from after, and in these it tells the reverse"
    )
    return [Finding("warning", "likely exchanged", message, names)]


def comparable(splits: Sequence[ExaminedSplit]) -> list[tuple[str, PairFacts]]:
    """Split and facts of all pairs that have as many bands as most."""
    counts = Counter(pair.bands for split in splits for pair in split.pairs)
    usual = counts.most_common(1)[0][0] if counts else None
    return [(split.split, pair) for split in splits for pair in split.pairs if pair.bands == usual]


def _stated(split: ExaminedSplit) -> pd.DataFrame | None:
    before, after = split.column("before_date"), split.column("after_date")
    if before is None or after is None:
        return None
    dates = [parse_dates(column).add_prefix(when) for when, column in (("before_", before), ("after_", after))]
    unread = [dates[0]["before_first"].isna() & before.notna(), dates[1]["after_first"].isna() & after.notna()]
    names = pd.Series([f"{split.split}/{pair.name}" for pair in split.pairs])
    return pd.concat(dates, axis=1).assign(name=names, unread=unread[0] | unread[1])


def _rows(level: Literal["error", "warning"], check: str, what: str, rows: pd.DataFrame) -> list[Finding]:
    if rows.empty:
        return []
    return [Finding(level, check, f"{counted(len(rows), 'pair')} {what}", tuple(rows["name"]))]
