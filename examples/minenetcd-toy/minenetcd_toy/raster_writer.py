"""An output format of pixels: NumPy's own, compressed."""

from pathlib import Path

import numpy as np

from minenetcd.prediction.outputs import Result


def npz(result: Result, path: Path) -> None:
    """`change` (H, W) of 0, 1 and 255, `probability` (H, W) with NaN, and `transform` from pixels to the CRS."""
    np.savez_compressed(
        path, change=result.mask, probability=result.probability, transform=np.array(result.grid.transform)
    )
