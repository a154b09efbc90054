"""MSPSNet as published on the hub: HZDR-FWGEL/UCD-MNCD256-MSPSNet; the authors' own network has the same names.

Four convolutions, `c1_conv` to `c4_conv`, never run and are dropped.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("c{}_conv", None),
    ("conv0_0", "stem"),
    ("conv0", "encoder.0"),
    ("conv2", "encoder.1"),
    ("conv4", "encoder.2"),
    ("conv5", "encoder.3"),
    ("conv6_{}_{}", "integrate.scale{}.dilated.rate{}"),
    ("conv{}_1", "integrate.scale{}.merge"),
    ("cam_attention_{}.attn.0", "refine.scale{}.condense.conv"),
    ("cam_attention_{}.attn.1", "refine.scale{}.condense.norm"),
    ("cam_attention_{}.attn.2", "refine.scale{}.condense.act"),
    ("cam_attention_{}.attn.3", "refine.scale{}.attend"),
    ("cam_attention_{}.attn.4", "refine.scale{}.expand.conv"),
    ("cam_attention_{}.attn.5", "refine.scale{}.expand.norm"),
    ("cam_attention_{}.attn.6", "refine.scale{}.expand.act"),
    ("conv6", "reduce"),
    ("conv7", "classify"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="MSPSNet", table="MSPSNet")
