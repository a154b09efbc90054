"""The rules that decide, by counts of candidates on validation pairs.

F1 is that of pooled counts in each cell (a kind of pasted change at one scale), and the mean over the cells of a scale,
or over all of them: no scale and no kind counts more for having more pixels.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from disturbances import LIKE_CHANGE

from choosing.measuring import Candidate
from choosing.validation import ITSELF, NOTHING, PASTED, REAL_DATES
from minenetcd.evaluation.significance import SEED, bootstrap, measure

#: Of an image against itself, what may be called changed in the mean.
MOST_FALSE = 0.02
#: Of F1: what a smaller radius may cost.
NEARLY = 0.01
CANDIDATE = ["detector", "rule", "smooth", "tone", "coregister"]
_COUNTS = ["tp", "fp", "fn", "tn"]
CHANGED = [kind for kind in PASTED if kind != NOTHING]
_DRAWS = 2000


def best_rule(rows: pd.DataFrame, detector: str) -> tuple[str, str, int]:
    """Detector, rule and radius: the best mean F1 of what is allowed, but the least radius that is nearly as good.

    Pastes are compact, so that wide windows cost them nothing, where real change may be thin.
    """
    table = summary(rows)
    best = best_of(table, detector)
    alike = (table["detector"] == detector) & (table["rule"] == best["rule"])
    nearly = alike & (table["f1"] >= best["f1"] - NEARLY) & (table["itself"] <= max(MOST_FALSE, best["itself"]))
    return detector, str(best["rule"]), int(table[nearly]["smooth"].min())


def helps(table: pd.DataFrame, detector: str, step: str) -> bool | None:
    """Whether a step helps a detector: co-registration, or after it tone; None where it was not measured."""
    own = with_and_without(table, detector, step)
    if len(own) < 2:
        return None
    f1, itself = own["f1"], own["itself"]
    return bool(f1[True] > f1[False] or (f1[True] > f1[False] - 0.005 and itself[True] < itself[False]))


def with_and_without(table: pd.DataFrame, detector: str, step: str) -> pd.DataFrame:
    own = table[(table["detector"] == detector) & (table["coregister"] | (step == "coregister"))]
    return own[~own["tone"] | (step == "tone")].set_index(step)


def with_best_rules(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each detector the rows of its best rule and radius."""
    best = [best_rule(rows, detector) for detector in rows["detector"].unique()]
    kept = [(rows["detector"] == of) & (rows["rule"] == rule) & (rows["smooth"] == radius) for of, rule, radius in best]
    return rows[np.any(kept, axis=0)]


def best_candidate(rows: pd.DataFrame) -> tuple[str, str, int]:
    """Detector, rule and radius of the best mean F1 over the cells."""
    best = summary(rows).sort_values("f1").iloc[-1]
    return str(best["detector"]), str(best["rule"]), int(best["smooth"])


def chosen_candidate(rows: pd.DataFrame, detector: str) -> Candidate:
    """A detector as it is best."""
    kept = as_chosen(rows)
    rule, smooth, tone, coregister = kept[kept["detector"] == detector][CANDIDATE[1:]].iloc[0]
    return Candidate(detector, str(rule), int(smooth), bool(tone), bool(coregister))


def as_chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """Each detector with the steps that help it; where a step was not measured with and without, as it was measured."""
    table = summary(rows)
    kept = []
    for name in rows["detector"].unique():
        own = rows["detector"] == name
        for step in ("coregister", "tone"):
            is_on = helps(table, name, step)
            own &= True if is_on is None else rows[step] == is_on
        kept.append(own)
    return rows[np.any(kept, axis=0)]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One line for each candidate: F1, average precision, and shares called changed where nothing was pasted."""
    table = cells(rows).groupby(CANDIDATE, sort=False)["f1"].mean().to_frame()
    table["ap"] = rows[rows["kind"].isin(CHANGED)].groupby(CANDIDATE, sort=False)["ap"].mean()
    like_change = [ITSELF + how for how in LIKE_CHANGE]
    unchanged = {
        "itself": rows["kind"].str.startswith(ITSELF) & ~rows["kind"].isin(like_change),
        NOTHING: rows["kind"] == NOTHING,
        REAL_DATES: rows["kind"] == REAL_DATES,
    }
    for name, where in unchanged.items():
        shares = rows[where].assign(share=false_share).groupby(CANDIDATE, sort=False)["share"]
        table[name], table[f"{name}, 95th"] = shares.mean(), shares.quantile(0.95)
    return table.reset_index()


def best_of(table: pd.DataFrame, detector: str) -> pd.Series:
    own = table[table["detector"] == detector]
    allowed = own[own["itself"] <= MOST_FALSE]
    return allowed.loc[allowed["f1"].idxmax()] if len(allowed) else own.loc[own["itself"].idxmin()]


def cells(rows: pd.DataFrame) -> pd.DataFrame:
    """F1 of pooled counts by candidate, kind of pasted change and scale."""
    changed = rows[rows["kind"].isin(CHANGED)]
    cells = changed.groupby([*CANDIDATE, "kind", "scale"], sort=False)[_COUNTS].sum().reset_index()
    return cells.assign(f1=2 * cells["tp"] / (2 * cells["tp"] + cells["fp"] + cells["fn"]).clip(lower=1))


def false_share(rows: pd.DataFrame) -> pd.Series:
    return (rows["tp"] + rows["fp"]) / rows[_COUNTS].sum(axis=1).clip(lower=1)


class Gap(NamedTuple):
    """By how much the mean F1 over cells of one candidate is above another's, and its middle 95 % over the pairs."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        """In hundredths."""
        return f"{100 * self.mean:+.1f} ({100 * self.low:+.1f} to {100 * self.high:+.1f})"


def gap(one: pd.DataFrame, other: pd.DataFrame) -> Gap:
    """Of the rows of two candidates on the same pairs; pairs are drawn again within their cells."""
    both = [rows[rows["kind"].isin(CHANGED)].sort_values(["kind", "scale", "pair"]) for rows in (one, other)]
    drawn = []
    for number, (_, cell) in enumerate(both[0].groupby(["kind", "scale"], sort=False).indices.items()):
        counts = np.stack([rows.iloc[cell][_COUNTS] for rows in both])
        drawn.append(measure(bootstrap(counts, draws=_DRAWS, seed=SEED + number), "f1"))
    means = np.nan_to_num(drawn).mean(axis=0)
    low, high = np.quantile(means[0] - means[1], (0.025, 0.975))
    return Gap(cells(one)["f1"].mean() - cells(other)["f1"].mean(), float(low), float(high))
