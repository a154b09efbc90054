"""Colours of real ground: how far two grounds differ, which is bare, and how one looks in another season or light.

Pictures are float32 (3, H, W), red, green, blue, 0..1.
"""

import numpy as np
from numpy.random import Generator

from minenetcd.synthetic.canvas.noise import Field, Mask, lowpass

#: Bare ground is brighter than this and not green: twice green exceeds red and blue by less than the second.
_BRIGHT, _GREEN = 0.38, 0.04
_LOCAL = 3.0  # radius of local means [pixels]
_HUES = 4  # colours that a season moves
#: Brighter, warmer, greener: the ways in which a season moves a colour, and how far against each other.
_AXES = np.array([[1.0, 1.0, 1.0], [0.3, 0.05, -0.3], [-0.15, 0.25, -0.15]], np.float32)


def local_difference(one: Field, other: Field) -> Field:
    """Mean difference over the bands of the local mean colours (H, W)."""
    difference = np.zeros(one.shape[1:], np.float32)
    for band, of_other in zip(one, other, strict=True):
        difference += np.abs(lowpass(band - of_other, _LOCAL))
    return difference / len(one)


def colour_difference(one: Field, other: Field, where: Mask) -> float:
    """Mean of `local_difference` over `where` (H, W)."""
    return float(local_difference(one, other)[where].mean())


def bare_share(picture: Field, where: Mask) -> float:
    """Share of `where` (H, W) that is bright and not green."""
    red, green, blue = (band[where] for band in picture)
    return float(np.mean((red + green + blue > 3 * _BRIGHT) & (2 * green - red - blue < _GREEN)))


def laid_bare(rng: Generator, picture: Field) -> Field:
    """The texture of `picture` in the colours of bright bare ground: sand, pale rock, red earth."""
    grey = picture.mean(axis=0)
    texture = (grey - grey.mean()) * np.float32(rng.uniform(0.5, 1.0))
    warmth = rng.uniform(0, 0.22)
    hue = np.array([1 + 0.6 * warmth, 1 - 0.2 * warmth, 1 - 1.2 * warmth], np.float32)
    return np.clip(hue[:, None, None] * (np.float32(rng.uniform(0.5, 0.85)) + texture), 0, 1)


def other_season(rng: Generator, picture: Field, strength: float = 0.1) -> Field:
    """Some colours moved, those near them less, so that a forest may turn brown and a road stay as it is."""
    pixels = picture.reshape(3, -1)
    moved = picture.copy()
    for _ in range(_HUES):
        centre = pixels[:, rng.integers(pixels.shape[1])][:, None, None]
        width = np.float32(rng.uniform(0.1, 0.3))
        near = np.exp(-np.square(picture - centre).sum(axis=0) / (2 * width * width))
        reach = strength * (0.4 + float(centre.mean()))  # dark ground stays dark
        step = (rng.normal(0, reach, 3).astype(np.float32)) @ _AXES
        moved += step[:, None, None] * near
    return np.clip(moved, 0, 1)


def other_light(rng: Generator, picture: Field) -> Field:
    """The same ground brighter or darker, or in another season."""
    if rng.random() < 0.5:
        return other_season(rng, picture, 0.11)
    gain = np.exp(rng.choice([-1, 1]) * rng.uniform(0.15, 0.45) + rng.normal(0, 0.04, 3))
    return np.clip(picture * gain.astype(np.float32)[:, None, None], 0, 1)
