"""HCGMNet as published on the hub: HZDR-FWGEL/UCD-MNCD256-HCGMNet; the authors' network has the same tensors.

`up_layer*` refine and do not enlarge; `deocde` is spelt so.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.maps._change_guide import TRUNK_AND_DATES, guide_rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    *TRUNK_AND_DATES,
    *guide_rules("attend.level{}"),
    ("up_layer{}.conv", "refine.level{}.conv"),
    ("up_layer{}.bn", "refine.level{}.norm"),
    ("deocde.3", "guide.3"),
    ("deocde.{}.conv", "guide.{}.conv"),
    ("deocde.{}.bn", "guide.{}.norm"),
    ("deocde_final.3", "head.3"),
    ("deocde_final.{}.conv", "head.{}.conv"),
    ("deocde_final.{}.bn", "head.{}.norm"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="HCGMNet", table="HCGMNet")
