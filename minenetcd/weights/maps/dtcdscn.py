"""DTCDSCN as published on the hub: HZDR-FWGEL/UCD-MNCD256-DTCDSCN.

The framework builds the branch for buildings, too, but neither trains nor runs it: `RULES` drop it. `DUAL_TASK_RULES`
keep it, for weights of a network in which it was trained (`dual_task=True`).
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod


def _block(theirs: str, ours: str, *, conv: str, norm: str) -> Rules:
    return ((f"{theirs}.{conv}", f"{ours}.conv"), (f"{theirs}.{norm}", f"{ours}.norm"))


def _step(theirs: str, ours: str) -> Rules:
    return (
        *_block(theirs, f"{ours}.narrow", conv="conv1", norm="norm1"),
        (f"{theirs}.scse.channel_excitation.0", f"{ours}.excitation.channel.1"),
        (f"{theirs}.scse.channel_excitation.2", f"{ours}.excitation.channel.3"),
        (f"{theirs}.scse.spatial_se.0", f"{ours}.excitation.spatial"),
        (f"{theirs}.deconv2", f"{ours}.enlarge"),
        (f"{theirs}.norm2", f"{ours}.norm"),
        *_block(theirs, f"{ours}.widen", conv="conv3", norm="norm3"),
    )


def _branch(suffix: str, ours: str) -> Rules:
    return (
        *((f"dblock{suffix}.dilate{place + 1}", f"{ours}.centre.{place}") for place in range(4)),
        *(rule for place in range(4) for rule in _step(f"decoder{4 - place}{suffix}", f"{ours}.steps.{place}")),
        (f"finaldeconv1{suffix}", f"{ours}.head.0"),
        (f"finalconv2{suffix}", f"{ours}.head.2"),
        (f"finalconv3{suffix}", f"{ours}.head.4"),
    )


def _level(number: int) -> Rules:
    theirs, ours = f"encoder{number}.{{}}", f"encoder.{number - 1}.{{}}"
    return (
        *_block(theirs, f"{ours}.residual.0", conv="conv1", norm="bn1"),
        *_block(theirs, f"{ours}.residual.1", conv="conv2", norm="bn2"),
        (f"{theirs}.se.fc.0", f"{ours}.residual.2.squeeze"),
        (f"{theirs}.se.fc.2", f"{ours}.residual.2.excite"),
        *_block(f"{theirs}.downsample", f"{ours}.shortcut", conv="0", norm="1"),
    )


CHANGE_RULES: Rules = (
    ("firstconv", "stem.0"),
    ("firstbn", "stem.1"),
    *(rule for number in (1, 2, 3, 4) for rule in _level(number)),
    *_branch("_master", "change"),
)

DUAL_TASK_RULES: Rules = (*CHANGE_RULES, *_branch("", "buildings"))

RULES: Rules = (*CHANGE_RULES, *((theirs, None) for theirs, _ in _branch("", "buildings")))

OPTIONS: dict[str, Any] = {"dual_task": False}

PUBLISHED = PublishedMethod(framework="DTCDSCN", table="DTCDSCN", averaged=True)
