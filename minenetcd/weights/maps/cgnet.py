"""CGNet as published on the hub: HZDR-FWGEL/UCD-MNCD256-CGNet; the authors' network has the same tensors.

`up_layer2` to `up_layer4` never run and are dropped.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.maps._change_guide import TRUNK_AND_DATES, guide_rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    *TRUNK_AND_DATES,
    *guide_rules("decoder.level{}.attend"),
    ("up_layer{}", None),
    ("decoder.0.conv", "guide.0.conv"),
    ("decoder.0.bn", "guide.0.norm"),
    ("decoder.1", "guide.1"),
    ("decoder_module{}.conv", "decoder.level{}.merge.conv"),
    ("decoder_module{}.bn", "decoder.level{}.merge.norm"),
    ("decoder_final.0.conv", "head.0.conv"),
    ("decoder_final.0.bn", "head.0.norm"),
    ("decoder_final.1", "head.1"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="CGNet", table="CGNet")
