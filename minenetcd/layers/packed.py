"""Matrix products by weights that lie in the order in which a processor's library reads them, for inference.

oneDNN, which is part of torch, puts a matrix into the order of its own loops once, and adds the bias before it writes
the result. On x86 alone, where it was measured (docs/performance.md).
"""

import platform
from functools import cache
from typing import Self, TypeGuard

import torch
from torch import Tensor, nn

from minenetcd.layers.inference import computed_by_torch, is_plain_linear, is_watched


class PackedMatrix:
    """A matrix (O, C), put into order when it is first needed. A copy, or what is read from a pickle, begins anew."""

    def __init__(self) -> None:
        self._packed: Tensor | None = None

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """x (..., C) times the transposed `weight` (O, C), which is the same each time, and `bias` (O,): (..., O)."""
        if self._packed is None:
            self._packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._packed, bias, "none", [], "")
        return product


class PackedLinear(nn.Linear):
    """`linear` for inference: (..., C) -> (..., O). Shares its weights.

    Where something else has a better way - other devices, other precisions, compilers and exporters - it is a plain
    layer.
    """

    matrix: PackedMatrix

    @classmethod
    def of(cls, linear: nn.Linear) -> Self:
        twin = cls(linear.in_features, linear.out_features, bias=linear.bias is not None, device="meta")
        twin.weight, twin.bias, twin.matrix = linear.weight, linear.bias, PackedMatrix()
        return twin.train(linear.training)

    def reset_parameters(self) -> None:
        """Nothing is drawn: its weights are another's."""

    @staticmethod
    def suits(linear: nn.Module) -> TypeGuard[nn.Linear]:
        return is_plain_linear(linear)

    def forward(self, x: Tensor) -> Tensor:
        if not takes_packed(x):
            return super().forward(x)
        return self.matrix.product(x, self.weight, self.bias)


def takes_packed(x: Tensor) -> bool:
    """Whether x may be multiplied by a `PackedMatrix`."""
    return computed_by_torch(x) and x.dtype == torch.float32 and _is_here() and not is_watched()


@cache
def _is_here() -> bool:
    """Whether torch has what `PackedMatrix` calls, as its own compiler does; its manual does not name it."""
    operations = ("_reorder_linear_weight", "_linear_pointwise")
    is_there = torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in operations)
    return is_there and platform.machine().lower() in ("x86_64", "amd64")
