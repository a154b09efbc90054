import pytest
import torch
from torch import Tensor, nn
from torchvision.models import vgg16_bn

from minenetcd.backbones import vgg16
from minenetcd.backbones.vgg16 import VGG16
from minenetcd.errors import OptionError


def torchvision_shapes() -> dict[str, torch.Size]:
    with torch.device("meta"):
        return {name: tensor.shape for name, tensor in vgg16_bn().state_dict().items()}


def test_tensors_are_those_of_torchvision_up_to_the_last_normalisation() -> None:
    own = {f"features.{name}": tensor.shape for name, tensor in VGG16().state_dict().items()}
    theirs = {name: shape for name, shape in torchvision_shapes().items() if name.startswith("features.")}
    assert own == theirs


@pytest.mark.parametrize("size", [(64, 48), (50, 57)])
@torch.no_grad()
def test_levels_have_their_channels_and_strides_and_all_but_the_last_are_rectified(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    trunk = VGG16(4).eval()
    levels = trunk(torch.randn(2, 4, *size))
    for level, channels, stride in zip(levels, trunk.channels, trunk.strides, strict=True):
        assert level.shape == (2, channels, size[0] // stride, size[1] // stride)
    assert [bool((level < 0).any()) for level in levels] == [False, False, False, True]


def test_convolutions_start_for_a_relu_behind_them() -> None:
    torch.manual_seed(0)
    for layer in VGG16(5):
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.std().item() == pytest.approx((2 / (9 * layer.out_channels)) ** 0.5, rel=0.05)
            assert not layer.bias.any()


def test_imagenet_weights_are_taken_by_torchvisions_names(monkeypatch: pytest.MonkeyPatch) -> None:
    published: dict[str, Tensor] = {
        name: torch.rand(shape) for name, shape in torchvision_shapes().items() if name.startswith("features.")
    }
    published["classifier.6.bias"] = torch.rand(1000)
    monkeypatch.setattr(vgg16, "imagenet_weights", {"vgg16_bn": published}.__getitem__)
    trunk = VGG16()
    trunk.load_pretrained()
    for name, tensor in trunk.state_dict().items():
        assert torch.equal(tensor, published[f"features.{name}"].to(tensor.dtype)), name
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4: use in_channels=3"):
        VGG16(4).load_pretrained()
