"""One image twice, the second time as if taken on another day: what nobody should call changed."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.uint8]  # (H, W, 3)

#: What no detector without training can tell from change: shown, not barred.
LIKE_CHANGE = ("haze, denser below", "a cast shadow on 4 %")


def disturbed(image: Picture) -> dict[str, tuple[Picture, Picture]]:
    """One image twice, the second time as if taken on another day."""
    values = image.astype(np.float32)
    rows = np.linspace(0, 1, len(image), dtype=np.float32)[:, np.newaxis, np.newaxis]
    shadow = np.ones_like(values)
    shadow[len(image) // 3 : len(image) // 2, image.shape[1] // 4 : image.shape[1] // 2] = 0.45
    others = {
        "tone (gain 0.8 to 1.2, offset 10)": values * np.float32([0.8, 1.0, 1.2]) + 10,
        "blur of 1.5 px": ndimage.gaussian_filter(values, (1.5, 1.5, 0)),
        "even haze": values * 0.7 + 235 * 0.3,
        "haze, denser below": values * (1 - 0.45 * rows) + 235 * 0.45 * rows,
        "a cast shadow on 4 %": values * shadow,
        "noise of 4": values + np.random.default_rng(0).normal(0, 4, image.shape),
    }
    pairs = {name: (image, _eight_bit(other)) for name, other in others.items()}
    half = _eight_bit(ndimage.shift(values, (0.5, 0.5, 0), order=3, mode="nearest"))
    pairs["shift of 0.5 px"] = (image[1:, 1:], half[1:, 1:])
    for pixels in (1, 3, 6):
        pairs[f"shift of {pixels} px"] = (image[pixels:, pixels:], image[:-pixels, :-pixels])
    return pairs


def _eight_bit(values: NDArray[np.float32]) -> Picture:
    return np.asarray(values.clip(0, 255).astype(np.uint8))
