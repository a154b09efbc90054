"""Numbers that single precision does not hold."""

import numpy as np
import pytest

from minenetcd.geo.values import pair_limits, range_limits, to_eight_bits


@pytest.mark.parametrize(
    ("dtype", "offset"), [("uint32", 4_000_000_000), ("int64", 2**45), ("uint64", 2**45), ("float64", 1e9)]
)
def test_what_lies_far_from_zero_is_seen_as_what_lies_near_it(dtype: str, offset: float) -> None:
    near = np.random.default_rng(0).integers(0, 200, (2, 40, 40, 3)).astype("uint16")
    far = near.astype(dtype) + np.array(offset, dtype)
    for date in (0, 1):
        seen = [to_eight_bits(pair[date], pair_limits(*pair)[date]) for pair in (near, far)]
        assert np.array_equal(*seen)
    asked = range_limits((offset, offset + 200), 3)
    assert np.array_equal(to_eight_bits(far[0], asked), to_eight_bits(near[0], range_limits((0, 200), 3)))
