"""AFCF3D-Net as published on the hub: HZDR-FWGEL/UCD-MNCD256-AFCF3D; the authors' own network has the same names.

Left over from a variant supervised at every scale, and dropped: `superD`, `superout`, `downT0` and the first fusion's
`conv_down`. None reaches an output.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.maps._same_numbers import SAME_NUMBERS
from minenetcd.weights.method import PublishedMethod

_FUSE, _OUT = "decoder.AFCF_fuse", "decoder.output"


def _temporal(theirs: str, ours: str) -> Rules:
    return (
        (f"{theirs}.conv3d_spatial", f"{ours}.spatial"),
        (f"{theirs}.conv3d_time_1.weight", f"{ours}.past"),
        (f"{theirs}.conv3d_time_2.weight", f"{ours}.present"),
        (f"{theirs}.conv3d_time_3.weight", f"{ours}.future"),
    )


def _unit(theirs: str, ours: str) -> Rules:
    return ((f"{theirs}.conv_bn.0", f"{ours}.conv"), (f"{theirs}.conv_bn.1", f"{ours}.norm"))


def _attention(theirs: str, ours: str) -> Rules:
    return (
        (f"{theirs}.conv1", f"{ours}.shared.conv"),
        (f"{theirs}.bn1", f"{ours}.shared.norm"),
        (f"{theirs}.conv2", f"{ours}.row_gate"),
        (f"{theirs}.conv3", f"{ours}.column_gate"),
    )


def _fusion(theirs: str, ours: str) -> Rules:
    return (
        *_unit(f"{theirs}.conv_down", f"{ours}.shrink"),
        *_unit(f"{theirs}.conv_up", f"{ours}.refine"),
        *_unit(f"{theirs}.conv_cat.{{}}", f"{ours}.merge.{{}}"),
        *_attention(f"{theirs}.SE", f"{ours}.attend"),
    )


RULES: Rules = (
    (f"{_FUSE}.AFCF1.conv_down", None),
    *((f"{_OUT}.{dead}", None) for dead in ("downT0", "superD{}", "superout{}")),
    *_temporal("resnet.conv1", "trunk.conv1"),
    *_temporal("resnet.layer{}.{}.conv{}", "trunk.layer{}.{}.conv{}"),
    ("resnet", "trunk"),
    *_unit("decoder.reduction{}.reduce.{}", "reduce.{}.{}"),
    *_fusion(f"{_FUSE}.AFCF1", "fuse_finest"),
    *_fusion(f"{_FUSE}.AFCF2", "fuse_between"),
    *_fusion(f"{_FUSE}.AFCF3", "fuse_coarsest"),
    *_unit(f"{_OUT}.conv_downsample", "decoder.shrink"),
    *_unit(f"{_OUT}.conv_upsample", "decoder.refine"),
    *_unit(f"{_OUT}.conv_cat_{{}}.{{}}", "decoder.stages.{}.merge.{}"),
    *_attention(f"{_OUT}.SE_{{}}", "decoder.stages.{}.attend"),
    *_unit(f"{_OUT}.downT{{}}.{{}}", "decoder.stages.{}.condense.{}"),
    *_unit(f"{_OUT}.downfinal.{{}}", "decoder.stages.0.condense.{}"),
    (f"{_OUT}.out.2", "head.2"),
    *_unit(f"{_OUT}.out.{{}}", "head.{}"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="AFCF3D", table="AFCF3D", averaged=True, notes=SAME_NUMBERS)
