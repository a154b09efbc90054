"""ChangeFormer as published on the hub: HZDR-FWGEL/UCD-MNCD256-ChangeFormer (class ChangeFormerV6)."""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

_BLOCK = "encoder.stages.stage{}.blocks.{}"

RULES: Rules = (
    ("Tenc_x2.patch_embed{}.proj", "encoder.stages.stage{}.embed"),
    ("Tenc_x2.patch_embed{}.norm", "encoder.stages.stage{}.embed_norm"),
    ("Tenc_x2.block{}.{}.norm1", f"{_BLOCK}.attention_norm"),
    ("Tenc_x2.block{}.{}.attn.q", f"{_BLOCK}.attention.query"),
    ("Tenc_x2.block{}.{}.attn.sr", f"{_BLOCK}.attention.reduce"),
    ("Tenc_x2.block{}.{}.attn.norm", f"{_BLOCK}.attention.reduce_norm"),
    ("Tenc_x2.block{}.{}.attn.kv", f"{_BLOCK}.attention.key_value"),
    ("Tenc_x2.block{}.{}.attn.proj", f"{_BLOCK}.attention.project"),
    ("Tenc_x2.block{}.{}.norm2", f"{_BLOCK}.mlp_norm"),
    ("Tenc_x2.block{}.{}.mlp.fc1", f"{_BLOCK}.mlp.expand"),
    ("Tenc_x2.block{}.{}.mlp.dwconv.dwconv", f"{_BLOCK}.mlp.depthwise"),
    ("Tenc_x2.block{}.{}.mlp.fc2", f"{_BLOCK}.mlp.project"),
    ("Tenc_x2.norm{}", "encoder.stages.stage{}.norm"),
    ("TDec_x2.linear_c{}.proj", "scales.scale{}.project"),
    ("TDec_x2.diff_c{}", "scales.scale{}.difference"),
    ("TDec_x2.make_pred_c{}", "scales.scale{}.predict"),
    ("TDec_x2.linear_fuse.0", "fuse.conv"),
    ("TDec_x2.linear_fuse.1", "fuse.norm"),
    ("TDec_x2.convd2x.conv2d", "upsample.0"),
    ("TDec_x2.dense_2x.0.conv1.conv2d", "upsample.1.conv1"),
    ("TDec_x2.dense_2x.0.conv2.conv2d", "upsample.1.conv2"),
    ("TDec_x2.convd1x.conv2d", "upsample.2"),
    ("TDec_x2.dense_1x.0.conv1.conv2d", "upsample.3.conv1"),
    ("TDec_x2.dense_1x.0.conv2.conv2d", "upsample.3.conv2"),
    ("TDec_x2.change_probability.conv2d", "head"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="ChangeFormer", table="ChangeFormer", chosen_on_test=True)
