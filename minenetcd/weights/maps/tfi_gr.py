"""TFI-GR as published on the hub: HZDR-FWGEL/UCD-MNCD256-TFIGR; the authors' own network is the same.

The authors' weights have one class and take the after image first. The classifier of the ResNet-18 and two of the
decoder's three blocks never run and are dropped. In the published names levels and rounds are told by a digit.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.maps._same_numbers import SAME_NUMBERS
from minenetcd.weights.method import PublishedMethod


def _block(theirs: str, ours: str) -> Rules:
    return ((f"{theirs}.0", f"{ours}.conv"), (f"{theirs}.1", f"{ours}.norm"))


RULES: Rules = (
    ("backbone.fc", None),
    ("backbone", "trunk"),
    *_block("TFIM{}.conv_sub", "interaction.level{}.difference"),
    *_block("TFIM{}.conv_diff_enh1", "interaction.level{}.enhance_before"),
    *_block("TFIM{}.conv_diff_enh2", "interaction.level{}.enhance_after"),
    *_block("TFIM{}.conv_cat", "interaction.level{}.merge"),
    *_block("TFIM{}.conv_dr", "interaction.level{}.reduce"),
    ("CIEM{}.ca", "round{}.attention"),
    *_block("CIEM{}.conv_dr", "round{}.fuse"),
    ("CIEM{}.conv_pool1.1", "round{}.guides.level3"),
    ("CIEM{}.conv_pool2.1", "round{}.guides.level4"),
    ("CIEM{}.conv_pool3.1", "round{}.guides.level5"),
    *_block("GRM{}.conv_d{}", "round{}.refine.level{}"),
    ("decoder.conv_sum2", None),
    ("decoder.conv_sum3", None),
    *_block("decoder.conv_sum1", "merge"),
    ("decoder.cls", "head"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="TFI_GR", table="TFI_GR", label="TFI-GR", averaged=True, notes=SAME_NUMBERS)
