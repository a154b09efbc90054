"""Swin and ResNet trunks as the transformers library builds them, configured as in the released MineNetCD.

Sources: Liu et al., "Swin Transformer", ICCV 2021; He et al., "Deep residual learning", CVPR 2016.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from transformers import ResNetBackbone, ResNetConfig, SwinBackbone, SwinConfig, UperNetForSemanticSegmentation

from minenetcd.errors import OptionError, WeightsError

_STAGES = ["stage1", "stage2", "stage3", "stage4"]


class Trunk(nn.Module):
    """Image (B, in_channels, H, W) -> four feature maps (B, channels[i], H / strides[i], W / strides[i]).

    Sizes that do not divide are rounded up at every stage. `has_batch_norm` tells whether the samples of
    a batch see each other in training.
    """

    strides = (4, 8, 16, 32)

    def __init__(self, network: SwinBackbone | ResNetBackbone, *, pretrained_id: str | None) -> None:
        super().__init__()
        self.network = network
        self.pretrained_id = pretrained_id
        self.channels = tuple(network.channels)
        self.has_batch_norm = isinstance(network, ResNetBackbone)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(image).feature_maps)

    def load_pretrained(self) -> None:
        """Copy the trunk published as `pretrained_id`; OptionError for other than three input bands."""
        if self.pretrained_id is None:
            raise OptionError("This trunk has no pretrained weights: build it with pretrained_backbone=False.")
        if self.network.config.num_channels != 3:
            raise OptionError(
                f"Pretrained trunks read 3 bands, this one {self.network.config.num_channels}: use in_channels=3, or "
                f"start from random weights with pretrained_backbone=False."
            )
        try:
            source = _published_trunk(self.pretrained_id, resnet=self.has_batch_norm)
        except OSError as error:
            reason = str(error).splitlines()[0]
            raise WeightsError(
                f"The pretrained trunk {self.pretrained_id!r} could not be downloaded ({reason}): go online once, or "
                f"start from random weights with pretrained_backbone=False."
            ) from error
        _drop_unused_norm(source)
        self.network.load_state_dict(source.state_dict())


def swin(
    in_channels: int,
    *,
    embed_dim: int,
    depths: Sequence[int],
    heads: Sequence[int],
    window: int,
    drop_path: float = 0.1,
    pretrained_id: str | None = None,
) -> Trunk:
    """Swin with a LayerNorm on each of its four outputs; windows are never shrunk, as published."""
    config = SwinConfig(
        num_channels=in_channels,
        embed_dim=embed_dim,
        depths=list(depths),
        num_heads=list(heads),
        window_size=window,
        drop_path_rate=drop_path,
        out_features=_STAGES,
    )
    network = SwinBackbone(config)
    _drop_unused_norm(network)
    return Trunk(network, pretrained_id=pretrained_id)


def resnet(
    in_channels: int,
    *,
    layer_type: str,
    depths: Sequence[int],
    widths: Sequence[int],
    stem: int = 64,
    pretrained_id: str | None = None,
) -> Trunk:
    """ResNet; in bottleneck blocks the stride sits in the 3 x 3 convolution."""
    config = ResNetConfig(
        num_channels=in_channels,
        layer_type=layer_type,
        depths=list(depths),
        hidden_sizes=list(widths),
        embedding_size=stem,
        out_features=_STAGES,
    )
    return Trunk(ResNetBackbone(config), pretrained_id=pretrained_id)


def _drop_unused_norm(network: SwinBackbone | ResNetBackbone) -> None:
    """The library computes a final norm no output uses: take it out of the forward and of the tensors."""
    if isinstance(network, SwinBackbone):
        network.swin.layernorm = nn.Identity()


def _published_trunk(pretrained_id: str, *, resnet: bool) -> SwinBackbone | ResNetBackbone:
    if resnet:
        return ResNetBackbone.from_pretrained(pretrained_id, out_features=_STAGES)
    return UperNetForSemanticSegmentation.from_pretrained(pretrained_id).backbone
