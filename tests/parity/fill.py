"""Deterministic weights and inputs: every tensor is a function of its published name and shape alone."""

import math
import zlib

import numpy as np
from numpy.typing import NDArray

#: Numbers drawn at a time: few enough to stay in the processor's cache.
CHUNK = 2**15


def tensor(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The floating-point tensor published as `name`: offset + scale * u, u uniform in [-1, 1), drawn in float64."""
    rng, size = np.random.default_rng(zlib.crc32(name.encode())), math.prod(shape)
    offset, scale = _offset(name, shape), _scale(name, shape)
    filled, drawn = np.empty(size, np.float32), np.empty(min(size, CHUNK))
    for start in range(0, size, CHUNK):
        part = drawn[: size - start]
        rng.random(out=part)
        part *= 2
        part -= 1
        part *= scale
        part += offset
        filled[start : start + CHUNK] = part
    return filled.reshape(shape)


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
