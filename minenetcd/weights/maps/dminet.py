"""DMINet tensors as published: UCD checkpoints on the Hugging Face hub (HZDR-FWGEL/UCD-*-DMINet).

The authors' own checkpoints have the same names (under `model_G_state_dict`) and need `prediction="sum"`.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.maps._gated_decoder import decoder_rules, head_rules
from minenetcd.weights.method import PublishedMethod

_LEVELS = ("cross4", "cross3", "cross2")  # fine to coarse
_BRANCHES = ((1, "concatenation"), (2, "difference"))
_HEADS = ("final", "final2", "final_2", "final2_2")  # in the order of the outputs
_DATES = ((1, "before"), (2, "after"))


def _exchange(theirs: str, ours: str) -> Rules:
    return (
        *((f"{theirs}.{x}{i}", f"{ours}.{date}.{x}") for i, date in _DATES for x in ("query", "key", "value")),
        (f"{theirs}.gamma", f"{ours}.gamma"),
        (f"{theirs}.conv_cat.0", f"{ours}.merge.conv"),
        (f"{theirs}.conv_cat.1", f"{ours}.merge.norm"),
    )


def _branch(i: int, ours: str) -> Rules:
    return decoder_rules((f"Translayer2_{i}", f"fam32_{i}", f"Translayer3_{i}", f"fam43_{i}"), ours)


RULES: Rules = (
    ("resnet.fc", None),  # the unused ImageNet classifier
    ("resnet", "trunk"),
    *(rule for i, level in enumerate(_LEVELS) for rule in _exchange(level, f"exchange.{i}")),
    *(rule for i, branch in _BRANCHES for rule in _branch(i, branch)),
    *(rule for i, head in enumerate(_HEADS) for rule in head_rules(head, f"heads.{i}")),
)

OPTIONS: dict[str, Any] = {"prediction": "coarse"}

PUBLISHED = PublishedMethod(framework="DMINet", table="DMINet", chosen_on_test=True)
