"""What an estimate leaves behind: numbers for programs, tables for spreadsheets, a page for people."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from minenetcd.accuracy.estimation.certified import CertifiedZone
from minenetcd.accuracy.estimation.outcome import AccuracyEstimate, ClassEstimate, Measured
from minenetcd.accuracy.estimation.report import render_report
from minenetcd.constants import VERSION
from minenetcd.display.escaping import csv_text
from minenetcd.files import staged_files, write_json, write_text

NUMBERS, PAGE, AREAS, MATRIX = "accuracy.json", "accuracy.html", "areas.csv", "error_matrix.csv"


def write_estimate(found: AccuracyEstimate, out: str | Path) -> list[Path]:
    """Write accuracy.json, accuracy.html, areas.csv and error_matrix.csv to the folder `out`, all or none."""
    names = (NUMBERS, PAGE, AREAS, MATRIX)
    with staged_files(out, names) as folder:
        write_json(folder / NUMBERS, as_json(found))
        write_text(folder / PAGE, render_report(found))
        write_text(folder / AREAS, csv_text(pd.DataFrame([_flat(each) for each in found.classes])))
        write_text(folder / MATRIX, csv_text(_matrix(found)))
    return [Path(out) / name for name in names]


def as_json(found: AccuracyEstimate) -> dict[str, Any]:
    """Plain values; areas in hectares, shares from 0 to 1, None where something is not defined."""
    return {
        "about": dict(found.about),
        "software": f"minenetcd {VERSION}",
        "warnings": list(found.warnings),
        "hectares": found.hectares,
        "points": {"judged": found.judged, "unsure": found.unsure, "drawn": sum(each.points for each in found.strata)},
        "overall_accuracy": _measured(found.overall),
        "classes": {
            each.name: {
                "mapped_hectares": each.mapped_hectares,
                "hectares": _measured(each.hectares),
                "users_accuracy": _measured(each.users)
                | {"exact_interval_95": None if each.users_exact is None else list(each.users_exact)},
                "producers_accuracy": _measured(each.producers),
            }
            for each in found.classes
        },
        "change": None if found.change is None else found.names[found.change],
        "error_matrix": {"rows": "map", "columns": "reference", "classes": found.names}
        | {"points": found.matrix.tolist(), "shares": found.proportions.tolist()},
        "strata": [asdict(each) for each in found.strata],
        "hectares_if_all_unsure_are": {
            name: dict(zip(found.names, areas, strict=True)) for name, areas in found.if_unsure.items()
        },
        "certified_zone": None if found.certified is None else _zone(found.certified),
    }


def _measured(found: Measured) -> dict[str, Any]:
    return {
        "value": found.value,
        "standard_error": found.standard_error,
        "interval_95": None if found.low is None else [found.low, found.high],
    }


def _zone(found: CertifiedZone) -> dict[str, Any]:
    tested = [{**asdict(zone), "wrong_below": zone.bound} for zone in found.tested]
    return {
        "error_below": found.error_below,
        "certainty": 0.95,
        "confidence": None if found.last is None else found.last.confidence,
        "hectares": None if found.last is None else found.last.hectares,
        "zones": "strata, each by itself" if found.by_strata else "one within the other",
        "tested": tested,
        "passed": found.passed,
    }


def _flat(each: ClassEstimate) -> dict[str, Any]:
    """A row of areas.csv."""
    row: dict[str, Any] = {"class": each.name, "mapped_ha": each.mapped_hectares}
    for name, found, unit in (
        ("estimated", each.hectares, "_ha"),
        ("users_accuracy", each.users, ""),
        ("producers_accuracy", each.producers, ""),
    ):
        row |= {
            f"{name}{unit}": found.value,
            f"{name}_standard_error{unit}": found.standard_error,
            f"{name}_low{unit}": found.low,
            f"{name}_high{unit}": found.high,
        }
    return row


def _matrix(found: AccuracyEstimate) -> pd.DataFrame:
    """Points, then shares of the map, by map (row) and reference (column)."""
    points = pd.DataFrame(found.matrix, columns=found.names)
    shares = pd.DataFrame(found.proportions, columns=[f"{name}, share of the map" for name in found.names])
    table = pd.concat([points, shares], axis=1)
    table.insert(0, "map", found.names)
    return table
