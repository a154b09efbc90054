"""Backbones by name: image -> pyramid of features, with `channels` and `strides` known before a forward."""

from collections.abc import Callable
from functools import partial

from torch import nn

from minenetcd.backbones.transformers import resnet, swin
from minenetcd.backbones.vmamba import ImageNetWeights, VMamba
from minenetcd.errors import UnknownNameError

_swin_tiny = partial(swin, embed_dim=96, heads=(3, 6, 12, 24), window=7)
_bottleneck = partial(resnet, layer_type="bottleneck", widths=(256, 512, 1024, 2048))

BACKBONES: dict[str, Callable[[int], nn.Module]] = {
    "swin_t": partial(_swin_tiny, depths=(2, 2, 6, 2), pretrained_id="openmmlab/upernet-swin-tiny"),
    "swin_s": partial(_swin_tiny, depths=(2, 2, 18, 2), pretrained_id="openmmlab/upernet-swin-small"),
    "swin_b": partial(
        swin,
        embed_dim=128,
        depths=(2, 2, 18, 2),
        heads=(4, 8, 16, 32),
        window=12,
        pretrained_id="openmmlab/upernet-swin-base",
    ),
    "resnet18": partial(
        resnet,
        layer_type="basic",
        depths=(2, 2, 2, 2),
        widths=(64, 128, 256, 512),
        pretrained_id="microsoft/resnet-18",
    ),
    "resnet50": partial(_bottleneck, depths=(3, 4, 6, 3), pretrained_id="microsoft/resnet-50"),
    "resnet101": partial(_bottleneck, depths=(3, 4, 23, 3), pretrained_id="microsoft/resnet-101"),
    "resnet_nano": partial(resnet, layer_type="basic", depths=(1, 1, 1, 1), widths=(32, 64, 128, 192), stem=32),
    "vmamba_t": partial(VMamba, depths=(2, 2, 5, 2), pretrained_id=ImageNetWeights.TINY),
    "vmamba_s": partial(VMamba, depths=(2, 2, 15, 2), pretrained_id=ImageNetWeights.SMALL),
    "vmamba_b": partial(
        VMamba, channels=(128, 256, 512, 1024), depths=(2, 2, 15, 2), pretrained_id=ImageNetWeights.BASE
    ),
}


def create_backbone(name: str, *, in_channels: int = 3) -> nn.Module:
    """The backbone `name` with random weights, reading `in_channels` bands; UnknownNameError for others."""
    if name not in BACKBONES:
        raise UnknownNameError("backbone", name, BACKBONES)
    return BACKBONES[name](in_channels)
