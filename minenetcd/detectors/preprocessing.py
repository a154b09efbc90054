"""What stands between a file's numbers and a network: bands, value range, mean and deviation, order of the dates."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.configs.detector import COLOURS, PreprocessingSettings, unnamed_bands
from minenetcd.configs.value_range import ValueRange
from minenetcd.constants import LEAST_SIDE, UNKNOWN
from minenetcd.errors import SizeError
from minenetcd.geo.values import EIGHT_BITS, Limits, pair_limits, range_limits
from minenetcd.types import ChangeBatch


@dataclass(frozen=True)
class Preprocessing(PreprocessingSettings):
    """The settings of that name, at work on tensors."""

    @classmethod
    def of(cls, settings: PreprocessingSettings) -> Self:
        """The one that `settings` describe."""
        return cls(**asdict(settings))

    @classmethod
    def for_bands(cls, count: int | None) -> Self:
        """That of three colours, or of `count` bands of which nothing is known."""
        if count is None or count == len(COLOURS):
            return cls()
        bands, mean, std = unnamed_bands(range(1, count + 1)).values()
        return cls(bands, mean, std)

    def limits(
        self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_] | None = None
    ) -> tuple[Limits, Limits]:
        """What becomes 0 and 1 of each date (..., C), by this `value_range` and `minenetcd.geo.values.pair_limits`.

        OptionError where the range is that of other numbers.
        """
        return pair_limits(before, after, valid, self.value_range)

    def check_shapes(
        self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[Any] | None, *, reader: str
    ) -> None:
        """SizeError unless two batches (N, H, W, C), and `valid` (N, H, W), are what the detector `reader` takes."""
        bands = len(self.bands)
        if before.ndim != 4 or before.shape != after.shape:
            raise SizeError(
                f"A detector needs two images of one shape (H, W, C), got {before.shape[1:]} and {after.shape[1:]}: "
                f"crop or resample one, or use minenetcd.predict, which does."
            )
        if before.shape[-1] != bands or 0 in before.shape:
            raise SizeError(
                f"{reader} reads {bands} bands ({', '.join(self.bands)}) in the last axis, got shape "
                f"{before.shape[1:]}: select these bands."
            )
        if valid is not None and valid.shape != before.shape[:3]:
            raise SizeError(f"valid needs the images' shape {before.shape[1:3]}, got {valid.shape[1:]}: crop it.")

    def to_unit(self, image: NDArray[Any], valid: NDArray[np.bool_], limits: Limits, device: torch.device) -> Tensor:
        """(N, H, W, C) -> (N, C, H', W') in 0..1 on `device`, padded to the least side; no data becomes the mean.

        On the device, and not in `minenetcd.geo.values`: 8-bit pixels travel there in a quarter of the room.
        """
        pad = [(0, max(0, LEAST_SIDE - side)) for side in image.shape[1:3]]
        image = np.pad(image, [(0, 0), *pad, (0, 0)], mode="symmetric")
        valid = np.pad(valid, [(0, 0), *pad], mode="symmetric")
        image, limits = limits.from_low(image)
        pixels = torch.from_numpy(np.ascontiguousarray(image, _transferable(image.dtype))).to(device)
        known = torch.from_numpy(np.ascontiguousarray(valid)).to(device)[..., None]
        return self._in_unit(pixels, known, limits).permute(0, 3, 1, 2)  # channels last in memory already

    def dates_in_unit(
        self, batch: ChangeBatch, device: torch.device, value_range: ValueRange | None = None
    ) -> list[Tensor]:
        """Before and after of a batch of a data set, (B, C, H, W) in 0..1 on `device`, channels last.

        The same numbers as `to_unit` with `limits` gives for each pair by itself, except that 8 bits of the range 0 to
        255 are black where they hold no data. `value_range` is used where this has none.
        """
        value_range = self.value_range or value_range
        dates = batch.before, batch.after
        if all(date.dtype == torch.uint8 for date in dates) and value_range in (None, (0, EIGHT_BITS)):
            return [
                date.to(device, non_blocking=True).float().div(EIGHT_BITS).contiguous(memory_format=torch.channels_last)
                for date in dates
            ]
        known = holds_data(batch)
        limits = _batch_limits(batch, known, value_range)
        known = known.to(device)[..., None]
        units = (
            self._in_unit(pixels.to(device, non_blocking=True).permute(0, 2, 3, 1), known, limit)
            for pixels, limit in (_travelling(date, limit) for date, limit in zip(dates, limits, strict=True))
        )
        return [unit.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) for unit in units]

    def _in_unit(self, pixels: Tensor, known: Tensor, limits: Limits) -> Tensor:
        """Pixels (N, H, W, C) in 0..1 by limits (C,), or (N, C); the mean where not `known` (N, H, W, 1) or finite."""
        bands = pixels.shape[-1]
        low, high = (
            torch.from_numpy(np.asarray(end, np.float32)).to(pixels.device).view(-1, 1, 1, bands) for end in limits
        )
        unit = (pixels.float() - low).div_(high - low)
        if pixels.is_floating_point():
            known = known & unit.isfinite().all(dim=-1, keepdim=True)
        return torch.where(known, unit.clamp_(0, 1), unit.new_tensor(self.mean))

    def inputs(self, before: Tensor, after: Tensor) -> list[Tensor]:
        """Both dates (B, C, H, W) in 0..1 as the network takes them: normalised, in its order, on their device."""
        dates = {"before": before, "after": after}
        return [self._normalised(dates[date]) for date in self.date_order]

    def _normalised(self, image: Tensor) -> Tensor:
        """Zero mean and unit variance per band."""
        mean, std = (image.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (image - mean) / std


def holds_data(batch: ChangeBatch) -> Tensor:
    """Where both dates of a batch hold data (B, H, W), as ChangeSample has it."""
    empty = (batch.before == 0).all(dim=1) | (batch.after == 0).all(dim=1)
    return ~(empty & (batch.mask == UNKNOWN))


def _batch_limits(batch: ChangeBatch, known: Tensor, value_range: ValueRange | None) -> tuple[Limits, Limits]:
    """Limits of each date: (C,) of a range that is known, else (B, C), each pair's own."""
    if value_range is not None:
        limits = range_limits(value_range, batch.before.shape[1])
        return limits, limits
    dates = (date.permute(0, 2, 3, 1).numpy() for date in (batch.before, batch.after))
    return stacked_limits(map(pair_limits, *dates, known.numpy()))


def stacked_limits(pairs: Iterable[tuple[Limits, Limits]]) -> tuple[Limits, Limits]:
    """Limits (C,) of the dates of each pair as those of a batch (N, C), date by date."""
    before, after = (Limits(*map(np.stack, zip(*date, strict=True))) for date in zip(*pairs, strict=True))
    return before, after


def _travelling(date: Tensor, limits: Limits) -> tuple[Tensor, Limits]:
    """A date (B, C, H, W) as it travels to the device, not every one of which has other types, and limits for it."""
    if limits.low.dtype != np.float64:
        return date if date.dtype == torch.uint8 else date.float(), limits
    low, high = (np.broadcast_to(end, (len(date), date.shape[1])) for end in limits)
    apart = (date.double() - torch.from_numpy(low.copy())[..., None, None]).float()
    return apart, Limits(np.zeros_like(low, np.float32), (high - low).astype(np.float32))


def _transferable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in which pixels travel to the device: 8 bits stay 8 bits, the rest becomes float32."""
    return np.dtype(np.uint8) if dtype == np.uint8 else np.dtype(np.float32)
