"""One encoder on two dates."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def encode_both(
    encoder: Callable[[Tensor], Sequence[Tensor]], before: Tensor, after: Tensor, *, at_once: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """What `encoder` makes of each date (B, C, H, W), `at_once` as one batch of 2 B.

    That is quicker where its weights are large beside its maps, and for BatchNorm in training another network: it
    takes the statistics of what passes together.
    """
    if not at_once:
        return list(encoder(before)), list(encoder(after))
    halves = [level.chunk(2) for level in encoder(torch.cat([before, after]))]
    return [first for first, _ in halves], [second for _, second in halves]
