import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models import get_model_weights, resnet18

from minenetcd.backbones.temporal_resnet18 import TemporalConv, TemporalResNet18
from minenetcd.errors import OptionError


@pytest.fixture
def imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.nn.Module]:
    """A ResNet-18 whose weights lie where torchvision's downloads do."""
    torch.manual_seed(0)
    network = resnet18()
    weights = tmp_path / "hub" / "checkpoints" / Path(get_model_weights("resnet18").IMAGENET1K_V1.url).name
    weights.parent.mkdir(parents=True)
    torch.save(network.state_dict(), weights)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    yield network.eval()
    shutil.rmtree(tmp_path)


def dates(size: int = 64, *, channels: int = 3) -> Tensor:
    return torch.randn(1, channels, 2, size, size, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def test_mixing_is_a_convolution_over_time() -> None:
    torch.manual_seed(0)
    conv, x = TemporalConv(3, 8, stride=2), dates()
    for tap in (conv.past, conv.present, conv.future):
        tap.normal_()
    kernel = torch.cat([conv.past, conv.present, conv.future], dim=2)
    expected = functional.conv3d(conv.spatial(x), kernel, padding=(1, 0, 0))
    torch.testing.assert_close(conv(x), expected, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_dates_start_apart_and_meet_when_mixed() -> None:
    torch.manual_seed(0)
    trunk, x = TemporalResNet18().eval(), dates()
    same = x[:, :, :1].expand_as(x)
    for level, alone in zip(trunk(x), trunk(same), strict=True):
        torch.testing.assert_close(level[:, :, 0], alone[:, :, 0])
    trunk.layer4[1].conv2.future.normal_()
    assert not torch.allclose(trunk(x)[-1][:, :, 0], trunk(same)[-1][:, :, 0])


@torch.inference_mode()
def test_levels_are_what_it_announces() -> None:
    levels = TemporalResNet18(in_channels=4)(dates(channels=4))
    assert [tuple(level.shape) for level in levels] == [
        (1, channels, 2, 64 // stride, 64 // stride)
        for channels, stride in zip(TemporalResNet18.channels, TemporalResNet18.strides, strict=True)
    ]


@torch.inference_mode()
def test_imagenet_weights_are_those_of_resnet18(imagenet: torch.nn.Module) -> None:
    trunk, x = TemporalResNet18().eval(), dates()
    trunk.load_pretrained()
    own, source = trunk.state_dict(), imagenet.state_dict()
    taken = {name: name.replace(".spatial", "") for name in own if not name.endswith((".past", ".present", ".future"))}
    assert {*taken.values()} == {name for name in source if not name.startswith("fc.")}
    assert all(torch.equal(own[ours].flatten(), source[theirs].flatten()) for ours, theirs in taken.items())
    stem = trunk(x)[0]
    for date in range(2):
        expected = imagenet.relu(imagenet.bn1(imagenet.conv1(x[:, :, date])))
        torch.testing.assert_close(stem[:, :, date], expected, rtol=0, atol=1e-5)


def test_imagenet_weights_need_three_bands() -> None:
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        TemporalResNet18(in_channels=4).load_pretrained()
