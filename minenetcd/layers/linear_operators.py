"""Bilinear enlarging and average pooling as matrices, and a convolution that need not see what was enlarged.

Both are linear in each of the two directions, rows and columns: a map x (h, w) becomes R x C^T. So is a 3 x 3
convolution, which may therefore come first, at the small size, exact but for rounding.
"""

import torch
from torch import Tensor
from torch.nn import functional

from minenetcd.layers.resize import resize_to

_TAPS = 3  # of a kernel, in one direction


def convolve_enlarged(x: Tensor, taps: Tensor, size: tuple[int, int]) -> Tensor:
    """The 3 x 3 convolution, with a border of one zero, of x (B, C, h, w) enlarged bilinearly: (B, O, *size).

    `taps` (3, C, 3 O) are `as_taps` of its weights. Enlarged is what `resize_to` gives. Where x is smaller, each tap of
    the kernel is applied to x itself, a row of the kernel as one matrix product, and rows and columns are enlarged and
    moved afterwards, unless that is more work.
    """
    weight = taps.unflatten(-1, (_TAPS, -1)).permute(3, 1, 0, 2)
    if not _is_less_work(x.shape, weight.shape, size):
        return functional.conv2d(resize_to(x, size), weight, padding=1)
    batch, channels, height, width = x.shape
    rows, columns = (_moved(enlarging(a, b, like=x)) for a, b in zip((height, width), size, strict=True))  # (3, to, of)
    by_column = columns.permute(1, 2, 0).reshape(size[1], width * _TAPS).expand(batch * height, -1, -1)
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)
    enlarged: Tensor | None = None
    for by_row, kernel_row in zip(rows, taps, strict=True):
        tapped = (pixels @ kernel_row).view(batch * height, width * _TAPS, -1)
        wide = torch.bmm(by_column, tapped).view(batch, height, -1)  # (B, h, W O)
        by_row = by_row.expand(batch, -1, -1)
        enlarged = torch.bmm(by_row, wide) if enlarged is None else torch.baddbmm(enlarged, by_row, wide)
    assert enlarged is not None
    return enlarged.view(batch, *size, -1).permute(0, 3, 1, 2)


def as_taps(weight: Tensor) -> Tensor:
    """Weights (O, C, 3, 3) of a convolution as a matrix for each row of its kernel: (3, C, 3 O)."""
    return weight.permute(2, 1, 3, 0).flatten(2)


def pool_to(x: Tensor, side: int) -> Tensor:
    """Means over `side` x `side` areas of x (B, C, H, W), as `adaptive_avg_pool2d` has them: (B, C, side, side)."""
    rows, columns = (averaging(length, side, like=x) for length in x.shape[-2:])
    return rows @ x @ columns.T


def enlarging(of: int, to: int, *, like: Tensor) -> Tensor:
    """The matrix (to, of) that makes `to` numbers of `of`, linearly interpolated between the middles of pixels."""
    # odd numbers of halves, not (range + 0.5) * ratio - 0.5, which OpenVINO (2026.4) never ends to simplify in double
    halves = torch.arange(1, 2 * to, 2, device="cpu", dtype=torch.float64)  # which not every device has
    middles = halves * (of / to / 2) - 0.5
    places = torch.arange(of, device="cpu", dtype=torch.float64)
    matrix = (1 - (middles.clamp(0, of - 1)[:, None] - places).abs()).clamp(min=0)
    return matrix.to(like.dtype).to(like.device)


def places_read(of: int, to: int, start: int, end: int) -> slice:
    """Which of the numbers the rows `start` to `end` of `enlarging(of, to)` read."""
    first, last = (int((row + 0.5) * of / to - 0.5) for row in (start, end - 1))
    return slice(max(0, min(first, of - 1)), min(last + 2, of))


def averaging(of: int, to: int, *, like: Tensor) -> Tensor:
    """The matrix (to, of) of means over `to` areas, which share a number where `of` does not divide."""
    areas = torch.arange(to, device="cpu")[:, None]
    places = torch.arange(of, device="cpu")
    inside = ((places >= areas * of // to) & (places < -(-(areas + 1) * of // to))).double()
    return (inside / inside.sum(dim=1, keepdim=True)).to(like.dtype).to(like.device)


def _moved(matrix: Tensor) -> Tensor:
    """What each of the taps of a kernel reads of the result of `matrix` (to, of), zero beyond its ends: (3, to, of)."""
    beyond = functional.pad(matrix, (0, 0, 1, 1))
    return torch.stack([beyond[tap : tap + len(matrix)] for tap in range(_TAPS)])


def _is_less_work(x: torch.Size, weight: torch.Size, size: tuple[int, int]) -> bool:
    """By multiply-adds for one image."""
    (_, channels, height, width), out = x, weight[0]
    plain = _TAPS**2 * channels * out * size[0] * size[1]
    taps = _TAPS**2 * channels * out * height * width
    columns = out * _TAPS * height * _TAPS * width * size[1]
    rows = out * size[0] * _TAPS * height * size[1]
    return taps + columns + rows < plain
