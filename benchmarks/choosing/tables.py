"""Tables of what was measured, with what was decided by them and why."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from markdown_table import markdown

from choosing.deciding import (
    CANDIDATE,
    CHANGED,
    MOST_FALSE,
    as_chosen,
    best_candidate,
    best_of,
    best_rule,
    cells,
    false_share,
    gap,
    helps,
    summary,
    with_and_without,
)
from choosing.validation import ITSELF, NOTHING, REAL_DATES, Case


def overview(cases: Sequence[Case]) -> str:
    """How many pairs there are of each kind and scale, and the share of change in them."""
    rows = [
        {"kind": case.kind.split(":")[0], "scale": case.scale, "changed": np.mean(case.truth() == 1)} for case in cases
    ]
    found = pd.DataFrame(rows).groupby(["kind", "scale"], sort=False)["changed"].agg(["size", "mean"])
    shown = found.apply(lambda cell: f"{cell['size']:.0f} ({100 * cell['mean']:.1f} %)", axis=1).unstack()
    return f"\nPairs (and the mean share of change), by metres per pixel\n{markdown(in_order(shown).reset_index())}"


def rules_and_radii(rows: pd.DataFrame) -> str:
    """Every candidate without training, and which of each detector is chosen."""
    table = summary(rows)
    chosen = [f"- {name}: {_reason(rows, table, name)}" for name in table["detector"].unique()]
    shown = table[_is_near_best(table)].drop(columns=["tone", "coregister"])
    return (
        "\nThreshold rules and radii: mean F1 over the cells and mean average precision of the pairs, in hundredths; "
        "called changed where nothing was pasted, mean / 95th percentile, in percent. Shown are all rules at the best "
        f"radius of each detector, and all radii of its best rule.\n{markdown(_shown(shown))}\n\n"
        f"Chosen: the best mean F1 of those that call at most {100 * MOST_FALSE:.0f} % of an image against itself "
        "changed, with the least radius within one hundredth of it\n" + "\n".join(chosen)
    )


def thresholds(rows: pd.DataFrame) -> str:
    """The network with each threshold, and which is chosen."""
    table = summary(rows)
    (name,) = table["detector"].unique()
    return (
        f"\nThresholds of {name}, on the kinds least like its training; columns as above\n"
        f"{markdown(_shown(table.drop(columns=['smooth', 'tone', 'coregister'])))}\n\n"
        f"Chosen: the best mean F1 of those that call at most {100 * MOST_FALSE:.0f} % of an image against itself "
        f"changed: **{best_of(table, name)['rule']}**"
    )


def preparations(rows: pd.DataFrame) -> str:
    """Tone and co-registration, off and on, and what an image against itself shows by disturbance."""
    itself = rows[rows["kind"].str.startswith(ITSELF)]
    itself = itself.assign(share=false_share, how=itself["kind"].str.removeprefix(ITSELF))
    prepared = itself["tone"].map({True: " toned", False: ""}) + itself["coregister"].map(
        {True: " co-registered", False: ""}
    )
    shares = itself.groupby(["how", itself["detector"] + prepared], sort=False)["share"].mean()
    by = (100 * shares.unstack()).round(1)
    table = summary(rows)
    reasons = [_step(table, name, step) for step in ("coregister", "tone") for name in table["detector"].unique()]
    return (
        f"\nTone and co-registration\n{markdown(_shown(table))}\n\n"
        "On where the mean F1 rises, or stays within half a hundredth and less of an image against itself is changed\n"
        + "\n".join(filter(None, reasons))
        + "\n\nCalled changed of an image against itself, in percent\n"
        + markdown(by.reset_index())
    )


def without_training(rows: pd.DataFrame) -> str:
    """Detectors without training beside each other, each with its own rule and radius."""
    best = best_candidate(rows)[0]
    others = [name for name in rows["detector"].unique() if name != best]
    gaps = "\n".join(f"- {best} less {name}: {gap(of(rows, best), of(rows, name))}" for name in others)
    return f"{_by_scale_and_kind(rows)}\n\nThe best mean F1 has **{best}**, with 95 % intervals over the pairs\n{gaps}"


def network_against(rows: pd.DataFrame, network: str, classical: str) -> str:
    """The network and the detector without training, by scale, and what both say where nothing changed."""
    rows = as_chosen(rows)
    found = []
    shares = rows.assign(share=false_share).groupby(["detector", "kind", "scale"])["share"].mean()
    for scale in [*sorted(rows["scale"].unique(), key=_fineness), None]:
        shown = rows if scale is None else rows[rows["scale"] == scale]
        difference = gap(of(shown, network), of(shown, classical))
        line = {"metres per pixel": scale or "all, or unknown", f"F1 of {network} less that of {classical}": difference}
        for kind in (NOTHING, REAL_DATES):
            both = [shares[name, kind] for name in (network, classical)]
            means = [by.mean() if scale is None else by.get(scale, np.nan) for by in both]
            line[kind] = " / ".join(f"{100 * share:.1f}" for share in means)
        found.append({**line, "at least as good": "yes" if difference.mean >= 0 else "no"})
    seconds = rows.groupby("detector", sort=False)["seconds"].median().round(2)
    return (
        f"{_by_scale_and_kind(rows)}\n\n{network} against {classical}: difference of F1 with its 95 % interval over "
        "the pairs, in hundredths, and what each calls changed where nothing was pasted, in percent\n"
        f"{markdown(pd.DataFrame(found))}\n\nSeconds a megapixel (median): "
        + ", ".join(f"{name} {each}" for name, each in seconds.items())
    )


def _by_scale_and_kind(rows: pd.DataFrame) -> str:
    parts = []
    for by in ("scale", "kind"):
        f1 = cells(rows).groupby(["detector", by], sort=False)["f1"].mean().unstack(0)
        ap = rows[rows["kind"].isin(CHANGED)].groupby(["detector", by], sort=False)["ap"].mean().unstack(0)
        table = (100 * f1).round(1).astype(str) + " / " + (100 * ap).round(1).astype(str)
        parts.append(f"\nF1 / mean average precision by {by}, in hundredths\n{markdown(in_order(table).reset_index())}")
    return "\n".join(parts)


def second_opinion(rows: pd.DataFrame) -> str:
    """How true areas are that the other map confirms, against the others."""
    rows = rows.assign(confirmed=np.where(rows["agreement"] >= 0.5, "agreement >= 0.5", "agreement < 0.5"))
    rows["true pixels"] = rows["pixels"] * rows["true"]
    large = rows[rows["pixels"] >= 20]
    found = []
    for (detector, scale, confirmed), group in large.groupby(["of", "scale", "confirmed"], sort=False):
        found.append(
            {
                "map of": detector, "metres per pixel": scale, "": confirmed, "areas": len(group),
                "areas true by half": f"{100 * (group['true'] >= 0.5).mean():.0f} %",
                "pixels true": f"{100 * group['true pixels'].sum() / group['pixels'].sum():.0f} %",
            }
        )  # fmt: skip
    table = pd.DataFrame(found).sort_values(["map of", "metres per pixel", ""])
    return f"\nSecond opinion: areas of 20 pixels or more\n{markdown(table)}"


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Scales from fine to coarse, whether they are columns or rows."""
    if table.columns.name == "scale":
        return table[sorted(table.columns, key=_fineness)]
    return table.loc[sorted(table.index, key=_fineness)] if table.index.name == "scale" else table


