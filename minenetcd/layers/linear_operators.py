"""Bilinear enlarging and average pooling as matrices, and a convolution that need not see what was enlarged.

Both are linear in each of the two directions, rows and columns: a map x (h, w) becomes R x C^T. So is a 3 x 3
convolution, which may therefore come first, at the small size, exact but for rounding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from minenetcd.layers.resize import resize_to

_TAPS = 3  # of a kernel, in one direction


def convolve_enlarged(maps: Sequence[Tensor], taps: Sequence[Tensor], onto: Tensor) -> Tensor:
    """`onto` (B, O, H, W) plus the 3 x 3 convolution, with a border of one zero, of each map, enlarged bilinearly.

    `maps` (B, C_i, h_i, w_i) are enlarged as by `resize_to`; `taps` (9, C_i, O) are `as_taps` of their weights. Where a
    map is smaller, each tap of the kernel is applied to the map itself, and rows and columns are enlarged and moved
    afterwards, unless that is more work.
    """
    batch, out, high, wide = onto.shape
    columns, enlarged = [], []  # of all maps, so that one product adds them all up
    for x, each in zip(maps, taps, strict=True):
        if _is_less_work(x.shape, out, (high, wide)):
            enlarged.append(_with_rows_enlarged(x, each, high))
            columns.append(_moved(enlarging(x.shape[3], wide, like=x)).view(wide, _TAPS, -1))
        else:
            weight = each.unflatten(0, (_TAPS, _TAPS)).permute(3, 2, 1, 0)
            onto = onto + functional.conv2d(resize_to(x, (high, wide)), weight, padding=1)
    if not enlarged:
        return onto
    rows = onto.permute(0, 2, 3, 1).flatten(0, 1)
    by_row = torch.cat(columns, dim=2).flatten(1).expand(len(rows), -1, -1)
    joined = torch.baddbmm(rows, by_row, torch.cat(enlarged, dim=3).flatten(2, 3).flatten(0, 1))
    return joined.view(batch, high, wide, out).permute(0, 3, 1, 2)


def _with_rows_enlarged(x: Tensor, taps: Tensor, high: int) -> Tensor:
    """What each column of the kernel makes of x (B, C, h, w), at full height: (B, high, 3, w, O)."""
    batch, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)
    tapped = torch.bmm(pixels.expand(_TAPS**2, -1, -1), taps).view(_TAPS, _TAPS, batch, height, -1)
    by_column = tapped.permute(2, 0, 1, 3, 4).reshape(batch * _TAPS, _TAPS * height, -1)
    rows = _moved(enlarging(height, high, like=x)).expand(len(by_column), -1, -1)
    return torch.bmm(rows, by_column).view(batch, _TAPS, high, width, -1).transpose(1, 2)


def as_taps(weight: Tensor) -> Tensor:
    """Weights (O, C, 3, 3) of a convolution as a matrix for each tap, column by column: (9, C, O)."""
    return weight.permute(3, 2, 1, 0).flatten(0, 1)


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
    """What the taps of a kernel read of the results of `matrix` (to, of), zero beyond their ends: (to, 3 of)."""
    beyond = functional.pad(matrix, (0, 0, 1, 1))
    return torch.cat([beyond[tap : tap + len(matrix)] for tap in range(_TAPS)], dim=1)


def _is_less_work(x: torch.Size, out: int, size: tuple[int, int]) -> bool:
    """By multiply-adds for one image."""
    _, channels, height, width = x
    plain = _TAPS**2 * channels * out * size[0] * size[1]
    taps = _TAPS**2 * channels * out * height * width
    rows = out * _TAPS * width * _TAPS * height * size[0]
    columns = out * size[0] * _TAPS * width * size[1]
    return taps + rows + columns < plain
