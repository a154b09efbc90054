"""How a prediction is printed on the command line."""

import sys
from typing import TYPE_CHECKING

from minenetcd.cli.console import counted, digits

if TYPE_CHECKING:
    from minenetcd.evaluation.confusion import Confusion
    from minenetcd.prediction.result import ScenePrediction


def print_prediction(result: "ScenePrediction") -> None:
    """Warnings to the error stream; what changed and where it is written to the output."""
    for warning in result.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    changed = f"{result.changed_pixels:,} pixels" if result.hectares is None else f"{result.hectares:,.2f} ha"
    places = counted(len(result.polygons), "place")
    print(f"{changed} changed in {places}, {result.changed_share:.1%} of what both images show")
    for what, path in zip(("Map", "Probability", "Polygons", "Report"), result.saved or (), strict=False):
        print(f"  {what:<12} {path}")


def print_scores(counts: "Confusion") -> None:
    """F1 and cIoU against a truth."""
    for name, value in (("F1", counts.f1), ("cIoU", counts.ciou)):
        print(f"  {name:<12} {digits(value)}")
