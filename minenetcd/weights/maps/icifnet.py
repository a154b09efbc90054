"""ICIF-Net tensors as published: UCD checkpoints on the Hugging Face hub (HZDR-FWGEL/UCD-*-ICIFNet).

The authors' own checkpoints have the same names (under `model_G_state_dict`) and need `prediction="sum"`.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.maps._gated_decoder import decoder_rules, head_rules
from minenetcd.weights.method import PublishedMethod

_LEVELS = ("cross4", "cross3", "cross2")  # fine to coarse
_DATES = (("", "before"), ("_img2", "after"))
_HEADS = ("final_2", "final_1", "final_x")  # in the order of the outputs
_BLOCK = (
    ("norm1", "attention_norm"),
    ("attn.q", "attention.query"),
    ("attn.sr", "attention.reduce"),
    ("attn.norm", "attention.reduce_norm"),
    ("attn.kv", "attention.key_value"),
    ("attn.proj", "attention.project"),
    ("norm2", "mlp_norm"),
    ("mlp.fc1", "mlp.expand"),
    ("mlp.dwconv.dwconv", "mlp.depthwise"),
    ("mlp.fc2", "mlp.project"),
)


def _interaction(theirs: str, ours: str) -> Rules:
    bottleneck = (("1", "narrow"), ("2", "spread"), ("3", "widen"))
    return (
        *((f"{theirs}.{dead}", None) for dead in ("query", "key", "value", "factoratt_crpe.qkv")),
        (f"{theirs}.Ype.penc.inv_freq", f"{ours}.local_position.frequencies"),
        (f"{theirs}.Spe.penc.inv_freq", f"{ours}.global_position.frequencies"),
        *_conv_norm(f"{theirs}.Yconv", f"{ours}.local_project"),
        *_conv_norm(f"{theirs}.Sconv", f"{ours}.global_project"),
        (f"{theirs}.qkv", f"{ours}.qkv"),
        (f"{theirs}.factoratt_crpe.crpe.conv_list", f"{ours}.attention.windows"),
        (f"{theirs}.factoratt_crpe.proj", f"{ours}.attention.project"),
        *((f"{theirs}.residual.bn{i}", f"{ours}.fuse.{part}.0") for i, part in bottleneck),
        *((f"{theirs}.residual.conv{i}.conv", f"{ours}.fuse.{part}.2") for i, part in bottleneck),
        (f"{theirs}.residual.skip_layer.conv", f"{ours}.fuse.skip"),
    )


def _up(theirs: str, ours: str) -> Rules:
    return (
        *_conv_norm(f"{theirs}.attn_block.W_g", f"{ours}.ask_below"),
        *_conv_norm(f"{theirs}.attn_block.W_x", f"{ours}.ask_level"),
        *_conv_norm(f"{theirs}.attn_block.psi", f"{ours}.attend"),
        *_conv_norm(f"{theirs}.conv.double_conv", f"{ours}.conv1"),
        *_conv_norm(f"{theirs}.conv.double_conv", f"{ours}.conv2", first=3),
        *_conv_norm(f"{theirs}.conv.identity", f"{ours}.shortcut"),
    )


def _conv_norm(theirs: str, ours: str, *, first: int = 0) -> Rules:
    return ((f"{theirs}.{first}", f"{ours}.conv"), (f"{theirs}.{first + 1}", f"{ours}.norm"))


def _decoder(number: int, letter: str, suffix: str) -> tuple[str, ...]:
    names = (f"Translayer2_{letter}", f"fam43_{number}", f"Translayer3_{letter}", f"fam32_{number}")
    return tuple(name + suffix for name in names)


def _date(suffix: str, ours: str) -> Rules:
    return (
        *(rule for i, x in enumerate(_LEVELS) for rule in _interaction(x + suffix, f"{ours}.interact.{i}")),
        *decoder_rules(_decoder(1, "g", suffix), f"{ours}.global_decoder"),
        *decoder_rules(_decoder(2, "l", suffix), f"{ours}.local_decoder"),
        *_up(f"up2{suffix}", f"{ours}.up_middle"),
        *_up(f"up3{suffix}", f"{ours}.up_fine"),
    )


RULES: Rules = (
    ("resnet.fc", None),  # the unused ImageNet classifier
    ("resnet", "local_trunk"),
    *((f"backbone.{dead}4", None) for dead in ("patch_embed", "block", "norm")),  # computed and thrown away
    ("backbone.patch_embed{}.proj", "global_trunk.stages.stage{}.embed"),
    ("backbone.patch_embed{}.norm", "global_trunk.stages.stage{}.embed_norm"),
    *((f"backbone.block{{}}.{{}}.{a}", f"global_trunk.stages.stage{{}}.blocks.{{}}.{b}") for a, b in _BLOCK),
    ("backbone.norm{}", "global_trunk.stages.stage{}.norm"),
    *(rule for suffix, date in _DATES for rule in _date(suffix, date)),
    *(rule for i, head in enumerate(_HEADS) for rule in head_rules(head, f"heads.{i}")),
)

OPTIONS: dict[str, Any] = {"prediction": "global"}

PUBLISHED = PublishedMethod(framework="ICIFNet", table="ICIFNet", chosen_on_test=True)
