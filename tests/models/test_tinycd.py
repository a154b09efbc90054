"""TinyCD against the published network, and its own promises."""

import pytest

from minenetcd.models.tinycd import TinyCD


def test_trunk_skips_blocks_as_rarely_as_the_full_network() -> None:
    rates = [[block.stochastic_depth.p for block in stage] for stage in TinyCD().trunk[1:]]
    assert rates[0][1] == pytest.approx(0.00625)
    assert rates[1][1:] == pytest.approx([0.01875, 0.025, 0.03125])
    assert rates[2][1:] == pytest.approx([0.04375, 0.05, 0.05625])
