"""Spectra along the channels, before and after ChangeFFT (MineNetCD, section 3.2: the FFT runs along the channels)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from minenetcd.explain.layers import Dates, Layer, read_layers
from minenetcd.models.base import ChangeModel

REGIONS = ("changed", "unchanged")


@dataclass(frozen=True)
class Spectrum:
    """Mean amplitude (C // 2 + 1,) over the cells of one region, from frequency 0 to a half [cycles per channel].

    The representation is real, so that the upper half of its spectrum mirrors this one.
    """

    stage: str
    level: int
    region: str
    amplitude: NDArray[np.float32]
    cells: int

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Of each amplitude [cycles per channel]."""
        return np.linspace(0, 0.5, len(self.amplitude))


def channel_spectra(
    model: ChangeModel, layers: Sequence[Layer], dates: Dates, regions: dict[str, Tensor]
) -> list[Spectrum]:
    """The spectrum of each of `layers` in each region, (H, W) bool of the images' size, that holds a cell of it.

    A cell belongs to a region that fills more than half of it.
    """
    spectra = []
    for layer, features in zip(layers, read_layers(model, layers, dates), strict=True):
        amplitude = channel_amplitude(features[0])
        rows, columns = amplitude.shape[-2:]
        for name, region in regions.items():
            cells = functional.adaptive_avg_pool2d(region.float()[None, None], (rows, columns))[0, 0] > 0.5
            if cells.any():
                mean = amplitude[:, cells].mean(dim=1).cpu().numpy()
                spectra.append(Spectrum(layer.stage, layer.level, name, mean, int(cells.sum())))
    return spectra


def channel_amplitude(features: Tensor) -> Tensor:
    """Amplitude of the orthonormal FFT along the channels: (C, h, w) -> (C // 2 + 1, h, w)."""
    return torch.fft.rfft(features.float(), dim=0, norm="ortho").abs()


def spectra_table(spectra: Mapping[str, Sequence[Spectrum]]) -> pd.DataFrame:
    """A row for each detector, stage, level, region and frequency."""
    rows = [
        (detector, spectrum.stage, spectrum.level, spectrum.region, spectrum.cells, frequency, amplitude)
        for detector, some in spectra.items()
        for spectrum in some
        for frequency, amplitude in zip(spectrum.frequency, spectrum.amplitude.tolist(), strict=True)
    ]
    columns = ("detector", "stage", "level", "region", "cells", "cycles_per_channel", "amplitude")
    return pd.DataFrame(rows, columns=columns)
