"""What stands between a file's numbers and a network: bands, value range, mean and deviation, order of the dates."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.configs.detector import PreprocessingSettings
from minenetcd.constants import LEAST_SIDE
from minenetcd.geo.values import Limits
from minenetcd.types import ChangeBatch


@dataclass(frozen=True)
class Preprocessing(PreprocessingSettings):
    """The settings of that name, at work on tensors."""

    @classmethod
    def of(cls, settings: PreprocessingSettings) -> Self:
        """The one that `settings` describe."""
        return cls(**asdict(settings))

    def to_unit(self, image: NDArray[Any], valid: NDArray[np.bool_], limits: Limits, device: torch.device) -> Tensor:
        """(N, H, W, C) -> (N, C, H', W') in 0..1 on `device`, padded to the least side; no data becomes the mean.

        On the device, and not in `minenetcd.geo.values`: 8-bit pixels travel there in a quarter of the room.
        """
        pad = [(0, max(0, LEAST_SIDE - side)) for side in image.shape[1:3]]
        image = np.pad(image, [(0, 0), *pad, (0, 0)], mode="symmetric")
        valid = np.pad(valid, [(0, 0), *pad], mode="symmetric")
        pixels = torch.from_numpy(np.ascontiguousarray(image, _transferable(image.dtype))).to(device)
        low, high = (torch.from_numpy(np.asarray(limit, np.float32)).to(device) for limit in limits)
        unit = (pixels.float() - low) / (high - low)
        known = torch.from_numpy(np.ascontiguousarray(valid)).to(device)[..., None]
        known = known & unit.isfinite().all(dim=-1, keepdim=True)
        filled = torch.where(known, unit.clamp(0, 1), unit.new_tensor(self.mean))
        return filled.permute(0, 3, 1, 2)  # channels last in memory already

    def inputs(self, before: Tensor, after: Tensor) -> list[Tensor]:
        """Both dates (B, C, H, W) in 0..1 as the network takes them: normalised, in its order, on their device."""
        dates = {"before": before, "after": after}
        return [self._normalised(dates[date]) for date in self.date_order]

    def _normalised(self, image: Tensor) -> Tensor:
        """Zero mean and unit variance per band."""
        mean, std = (image.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (image - mean) / std


def dates_in_unit(batch: ChangeBatch, device: torch.device) -> list[Tensor]:
    """Before and after of a batch, uint8 (B, C, H, W), in 0..1 on `device`, channels last."""
    return [
        date.to(device, non_blocking=True).float().div(255).contiguous(memory_format=torch.channels_last)
        for date in (batch.before, batch.after)
    ]


def _transferable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in which pixels travel to the device: 8 bits stay 8 bits, the rest becomes float32."""
    return np.dtype(np.uint8) if dtype == np.uint8 else np.dtype(np.float32)
