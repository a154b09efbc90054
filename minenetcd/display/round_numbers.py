"""Round numbers for scales and legends: 1, 2 or 5 times a power of ten."""

import math


def round_numbers(low: float, high: float) -> list[float]:
    """All of them from `low` to `high`, both above 0, ascending."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [step for step in steps if low <= step <= high]


def round_down(value: float) -> float:
    """The largest one that is not above `value`."""
    return round_numbers(value / 10, value)[-1]
