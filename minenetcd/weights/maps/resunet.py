"""ResUnet as published on the hub: HZDR-FWGEL/UCD-MNCD256-ResUnet."""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("input_layer", "encoder.0.main"),
    ("input_skip.0", "encoder.0.shortcut"),
    ("residual_conv_{}.conv_block", "encoder.{}.main"),
    ("residual_conv_{}.conv_skip", "encoder.{}.shortcut"),
    ("bridge.conv_block", "encoder.4.main"),
    ("bridge.conv_skip", "encoder.4.shortcut"),
    ("upsample_{}.upsample", "decoder.step{}.up"),
    ("up_residual_conv5.conv_block", "refine.main"),
    ("up_residual_conv5.conv_skip", "refine.shortcut"),
    ("up_residual_conv{}.conv_block", "decoder.step{}.merge.main"),
    ("up_residual_conv{}.conv_skip", "decoder.step{}.merge.shortcut"),
    ("output_layer.0.conv_block", "head.main"),
    ("output_layer.0.conv_skip", "head.shortcut"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="ResUnet", table="ResUnet", chosen_on_test=True, averaged=True)
