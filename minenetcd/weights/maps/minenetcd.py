"""MineNetCD's own repositories: github.com/EricYu97/MineNetCD, saved by transformers 4.46.

Which of them there are, what their config.json asks for, and where their tensors go; the unified framework's repository
of it has the same names.
"""

from collections.abc import Mapping
from typing import Any

from minenetcd.errors import UnknownNameError, WeightsError
from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

_OUTPUT_NORMS = tuple(f"outnorm{i}" for i in range(4))
_BLOCK, _OURS = "backbone.encoder.layers.{}.blocks.{}", "encoder.network.swin.encoder.layers.{}.blocks.{}"


def _conv_block(theirs: str, ours: str) -> Rules:
    return ((f"{theirs}.conv", f"{ours}.conv"), (f"{theirs}.batch_norm", f"{ours}.norm"))


RULES: Rules = (
    # Swin: transformers 5 renames what transformers 4 saved
    *((f"{_BLOCK}.attention.self.{a}", f"{_OURS}.attention.{a[0]}_proj") for a in ("query", "key", "value")),
    (
        f"{_BLOCK}.attention.self.relative_position_bias_table",
        f"{_OURS}.attention.relative_position_bias.relative_position_bias_table",
    ),
    (f"{_BLOCK}.attention.self.relative_position_index", None),
    (f"{_BLOCK}.attention.output.dense", f"{_OURS}.attention.o_proj"),
    (f"{_BLOCK}.intermediate.dense", f"{_OURS}.mlp.fc1"),
    (f"{_BLOCK}.output.dense", f"{_OURS}.mlp.fc2"),
    ("backbone.encoder.layers", "encoder.network.swin.encoder.layers"),
    ("backbone.embeddings", "encoder.network.swin.embeddings"),
    *((f"backbone.{part}", f"encoder.{part}") for part in ("patch_embed", "layers", *_OUTPUT_NORMS)),  # VMamba
    ("backbone", "encoder.network"),
    ("channel_mixing.{}", "change_fft.{}"),
    ("norm.{}", "change_fft.{}.norm"),
    ("decode_head.psp_modules.{}.1.conv", "decoder.pyramid.{}.conv"),
    ("decode_head.psp_modules.{}.1.batch_norm", "decoder.pyramid.{}.norm"),
    *_conv_block("decode_head.bottleneck", "decoder.bottleneck"),
    *_conv_block("decode_head.lateral_convs.{}", "decoder.laterals.{}"),
    *_conv_block("decode_head.fpn_convs.{}", "decoder.smooth.{}"),
    *_conv_block("decode_head.fpn_bottleneck", "decoder.fuse"),
    ("decode_head.classifier", "decoder.classifier"),
    *_conv_block("auxiliary_head.convs.0", "auxiliary.block"),
    ("auxiliary_head.classifier", "auxiliary.classifier"),
)

OPTIONS: dict[str, Any] = {"backbone": "swin_t", "change_fft": "spatial"}


def _with_and_without(ids: Mapping[str, str], change_fft: str) -> dict[tuple[str, bool], str]:
    return {(trunk, has): f"{name}{change_fft * has}" for has in (False, True) for trunk, name in ids.items()}


#: Trunk, and whether it has ChangeFFT -> hub id.
RELEASED: dict[tuple[str, bool], str] = {
    **_with_and_without(
        {f"swin_{size.lower()}": f"ericyu/minenetcd-upernet-Swin-Diff-{size}-Pretrained" for size in "TSB"},
        "-ChannelMixing-Dropout",
    ),
    **_with_and_without(
        {f"resnet{depth}": f"ericyu/minenetcd_upernet_ResNet_Diff_{depth}_Pretrained" for depth in (18, 50, 101)},
        "_ChannelMixing_Dropout",
    ),
    **_with_and_without(
        {f"vmamba_{size.lower()}": f"ericyu/minenetcd-upernet-VSSM-{size}-ST-Diff-Pretrained" for size in "TSB"},
        "-ChannelMixing-Dropout",
    ),
}

PUBLISHED = PublishedMethod(
    framework="MineNetCD",
    table="ChangeFFT",
    label="MineNetCD",
    notes={"MineNetCD256": "the tables' name for MineNetCD with a Swin-T trunk"},
    released=tuple(RELEASED.values()),
)

_RESNETS = {"ResNet_Diff_18": "resnet18", "ResNet_Diff_50": "resnet50", "ResNet_Diff_101": "resnet101"}
_VMAMBAS = {"VSSM_T_ST_Diff": "vmamba_t", "VSSM_S_ST_Diff": "vmamba_s", "VSSM_B_ST_Diff": "vmamba_b"}
_SWINS = {"Swin_Diff_T": "swin_t", "Swin_Diff_S": "swin_s", "Swin_Diff_B": "swin_b"}
_SWIN_SHAPES = {(96, (2, 2, 6, 2)): "swin_t", (96, (2, 2, 18, 2)): "swin_s", (128, (2, 2, 18, 2)): "swin_b"}


def released_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """What config.json of such a repository builds; UnknownNameError or WeightsError for a trunk that is none.

    The trunk is named by `Backbone_type`; the Swin `backbone_config` may be a left-over.
    """
    classes = len(config["id2label"]) if "id2label" in config else config.get("num_labels", 2)
    return {
        "backbone": _backbone(str(config["Backbone_type"]), config.get("backbone_config")),
        "change_fft": "spatial" if config.get("channel_mixing", False) else "none",
        "num_classes": classes,
        "decoder_channels": config.get("hidden_size", 512),
        "auxiliary_channels": config.get("auxiliary_channels", 256),
    }


def _backbone(kind: str, backbone_config: Mapping[str, Any] | None) -> str:
    others = _RESNETS | _VMAMBAS
    if kind in others:
        return others[kind]
    if kind not in _SWINS:
        raise UnknownNameError("released trunk", kind, [*_SWINS, *others])
    if not backbone_config:
        return _SWINS[kind]
    shape = backbone_config.get("embed_dim", 96), tuple(backbone_config.get("depths", (2, 2, 6, 2)))
    if shape not in _SWIN_SHAPES:
        raise WeightsError(f"A Swin trunk needs the width and depths of T, S or B, got {shape}: not a released model?")
    return _SWIN_SHAPES[shape]
