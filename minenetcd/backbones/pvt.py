"""PVTv2-B1 as a pyramid, cut off behind the levels a detector reads.

Source: Wang et al., "PVT v2: Improved baselines with pyramid vision transformer", Computational Visual Media 2022.
"""

import torch
from torch import Tensor

from minenetcd.backbones.pretrained import from_hub, require_three_bands
from minenetcd.layers.pyramid_transformer import PyramidTransformer, StageShape

PRETRAINED_ID = "OpenGVLab/pvt_v2_b1"

_B1 = (
    StageShape(width=64, heads=1, depth=2, reduction=8, kernel_size=7, stride=4, mlp_ratio=8),
    StageShape(width=128, heads=2, depth=2, reduction=4, kernel_size=3, stride=2, mlp_ratio=8),
    StageShape(width=320, heads=5, depth=2, reduction=2, kernel_size=3, stride=2, mlp_ratio=4),
    StageShape(width=512, heads=8, depth=2, reduction=1, kernel_size=3, stride=2, mlp_ratio=4),
)

#: (the transformers library's part of a name, ours); the first that is found is replaced.
_LIBRARY_NAMES = (
    ("patch_embedding.proj", "embed"),
    ("patch_embedding.layer_norm", "embed_norm"),
    ("attention.spatial_reduction", "attention.reduce"),
    ("attention.layer_norm", "attention.reduce_norm"),
    ("attention.proj", "attention.project"),
    ("mlp.dense1", "mlp.expand"),
    ("mlp.dwconv.dwconv", "mlp.depthwise"),
    ("mlp.dense2", "mlp.project"),
    ("layer_norm_1", "attention_norm"),
    ("layer_norm_2", "mlp_norm"),
    ("layer_norm", "norm"),
)


class PvtV2B1(PyramidTransformer):
    """Image (B, in_channels, H, W) -> `levels` maps, fine to coarse, (B, channels[i], H / strides[i], W / strides[i]).

    Sides that do not divide are rounded up; H and W must be at least 29. `drop_path` is the stochastic depth
    that the last of all four stages would have: a trunk cut short keeps the rates of its blocks.
    """

    def __init__(self, in_channels: int = 3, *, levels: int = 4, drop_path: float = 0.1) -> None:
        built, whole = (sum(stage.depth for stage in stages) for stages in (_B1[:levels], _B1))
        super().__init__(in_channels, _B1[:levels], drop_path=drop_path * (built - 1) / (whole - 1))
        self.in_channels = in_channels

    def load_pretrained(self) -> None:
        """Copy the authors' ImageNet weights; OptionError for other than three bands, WeightsError without network."""
        require_three_bands("ImageNet weights of PVTv2-B1", self.in_channels)
        from transformers import PvtV2Model  # here, because whoever fetches nothing shall not wait for it

        published = from_hub(PvtV2Model.from_pretrained, PRETRAINED_ID).state_dict()
        own = self.state_dict()
        self.load_state_dict({name: x for name, x in from_library(published).items() if name in own})


def from_library(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of transformers' PvtV2Model by our names; its separate keys and values become one layer."""
    renamed = {}
    for name, tensor in tensors.items():
        if ".attention.key." in name:
            tensor = torch.cat([tensor, tensors[name.replace(".key.", ".value.")]])
            renamed[_translated(name.replace(".key.", ".key_value."))] = tensor
        elif ".attention.value." not in name:
            renamed[_translated(name)] = tensor
    return renamed


def _translated(name: str) -> str:
    _, _, stage, rest = name.split(".", 3)  # encoder.layers.{stage}.{rest}
    theirs, ours = next((pair for pair in _LIBRARY_NAMES if f".{pair[0]}." in f".{rest}"), ("", ""))
    return f"stages.stage{int(stage) + 1}.{rest.replace(theirs, ours)}"
