import io

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from minenetcd.evaluation.by_site import pool, site_table
from minenetcd.evaluation.confusion import METRICS, Confusion


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_pooling_adds_up_and_loses_nothing(rows: list[tuple[str, int, int]]) -> None:
    counts = [Confusion(tp=tp, fn=fn) for _, tp, fn in rows]
    pooled = pool((row[0] for row in rows), counts)
    assert sum(pooled.values(), Confusion()) == sum(counts, Confusion())
    assert list(pooled) == sorted({row[0] for row in rows})


def test_a_site_without_change_has_empty_cells() -> None:
    table = site_table({"quiet": Confusion(tn=9), "busy": Confusion(tp=1, fp=1, fn=0, tn=2)})
    assert list(table.columns) == ["site", "tp", "fp", "fn", "tn", *METRICS]
    assert table["f1"].tolist() == [None, 2 / 3] and table["tn"].tolist() == [9, 2]
    text = table.to_csv(index=False)
    assert "nan" not in text.lower() and text.splitlines()[1].startswith("quiet,0,0,0,9,1.0,,,")
    assert pd.read_csv(io.StringIO(text))["oa"].tolist() == [1.0, 0.75]
