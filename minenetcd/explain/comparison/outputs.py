"""What `minenetcd compare` leaves: numbers, a row for each part and group, and the sheets."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.constants import VERSION
from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style
from minenetcd.evaluation.significance import McNemar
from minenetcd.explain.comparison.comparison import Comparison
from minenetcd.explain.comparison.differences import differences
from minenetcd.explain.comparison.joint_counts import confusion, only_right
from minenetcd.explain.comparison.sheet import differences_sheet, groups_figure
from minenetcd.files import staged_files, write_json, write_text

NUMBERS, PARTS, GROUP_TABLE = "comparison.json", "per_part.csv", "per_group.csv"
SHEET, GROUPS = "differences.png", "groups.png"
_NOTE = (
    "The p-value of McNemar's test takes pixels as independent, which they are not: it is far too small. Intervals and "
    "p-values of metrics resample groups; p_holm is corrected for the number of metrics, for whoever picks one of them."
)


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """Everything measured, as plain values; what is undefined is None."""
    joint = comparison.joint
    record: dict[str, Any] = {
        "software": f"minenetcd {VERSION}",
        "a": comparison.a,
        "b": comparison.b,
        "source": comparison.source,
        "parts": len(joint.names),
        "groups": len(joint.by_group),
        "part": joint.part,
        "group": joint.group,
        "differing_pixels": int(joint.differing.sum()),
        "counted_pixels": int(joint.total.sum()),
        "hectares_only_a": None if comparison.hectares is None else comparison.hectares[0],
        "hectares_only_b": None if comparison.hectares is None else comparison.hectares[1],
    }
    if not joint.has_truth:
        (neither, only_b), (only_a, both) = joint.total.tolist()
        return record | {"pixels": {"neither": neither, "only_a": only_a, "only_b": only_b, "both": both}}
    test = McNemar(only_right(joint.total, "a"), only_right(joint.total, "b"))
    return record | {
        "joint_counts": {"axes": ["truth", "a", "b"], "pixels": joint.total.tolist()},
        "mcnemar": {**asdict(test), "statistic": test.statistic, "p_value": test.p_value},
        "metrics": {
            metric: {
                "a": found.a,
                "b": found.b,
                "difference": found.value,
                "interval_95": None if found.interval is None else list(found.interval),
                "p_value": found.p_value,
                "p_holm": found.p_holm,
            }
            for metric, found in differences(joint.by_group).items()
        },
        "note": _NOTE,
    }


def write_comparison(comparison: Comparison, out: str | Path) -> dict[str, Any]:
    """Write comparison.json, per_part.csv, differences.png and, with a truth, per_group.csv and groups.png into `out`.

    All of them, or none. Returns the record of comparison.json. OutputError where `out` cannot be written.
    """
    record, joint = comparison_record(comparison), comparison.joint
    per_part = {name: counts for name, counts in zip(joint.names, joint.counts, strict=True)}
    with staged_files(out, (NUMBERS, PARTS), optional=(SHEET, GROUP_TABLE, GROUPS)) as folder:
        write_json(folder / NUMBERS, record)
        write_text(folder / PARTS, _table(per_part, "name").assign(group=list(joint.groups)).to_csv(index=False))
        with figure_style():
            if comparison.examples:
                save_figure(differences_sheet(comparison), folder / SHEET)
            if joint.has_truth:
                save_figure(groups_figure(comparison), folder / GROUPS)
        if joint.has_truth:
            write_text(folder / GROUP_TABLE, _table(joint.by_group, "group").to_csv(index=False))
    return record


def _table(by_name: Mapping[str, NDArray[np.int64]], heading: str) -> pd.DataFrame:
    """A row for each table of joint counts: who alone is right, and F1 and cIoU of both; who alone sees change."""
    rows = []
    for name, counts in by_name.items():
        if counts.ndim == 2:
            (neither, only_b), (only_a, both) = counts.tolist()
            rows.append({heading: name, "neither": neither, "only_a": only_a, "only_b": only_b, "both": both})
            continue
        a, b = confusion(counts, "a"), confusion(counts, "b")
        row = {heading: name, "pixels": a.pixels}
        row |= {f"only_{side}_right": only_right(counts, side) for side in ("a", "b")}
        rows.append(row | {"f1_a": a.f1, "f1_b": b.f1, "ciou_a": a.ciou, "ciou_b": b.ciou})
    return pd.DataFrame(rows, dtype=object)
