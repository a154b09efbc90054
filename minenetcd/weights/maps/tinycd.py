"""TinyCD as the unified framework publishes it; the authors' releases have the same names and the same network.

The unified framework's weights were trained on images in [0, 1], the authors' on ImageNet mean and deviation.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("_backbone", "trunk"),
    ("_first_mix._mixing._convmix", "image_mask.mix"),
    ("_first_mix._linear._linears", "image_mask.score"),
    ("_mixing_mask.{}._mixing._convmix", "feature_masks.{}.mix"),
    ("_mixing_mask.{}._linear._linears", "feature_masks.{}.score"),
    ("_mixing_mask.2._convmix", "deep_mix"),
    ("_up.{}._convolution", "decoder.{}.refine"),
    ("_classify._linears", "classify"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="Tiny_CD", table="TinyCD")
