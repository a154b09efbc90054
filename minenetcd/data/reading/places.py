"""What a table says of where and when its pairs were taken."""

from collections.abc import Iterable

import pandas as pd

#: The columns of `ChangeDataset.places`, spelt so in every table.
PLACE_COLUMNS = (
    *("site", "country", "row", "column", "crs", "left", "bottom", "right", "top"),
    *("before_date", "after_date"),
)


def place_columns(columns: Iterable[str]) -> list[str]:
    """Those of `columns` that say where a pair lies, in the usual order."""
    present = set(columns)
    return [name for name in PLACE_COLUMNS if name in present]


def places_of(table: pd.DataFrame) -> pd.DataFrame | None:
    """The place columns of `table`, rows numbered from 0; None without any."""
    known = place_columns(table.columns)
    return table[known].reset_index(drop=True) if known else None
