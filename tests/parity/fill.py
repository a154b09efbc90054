"""Deterministic weights and inputs: every tensor is a function of its published name and shape alone."""

import math
import zlib

import numpy as np
from numpy.typing import NDArray


def tensor(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The floating-point tensor published as `name`."""
    uniform = np.random.default_rng(zlib.crc32(name.encode())).random(tuple(shape)) * 2 - 1
    return (_offset(name, shape) + _scale(name, shape) * uniform).astype(np.float32)


def _offset(name: str, shape: tuple[int, ...]) -> float:
    leaf = name.rsplit(".", 1)[-1]
    return 1.0 if leaf == "running_var" or (leaf == "weight" and len(shape) == 1) else 0.0


def _scale(name: str, shape: tuple[int, ...]) -> float:
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "running_mean":
        return 0.2
    if _offset(name, shape):
        return 0.5
    if leaf.startswith("complex_weight"):
        return math.sqrt(3 / (2 * shape[-2]))
    return math.sqrt(3 / math.prod(shape[1:])) if len(shape) >= 2 else 0.1


def image_pair(*, seed: int = 0, size: int = 256, batch: int = 1, channels: int = 3) -> tuple[NDArray, NDArray]:
    """Before and after, float32 (batch, channels, size, size) in [-1, 1]: noise, with a changed centre square."""
    rng = np.random.default_rng(seed)
    before = rng.random((batch, channels, size, size)) * 2 - 1
    after = 0.8 * before + 0.2 * (rng.random((batch, channels, size, size)) * 2 - 1)
    q = size // 4
    after[:, :, q : 3 * q, q : 3 * q] = rng.random((batch, channels, 2 * q, 2 * q)) * 2 - 1
    return before.astype(np.float32), after.astype(np.float32)
