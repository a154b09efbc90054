"""BIT as published on the hub: HZDR-FWGEL/UCD-MNCD256-BIT (one encoder layer, eight decoder layers of head width 8).

The fourth layer and the classifier of its ResNet-18 never run and are dropped.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod


def _layers(theirs: str, ours: str) -> Rules:
    return (
        (f"{theirs}.0.fn.norm", f"{ours}.attention_norm"),
        (f"{theirs}.0.fn.fn.to_qkv", f"{ours}.attention.query_key_value"),
        (f"{theirs}.0.fn.fn.to_q", f"{ours}.attention.query"),
        (f"{theirs}.0.fn.fn.to_k", f"{ours}.attention.key"),
        (f"{theirs}.0.fn.fn.to_v", f"{ours}.attention.value"),
        (f"{theirs}.0.fn.fn.to_out.0", f"{ours}.attention.project"),
        (f"{theirs}.1.fn.norm", f"{ours}.mlp_norm"),
        (f"{theirs}.1.fn.fn.net.0", f"{ours}.mlp.0"),
        (f"{theirs}.1.fn.fn.net.3", f"{ours}.mlp.2"),
    )


RULES: Rules = (
    ("resnet.layer4", None),
    ("resnet.fc", None),
    ("resnet", "trunk"),
    ("conv_pred", "reduce"),
    ("conv_a", "token_maps"),
    ("pos_embedding", "position"),
    *_layers("transformer.layers.{}", "encoder.{}"),
    *_layers("transformer_decoder.layers.{}", "decoder.{}"),
    ("classifier.0", "head.0.conv"),
    ("classifier.1", "head.0.norm"),
    ("classifier.3", "head.1"),
)

OPTIONS: dict[str, Any] = {"decoder_head_width": 8}

PUBLISHED = PublishedMethod(framework="BIT", table="BIT", chosen_on_test=True)
