"""Backbones by name: image -> pyramid of features, with `channels` and `strides` known before a forward.

Names are known without torch, so that a wrong one is refused at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minenetcd.errors import OptionError
from minenetcd.registry import Table, resolve

if TYPE_CHECKING:
    from minenetcd.backbones.base import Backbone


@dataclass(frozen=True)
class Size:
    """One size of a trunk: its class, as text so that only the one in use is imported, and the options of the size."""

    path: str
    options: Mapping[str, Any]

    def __call__(self, *, in_channels: int) -> "Backbone":
        backbone: Backbone = resolve(self.path)(in_channels, **self.options)
        return backbone


def _resnet(**options: Any) -> Size:
    return Size("minenetcd.backbones.resnet:ResNet", options)


def _swin(**options: Any) -> Size:
    return Size("minenetcd.backbones.swin:Swin", options)


def _vmamba(**options: Any) -> Size:
    return Size("minenetcd.backbones.vmamba:VMamba", options)


_BASIC, _WIDE = (64, 128, 256, 512), (256, 512, 1024, 2048)
_NARROW_SWIN: dict[str, Any] = {"embed_dim": 96, "heads": (3, 6, 12, 24), "window": 7}
_WIDE_SWIN: dict[str, Any] = {"embed_dim": 128, "heads": (4, 8, 16, 32), "window": 12}
_RELEASED = "openmmlab/upernet-swin"

#: Name -> one size of a trunk of this package, or the class of another's.
BACKBONES: "Table[Size | type[Backbone]]" = Table(
    "backbone",
    "minenetcd.backbones",
    {
        "swin_t": _swin(**_NARROW_SWIN, depths=(2, 2, 6, 2), pretrained_id=f"{_RELEASED}-tiny"),
        "swin_s": _swin(**_NARROW_SWIN, depths=(2, 2, 18, 2), pretrained_id=f"{_RELEASED}-small"),
        "swin_b": _swin(**_WIDE_SWIN, depths=(2, 2, 18, 2), pretrained_id=f"{_RELEASED}-base"),
        "resnet18": _resnet(channels=_BASIC, depths=(2, 2, 2, 2), pretrained_id="microsoft/resnet-18"),
        "resnet50": _resnet(channels=_WIDE, depths=(3, 4, 6, 3), bottleneck=True, pretrained_id="microsoft/resnet-50"),
        "resnet101": _resnet(
            channels=_WIDE, depths=(3, 4, 23, 3), bottleneck=True, pretrained_id="microsoft/resnet-101"
        ),
        "resnet_nano": _resnet(channels=(32, 64, 128, 192), depths=(1, 1, 1, 1), stem=32),
        "efficientnet_lite0": Size("minenetcd.backbones.efficientnet_lite:EfficientNetLite0", {}),
        "vmamba_t": _vmamba(depths=(2, 2, 5, 2), pretrained_id="TINY"),
        "vmamba_s": _vmamba(depths=(2, 2, 15, 2), pretrained_id="SMALL"),
        "vmamba_b": _vmamba(channels=(128, 256, 512, 1024), depths=(2, 2, 15, 2), pretrained_id="BASE"),
    },
)


def create_backbone(name: str, *, in_channels: int = 3) -> "Backbone":
    """The backbone `name`, or at "package.module:Name", with random weights, reading `in_channels` bands.

    UnknownNameError suggests the nearest; OptionError for what is no Backbone.
    """
    from minenetcd.backbones.base import Backbone  # here, because it brings torch

    build: Any = BACKBONES[name]
    if not isinstance(build, Size) and not (isinstance(build, type) and issubclass(build, Backbone)):
        raise OptionError(f"A backbone is a class that derives from Backbone, {name!r} is {build!r}: derive it.")
    return build(in_channels=in_channels)
