"""What is folded gives the same; what may not be folded is let alone. Every network: models/test_contract.py."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from minenetcd.backbones.base import Backbone
from minenetcd.layers.folding import Foldable, folded


def with_drawn_statistics(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    for norm in module.modules():
        if isinstance(norm, _BatchNorm):
            for values in (norm.running_mean, norm.running_var, norm.weight.data, norm.bias.data):
                values.uniform_(0.5, 2, generator=generator)
    return module.eval().double()


def norms_in(module: nn.Module) -> int:
    return sum(isinstance(part, _BatchNorm) for part in module.modules())


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: (nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()), (2, 3, 8, 8)),
        (lambda: (nn.Conv2d(4, 4, 3, stride=2, groups=2), nn.BatchNorm2d(4)), (2, 4, 9, 7)),
        (lambda: (nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1), nn.BatchNorm2d(4)), (2, 3, 8, 8)),
        (lambda: (nn.Conv3d(3, 4, (2, 3, 3)), nn.BatchNorm3d(4)), (1, 3, 2, 8, 8)),
        (lambda: (nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)), nn.Conv2d(4, 2, 1)), (1, 3, 4, 4)),
    ],
)
@torch.no_grad()
def test_normalisation_becomes_part_of_the_convolution_before_it(
    make: Callable[[], tuple[nn.Module, ...]], shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    module = with_drawn_statistics(nn.Sequential(*make()))
    before = copy.deepcopy(module.state_dict())
    twin, x = folded(module), torch.randn(shape).double()
    torch.testing.assert_close(twin(x), module(x))
    assert norms_in(twin) == 0 < norms_in(module)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


class NormFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.norm(x))


class ReadTwice(Foldable):
    read_elsewhere = ("conv",)

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x + self.norm(x)


class OthersTrunk(Backbone):
    """Of a package that promises nothing about the order of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.block = NormFirst()

    def forward(self, image: Tensor) -> list[Tensor]:
        return [self.block(image)]


def without_statistics() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3, affine=False, track_running_stats=False)).eval()


@pytest.mark.parametrize("make", [ReadTwice, OthersTrunk, without_statistics])
def test_what_may_not_be_folded_is_let_alone(make: Callable[[], nn.Module]) -> None:
    module = make().eval()
    assert folded(module) is module
