"""A 1 x 1 convolution as the matrix product that it is, for inference on processors."""

from typing import Self, TypeGuard

from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.inference import computed_by_torch, is_plain_convolution
from minenetcd.layers.packed import PackedMatrix, takes_packed


class PointwiseConv(nn.Conv2d):
    """`conv` for inference: (B, C, H, W) -> (B, O, H / stride, W / stride). Shares its weights.

    Where something else has a better way - other devices, compilers and exporters - or channels are not side by side
    in memory, it is a plain convolution.
    """

    matrix: PackedMatrix

    @classmethod
    def of(cls, conv: nn.Conv2d) -> Self:
        down, right = conv.stride
        twin = cls(conv.in_channels, conv.out_channels, 1, (down, right), bias=conv.bias is not None, device="meta")
        twin.weight, twin.bias, twin.matrix = conv.weight, conv.bias, PackedMatrix()
        return twin.train(conv.training)

    def reset_parameters(self) -> None:
        """Nothing is drawn: its weights are another's."""

    @staticmethod
    def suits(conv: nn.Module) -> TypeGuard[nn.Conv2d]:
        return (
            isinstance(conv, nn.Conv2d)
            and is_plain_convolution(conv)
            and (conv.kernel_size, conv.padding, conv.groups) == ((1, 1), (0, 0), 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        if not (computed_by_torch(x) and x.stride(1) == 1):
            return super().forward(x)
        down, right = self.stride
        pixels = x.permute(0, 2, 3, 1)[:, ::down, ::right]
        product = self.matrix.product if takes_packed(x) else functional.linear
        return product(pixels, self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)
