"""All pairs as one table."""

from collections.abc import Sequence

import pandas as pd

from minenetcd.display.escaping import csv_text
from minenetcd.monitoring.pairs.run import PairOutcome

DONE, FAILED = "done", "failed"

#: Between warnings in one cell.
BETWEEN = " | "


def summary_frame(outcomes: Sequence[PairOutcome]) -> pd.DataFrame:
    """A row a pair, in the order of `outcomes`. Cells are None where nothing is."""
    frame = pd.DataFrame(list(map(_row, outcomes)))
    return frame.astype({"polygons": "Int64", "changed_pixels": "Int64"})


def summary_csv(frame: pd.DataFrame) -> str:
    """As CSV."""
    return csv_text(frame)


def _row(outcome: PairOutcome) -> dict[str, object]:
    pair, found = outcome.pair, outcome.finished
    place = (None, None) if found is None or found.place is None else found.place
    return {
        "id": pair.id,
        "status": FAILED if found is None else DONE,
        "hectares": found and found.hectares,
        "changed_pixels": found and found.changed_pixels,
        "changed_share": found and found.changed_share,
        "polygons": found and found.polygons,
        "seconds": found and round(found.seconds, 2),
        "date_before": found and found.date_before,
        "date_after": found and found.date_after,
        "detector": found and found.detector,
        "threshold": found and found.threshold,
        "longitude": place[0],
        "latitude": place[1],
        "before": pair.before,
        "after": pair.after,
        "warnings": found and BETWEEN.join(found.warnings),
        "error": outcome.error,
    }
