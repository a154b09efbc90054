"""DMINet tensors as published: UCD checkpoints on the Hugging Face hub (HZDR-FWGEL/UCD-*-DMINet).

The authors' own checkpoints have the same names (under `model_G_state_dict`) and need `prediction="sum"`.
"""

from typing import Any

from minenetcd.weights.keymap import Rules

_LEVELS = ("cross4", "cross3", "cross2")  # fine to coarse
_BRANCHES = (("1", "concatenation"), ("2", "difference"))
_HEADS = ("final", "final2", "final_2", "final2_2")  # in the order of the outputs


def _exchange(theirs: str, ours: str) -> Rules:
    return (
        *((f"{theirs}.{part}1", f"{ours}.before.{part}") for part in ("query", "key", "value")),
        *((f"{theirs}.{part}2", f"{ours}.after.{part}") for part in ("query", "key", "value")),
        (f"{theirs}.gamma", f"{ours}.gamma"),
        (f"{theirs}.conv_cat.0", f"{ours}.merge.conv"),
        (f"{theirs}.conv_cat.1", f"{ours}.merge.norm"),
    )


def _reduction(theirs: str, ours: str) -> Rules:
    return ((f"{theirs}.conv", f"{ours}.conv"), (f"{theirs}.bn", f"{ours}.norm"))


def _gate(theirs: str, ours: str) -> Rules:
    return (
        (f"{theirs}.conv_l", f"{ours}.conv_level"),
        (f"{theirs}.conv_d1", f"{ours}.conv_below"),
        (f"{theirs}.conv3", f"{ours}.fuse.conv"),
        (f"{theirs}.bn3", f"{ours}.fuse.norm"),
    )


def _branch(number: str, ours: str) -> Rules:
    return (
        *_reduction(f"Translayer2_{number}", f"{ours}.reduce_coarse"),
        *_gate(f"fam32_{number}", f"{ours}.fuse_middle"),
        *_reduction(f"Translayer3_{number}", f"{ours}.reduce_middle"),
        *_gate(f"fam43_{number}", f"{ours}.fuse_fine"),
    )


def _head(theirs: str, ours: str) -> Rules:
    return (
        (f"{theirs}.0.conv", f"{ours}.block.conv"),
        (f"{theirs}.0.bn", f"{ours}.block.norm"),
        (f"{theirs}.1.conv", f"{ours}.classifier"),
    )


RULES: Rules = (
    ("resnet.fc", None),  # the unused ImageNet classifier
    ("resnet", "trunk"),
    *(rule for i, level in enumerate(_LEVELS) for rule in _exchange(level, f"exchange.{i}")),
    *(rule for number, branch in _BRANCHES for rule in _branch(number, branch)),
    *(rule for i, head in enumerate(_HEADS) for rule in _head(head, f"heads.{i}")),
)

OPTIONS: dict[str, Any] = {"prediction": "coarse"}
