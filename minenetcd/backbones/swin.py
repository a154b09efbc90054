"""Swin as a pyramid, as the transformers library builds it, configured as in the released MineNetCD.

Source: Liu et al., "Swin Transformer", ICCV 2021.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from transformers import SwinBackbone, SwinConfig, UperNetForSemanticSegmentation

from minenetcd.backbones.base import Backbone
from minenetcd.backbones.pretrained import from_hub, require_published

_STAGES = ["stage1", "stage2", "stage3", "stage4"]


class Swin(Backbone):
    """Image (B, in_channels, H, W) -> four maps (B, channels[i], H / strides[i], W / strides[i]), layer-normalised.

    Sizes that do not divide are rounded up at every stage; windows are never shrunk, as published. `pretrained_id`:
    the hub repository of a UPerNet whose trunk it may start from.
    """

    folds = True
    has_batch_norm = False

    def __init__(
        self,
        in_channels: int = 3,
        *,
        embed_dim: int,
        depths: Sequence[int],
        heads: Sequence[int],
        window: int,
        drop_path: float = 0.1,
        pretrained_id: str | None = None,
    ) -> None:
        super().__init__()
        config = SwinConfig(
            num_channels=in_channels,
            embed_dim=embed_dim,
            depths=list(depths),
            num_heads=list(heads),
            window_size=window,
            drop_path_rate=drop_path,
        )
        config.out_features = _STAGES
        self.network = _without_unused_norm(SwinBackbone(config))
        self.pretrained_id = pretrained_id
        self.channels = tuple(self.network.channels)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(image).feature_maps)

    def load_pretrained(self) -> None:
        """Copy the trunk published as `pretrained_id`.

        OptionError for other than three input bands, WeightsError where the weights cannot be had.
        """
        pretrained_id = require_published(
            "pretrained weights of Swin", self.pretrained_id, self.network.config.num_channels
        )
        published = from_hub(UperNetForSemanticSegmentation.from_pretrained, pretrained_id).backbone
        self.network.load_state_dict(_without_unused_norm(published).state_dict())


def _without_unused_norm(network: SwinBackbone) -> SwinBackbone:
    """The library computes a final norm no output uses: take it out of the forward and of the tensors."""
    network.swin.add_module("layernorm", nn.Identity())
    return network
