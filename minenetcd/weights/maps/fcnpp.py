"""FCNPP as published on the hub: HZDR-FWGEL/UCD-MNCD256-FCNPP.

These weights were trained with a magnified pyramid.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("inc.double_conv", "encoder.0"),
    ("down{}.maxpool_conv.1.double_conv", "encoder.{}"),
    ("aspp.image_pooling.conv", "pyramid.pooled.conv"),
    ("aspp.image_pooling.bn", "pyramid.pooled.norm"),
    ("aspp.aspp0.conv", "pyramid.local.conv"),
    ("aspp.aspp0.bn", "pyramid.local.norm"),
    ("aspp.aspp{}.block.depthwise", "pyramid.dilated.rate{}.depthwise.conv"),
    ("aspp.aspp{}.block.bn_depth", "pyramid.dilated.rate{}.depthwise.norm"),
    ("aspp.aspp{}.block.pointwise", "pyramid.dilated.rate{}.pointwise.conv"),
    ("aspp.aspp{}.block.bn_point", "pyramid.dilated.rate{}.pointwise.norm"),
    ("aspp.conv", "pyramid.merge.conv"),
    ("aspp.bn", "pyramid.merge.norm"),
    ("up{}.conv.double_conv", "decoder.step{}"),
    ("outc.conv", "head"),
)

OPTIONS: dict[str, Any] = {"magnify_pyramid": True}

PUBLISHED = PublishedMethod(framework="FCNPP", table="FCNPP", chosen_on_test=True)
