"""SNUNet as the unified framework publishes it; the authors' release (SNUNet-ECAM) has the same names.

The authors' weights need `attention_max_pooling=True` instead.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("conv{}_0", "encoder.{}"),
    ("conv{}_{}", "nodes.{}_{}"),
    ("Up{}_{}.up", "enlarge.{}_{}"),
    ("ca", "ensemble.across"),
    ("ca1", "ensemble.within"),
    ("conv_final", "head"),
)

OPTIONS: dict[str, Any] = {"attention_max_pooling": False}

PUBLISHED = PublishedMethod(framework="SNUNet", table="SNUNet", chosen_on_test=True, averaged=True)
