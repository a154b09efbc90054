"""What becomes 0 and 1, or 0 and 255, of a file's numbers."""

import numpy as np
import pytest

from minenetcd.geo.values import same_limits, stretch_limits, to_eight_bits, value_limits


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_training_data_are_stretched_as_detectors_see_them(dtype: str) -> None:
    """A patch of 8 bits holds, to half a level, what a detector is given of the scene it was cut from."""
    scene = np.random.default_rng(0).integers(50, 4000, (40, 50, 3)).astype(dtype)
    limits = value_limits(scene)
    np.testing.assert_array_equal(limits, stretch_limits(scene.reshape(-1, 3)))
    unit = np.clip((scene.astype(np.float32) - limits.low) / (limits.high - limits.low), 0, 1)
    assert np.abs(to_eight_bits(scene, limits) / 255 - unit).max() <= 0.5 / 255 + 1e-6


def test_eight_bits_of_a_given_range_are_cut_off_at_both_ends() -> None:
    pixels = np.array([[[-3.0], [10.0], [20.0], [999.0], [np.nan]]])
    assert to_eight_bits(pixels, same_limits(10, 30, bands=1)).ravel().tolist() == [0, 0, 128, 255, 0]


def test_where_nothing_is_valid_the_range_is_0_to_1() -> None:
    for limits in (stretch_limits(np.empty((0, 2))), value_limits(np.ones((3, 3, 2)), np.zeros((3, 3), bool))):
        assert [x.tolist() for x in limits] == [[0, 0], [1, 1]]
