"""The one contract of trunks that a network takes by name."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from minenetcd.backbones.pretrained import no_weights


class Backbone(nn.Module, ABC):
    """Image (B, in_channels, H, W) -> maps, fine to coarse, (B, channels[i], ceil(H / strides[i]), ...).

    A trunk subclasses this, takes `in_channels`, and sets `channels` when it is built, so that whoever reads its maps
    can be built before a forward. MineNetCD reads four maps.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...] = (4, 8, 16, 32)

    #: Whether statistics of a batch are taken while training: then each date passes as a batch of its own.
    has_batch_norm: ClassVar[bool] = True

    #: As `ChangeModel.folds`, of the trunk's own parts.
    folds: ClassVar[bool] = False

    #: What its pretrained weights are called; None where there are none.
    pretrained_id: str | None = None

    @abstractmethod
    def forward(self, image: Tensor) -> Sequence[Tensor]:
        """The maps."""

    def load_pretrained(self) -> None:
        """Start from pretrained weights. OptionError where there are none, WeightsError where they cannot be had."""
        raise no_weights()
