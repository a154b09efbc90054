"""Our ResNet is the transformers library's: the same tensors, numbers and weights for a seed."""

from typing import Any

import pytest
import torch
from transformers import ResNetBackbone, ResNetConfig

from minenetcd.backbones.resnet import ResNet
from minenetcd.errors import OptionError, WeightsError

BASIC = {"depths": (2, 1, 1, 2), "channels": (16, 24, 32, 48), "stem": 16}
BOTTLENECK = {"depths": (1, 2, 1, 1), "channels": (32, 48, 64, 96), "stem": 16, "bottleneck": True}
SIZES = pytest.mark.parametrize("options", [BASIC, BOTTLENECK], ids=["basic", "bottleneck"])


def library(in_channels: int, options: dict[str, Any]) -> ResNetBackbone:
    config = ResNetConfig(
        num_channels=in_channels,
        layer_type="bottleneck" if options.get("bottleneck") else "basic",
        depths=list(options["depths"]),
        hidden_sizes=list(options["channels"]),
        embedding_size=options["stem"],
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    return ResNetBackbone(config)


@SIZES
@pytest.mark.parametrize("in_channels", [3, 5])
def test_a_seed_gives_the_weights_it_gave_with_the_library(in_channels: int, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    theirs, their_next = library(in_channels, options), torch.rand(1)
    torch.manual_seed(0)
    ours, our_next = ResNet(in_channels, **options), torch.rand(1)
    assert list(ours.network.state_dict()) == list(theirs.state_dict())
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.network.state_dict()[name], tensor), name
    assert torch.equal(our_next, their_next)  # what is drawn after it stays the same, too


@SIZES
@pytest.mark.parametrize("training", [True, False])
def test_it_computes_what_the_library_computes(training: bool, options: dict[str, Any]) -> None:
    theirs, ours = library(3, options).train(training), ResNet(**options).train(training)
    ours.network.load_state_dict(theirs.state_dict())
    image = torch.rand(2, 3, 70, 101)
    for our_map, their_map, channels in zip(ours(image), theirs(image).feature_maps, ours.channels, strict=True):
        assert torch.equal(our_map, their_map) and our_map.shape[1] == channels
    for ours_left, theirs_left in zip(ours.buffers(), theirs.buffers(), strict=True):
        assert torch.equal(ours_left, theirs_left)


def test_pretrained_weights_are_those_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    published, asked = library(3, BASIC), []
    monkeypatch.setattr("minenetcd.backbones.pretrained.hub_answers", lambda: True)
    monkeypatch.setattr(ResNetBackbone, "from_pretrained", lambda name: asked.append(name) or published)
    trunk = ResNet(**BASIC, pretrained_id="owner/name")
    trunk.load_pretrained()
    assert asked == ["owner/name"]
    assert all(torch.equal(x, published.state_dict()[name]) for name, x in trunk.network.state_dict().items())


def test_pretrained_weights_that_do_not_fit_or_cannot_be_had_name_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(name: str) -> None:
        raise OSError("no connection\nand much more")

    monkeypatch.setattr("minenetcd.backbones.pretrained.hub_answers", lambda: True)
    monkeypatch.setattr(ResNetBackbone, "from_pretrained", unreachable)
    with pytest.raises(WeightsError, match=r"'owner/name' could not be .*\(no connection\).*pretrained_backbone=False"):
        ResNet(**BASIC, pretrained_id="owner/name").load_pretrained()
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4: use in_channels=3"):
        ResNet(4, **BASIC, pretrained_id="owner/name").load_pretrained()
    with pytest.raises(OptionError, match="no pretrained weights"):
        ResNet(**BASIC).load_pretrained()
