"""Bringing feature maps to one size."""

from torch import Tensor
from torch.nn import functional


def resize_to(x: Tensor, like: Tensor | tuple[int, int], *, align_corners: bool = False) -> Tensor:
    """Bilinear (B, C, H, W) -> (B, C, H', W') with the height and width of `like`; `x` itself if they agree."""
    size = tuple(like.shape[-2:]) if isinstance(like, Tensor) else like
    if tuple(x.shape[-2:]) == size:
        return x
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=align_corners)