def of(rows: pd.DataFrame, detector: str) -> pd.DataFrame:
    return rows[rows["detector"] == detector]


def _fineness(scale: str) -> float:
    """The first number of metres per pixel."""
    return float(scale.split("-")[0])


def _is_near_best(table: pd.DataFrame) -> "pd.Series[bool]":
    near = pd.Series(False, table.index)
    for detector in table["detector"].unique():
        best = best_of(table, detector)
        alike = (table["rule"] == best["rule"]) | (table["smooth"] == best["smooth"])
        near |= (table["detector"] == detector) & alike
    return near


def _reason(rows: pd.DataFrame, table: pd.DataFrame, detector: str) -> str:
    best, own = best_of(table, detector), table[table["detector"] == detector]
    _, rule, radius = best_rule(rows, detector)
    chosen = own[(own["rule"] == rule) & (own["smooth"] == radius)].iloc[0]
    words = f"**{rule}, smooth {radius}**: F1 {100 * chosen['f1']:.1f}, itself {100 * chosen['itself']:.2f} %"
    if best["itself"] > MOST_FALSE:
        return f"{words}; none is within {100 * MOST_FALSE:.0f} %, this is the least"
    if radius != best["smooth"]:
        words += f"; smooth {best['smooth']} has F1 {100 * best['f1']:.1f}"
    barred = own[(own["itself"] > MOST_FALSE) & (own["f1"] > chosen["f1"])]
    return f"{words}; barred with a better F1: {len(barred)}"


def _step(table: pd.DataFrame, detector: str, step: str) -> str:
    """The decision on a step, and by how much it moves what."""
    is_on, own = helps(table, detector, step), with_and_without(table, detector, step)
    if is_on is None:
        return ""
    columns = ("f1", "itself", NOTHING, REAL_DATES)
    moved = [f"{100 * own[name][False]:.1f} -> {100 * own[name][True]:.1f}" for name in columns]
    words = "F1 {}, itself {} %, nothing pasted {} %, real dates {} %".format(*moved)
    return f"- {detector}, {step}: {'on' if is_on else 'off'} ({words})"


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    shown = table[[name for name in CANDIDATE if name in table]].copy()
    shown["F1"], shown["average precision"] = (100 * table["f1"]).round(1), (100 * table["ap"]).round(1)
    for name in ("itself", NOTHING, REAL_DATES):
        mean, high = (100 * table[name]).round(1), (100 * table[f"{name}, 95th"]).round(1)
        shown[name] = mean.astype(str) + " / " + high.astype(str)
    return shown
