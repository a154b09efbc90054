"""Backbones by name: image -> pyramid of features, with `channels` and `strides` known before a forward."""

from typing import Any, NamedTuple

from torch import nn

from minenetcd.errors import UnknownNameError
from minenetcd.registry import resolve


class BackboneEntry(NamedTuple):
    """A class, as text so that only the one in use is imported, and the options of one size of it."""

    path: str
    options: dict[str, Any]


def _resnet(**options: Any) -> BackboneEntry:
    return BackboneEntry("minenetcd.backbones.resnet:ResNet", options)


def _swin(**options: Any) -> BackboneEntry:
    return BackboneEntry("minenetcd.backbones.swin:Swin", options)


def _vmamba(**options: Any) -> BackboneEntry:
    return BackboneEntry("minenetcd.backbones.vmamba:VMamba", options)


_BASIC, _WIDE = (64, 128, 256, 512), (256, 512, 1024, 2048)
_NARROW_SWIN: dict[str, Any] = {"embed_dim": 96, "heads": (3, 6, 12, 24), "window": 7}
_WIDE_SWIN: dict[str, Any] = {"embed_dim": 128, "heads": (4, 8, 16, 32), "window": 12}
_RELEASED = "openmmlab/upernet-swin"

BACKBONES = {
    "swin_t": _swin(**_NARROW_SWIN, depths=(2, 2, 6, 2), pretrained_id=f"{_RELEASED}-tiny"),
    "swin_s": _swin(**_NARROW_SWIN, depths=(2, 2, 18, 2), pretrained_id=f"{_RELEASED}-small"),
    "swin_b": _swin(**_WIDE_SWIN, depths=(2, 2, 18, 2), pretrained_id=f"{_RELEASED}-base"),
    "resnet18": _resnet(channels=_BASIC, depths=(2, 2, 2, 2), pretrained_id="microsoft/resnet-18"),
    "resnet50": _resnet(channels=_WIDE, depths=(3, 4, 6, 3), bottleneck=True, pretrained_id="microsoft/resnet-50"),
    "resnet101": _resnet(channels=_WIDE, depths=(3, 4, 23, 3), bottleneck=True, pretrained_id="microsoft/resnet-101"),
    "resnet_nano": _resnet(channels=(32, 64, 128, 192), depths=(1, 1, 1, 1), stem=32),
    "vmamba_t": _vmamba(depths=(2, 2, 5, 2), pretrained_id="TINY"),
    "vmamba_s": _vmamba(depths=(2, 2, 15, 2), pretrained_id="SMALL"),
    "vmamba_b": _vmamba(channels=(128, 256, 512, 1024), depths=(2, 2, 15, 2), pretrained_id="BASE"),
}


def create_backbone(name: str, *, in_channels: int = 3) -> nn.Module:
    """The backbone `name` with random weights, reading `in_channels` bands; UnknownNameError for others."""
    if name not in BACKBONES:
        raise UnknownNameError("backbone", name, BACKBONES)
    entry = BACKBONES[name]
    backbone: nn.Module = resolve(entry.path)(in_channels, **entry.options)
    return backbone
