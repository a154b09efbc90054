"""What `minenetcd compare` leaves: numbers, a row for each part and group, and the sheets."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.constants import VERSION
from minenetcd.display.escaping import csv_text
from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style
from minenetcd.evaluation.significance import McNemar
from minenetcd.explain.comparison.comparison import Comparison, prediction_folder
from minenetcd.explain.comparison.differences import differences
from minenetcd.explain.comparison.joint_counts import confusion, only_right
from minenetcd.explain.comparison.sheet import differences_sheet, groups_figure
from minenetcd.files import check_not_input, staged_files, write_json, write_text
from minenetcd.prediction.outputs import PATTERNS

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


@contextmanager
def staged_comparison(
    out: str | Path, rasters: Iterable[Path] = (), *, inputs: Iterable[str | Path] = ()
) -> Iterator[Path]:
    """A folder for what `write_comparison` and, of two images, `compare_on_scene` write: the latter `rasters`.

    At the end all of it appears in `out` or nothing, in place of an earlier comparison's files. OutputError where
    `out` cannot be written, or one of the `inputs` would be replaced.
    """
    new = {*map(Path, rasters)}
    earlier = _earlier_rasters(Path(out)) - new
    check_not_input(out, (*new, *earlier), inputs)
    optional = (SHEET, GROUP_TABLE, GROUPS, *map(str, earlier))
    with staged_files(out, (NUMBERS, PARTS, *map(str, new)), optional=optional) as folder:
        yield folder


def write_comparison(comparison: Comparison, folder: Path) -> dict[str, Any]:
    """Write comparison.json, per_part.csv, differences.png and, with a truth, per_group.csv and groups.png.

    `folder` is that of `staged_comparison`. Returns the record of comparison.json.
    """
    record, joint = comparison_record(comparison), comparison.joint
    per_part = {name: counts for name, counts in zip(joint.names, joint.counts, strict=True)}
    write_json(folder / NUMBERS, record)
    write_text(folder / PARTS, csv_text(_table(per_part, "name").assign(group=list(joint.groups))))
    with figure_style():
        if comparison.examples:
            save_figure(differences_sheet(comparison), folder / SHEET)
        if joint.has_truth:
            save_figure(groups_figure(comparison), folder / GROUPS)
    if joint.has_truth:
        write_text(folder / GROUP_TABLE, csv_text(_table(joint.by_group, "group")))
    return record


def _earlier_rasters(out: Path) -> set[Path]:
    """Of an earlier comparison of two images: its difference, and the files of the predictions it names."""
    found = {path.relative_to(out) for path in out.glob("difference.*") if path.suffix in (".tif", ".png")}
    if not found or not (out / NUMBERS).exists():
        return set()
    record = json.loads((out / NUMBERS).read_text(encoding="utf-8"))
    folders = [out / prediction_folder(record[side]) for side in ("a", "b")]
    return found | {path.relative_to(out) for folder in folders for kind in PATTERNS for path in folder.glob(kind)}


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
