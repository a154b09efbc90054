"""FC-EF as published on the hub: HZDR-FWGEL/UCD-MNCD256-FCEF.

A published name such as conv43d holds level (4) and unit (3), and `d` for the decoder.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("conv11d", "head"),
    ("conv{}{}d", "decoder.level{}.merge.unit{}.conv"),
    ("bn{}{}d", "decoder.level{}.merge.unit{}.norm"),
    ("upconv{}", "decoder.level{}.up"),
    ("conv{}{}", "encoder.level{}.unit{}.conv"),
    ("bn{}{}", "encoder.level{}.unit{}.norm"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="FC-EF", table="FC-EF", chosen_on_test=True)
