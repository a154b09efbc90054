"""Each metric of two detectors side by side, and whether one is better or was lucky with these images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.significance import (
    MAIN,
    SEED,
    Interval,
    bootstrap,
    count_table,
    exchange_test,
    holm,
    interval,
    measure,
)
from minenetcd.explain.comparison.joint_counts import confusion


@dataclass(frozen=True)
class Difference:
    """A metric of both detectors, pooled; `interval` (95 %) and `p_value` of a - b over groups, where they can be had.

    `p_holm` is the p-value corrected for the number of metrics, for whoever picks one of them. None where a metric is
    undefined; interval and p-values also with fewer than two groups.
    """

    a: float | None
    b: float | None
    interval: Interval | None = None
    p_value: float | None = None
    p_holm: float | None = None

    @property
    def value(self) -> float | None:
        return None if self.a is None or self.b is None else self.a - self.b


def differences(
    by_group: Mapping[str, NDArray[np.int64]], metrics: Sequence[str] = MAIN, *, seed: int = SEED
) -> dict[str, Difference]:
    """Each metric of a and b, from joint counts (2, 2, 2) of groups; counts are pooled before dividing.

    The bootstrap and the exchange test are those of `evaluation.significance`, as in a benchmark.
    """
    tables = [by_group[group] for group in sorted(by_group)]
    counts = np.stack([count_table(confusion(table, side) for table in tables) for side in ("a", "b")])  # (2, N, 4)
    a, b = (Confusion(*row) for row in counts.sum(axis=1).tolist())
    pooled = {metric: (getattr(a, metric), getattr(b, metric)) for metric in metrics}
    if len(tables) < 2:
        return {metric: Difference(*pair) for metric, pair in pooled.items()}
    drawn = bootstrap(counts, seed=seed)
    p_values = {metric: float(found[0, 1]) for metric, found in exchange_test(counts, metrics, seed=seed).items()}
    corrected = dict(zip(metrics, holm(np.array(list(p_values.values()))).tolist(), strict=True))
    result = {}
    for metric, pair in pooled.items():
        if None in pair:
            result[metric] = Difference(*pair)
            continue
        gaps = interval(measure(drawn[0], metric) - measure(drawn[1], metric))
        result[metric] = Difference(*pair, gaps, p_values[metric], corrected[metric])
    return result
