"""Released MineNetCD tensors: github.com/EricYu97/MineNetCD, saved by transformers 4.46."""

from typing import Any

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

PUBLISHED = PublishedMethod(framework="MineNetCD", table="ChangeFFT", label="MineNetCD")
