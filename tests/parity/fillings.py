"""The ways the published weights are filled: plainly, and where that says too little, more strongly."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from parity import fill

SHARPENED = (".query_conv.weight", ".query_conv.bias", ".key_conv.weight", ".key_conv.bias")


def plain(weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> dict[str, Tensor]:
    """Every tensor as `fill.tensor` has it."""
    return dict(weights)


def amplified(weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> dict[str, Tensor]:
    """Matrices times sqrt(2): shows the pyramid of FCNPP."""
    factor = torch.tensor(2.0).sqrt()
    return {name: tensor * factor if tensor.ndim >= 2 else tensor for name, tensor in weights.items()}


def boosted(weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> dict[str, Tensor]:
    """Queries and keys times 4, so that attention (CGNet, HCGMNet) is far from uniform, and gamma 1."""
    sharpened = {name: 4 * tensor for name, tensor in weights.items() if name.endswith(SHARPENED)}
    return {**weights, **sharpened, **{name: torch.ones(1) for name in weights if name.endswith(".gamma")}}


def as_vectors(weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> dict[str, Tensor]:
    """RDPNet's normalisation filled as vectors, without which hardly a signal gets through."""
    vectors = {name: torch.from_numpy(fill.tensor(name, tuple(x))) for name, x in facts["fill_shapes"].items()}
    return {name: vectors.get(name, tensor).reshape(tensor.shape) for name, tensor in weights.items()}


#: By the name their outputs are stored under.
FILLINGS: dict[str, Callable[[Mapping[str, Tensor], Mapping[str, Any]], dict[str, Tensor]]] = {
    "": plain,
    "gain2": amplified,
    "boost": boosted,
    "nv": as_vectors,
}
