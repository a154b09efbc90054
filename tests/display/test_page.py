"""The page that every report is."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from minenetcd.display.page import picture_source

COLOURS = np.linspace(0, 255, 90 * 120 * 4).reshape(90, 120, 4).astype(np.uint8)


def opened(source: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


@pytest.mark.parametrize("channels", [3, 4])
def test_maps_are_kept_exactly(channels: int) -> None:
    shown = opened(picture_source(Image.fromarray(COLOURS[..., :channels]), photograph=False))
    assert shown.format == "WEBP" and np.array_equal(shown, COLOURS[..., :channels])


@pytest.mark.parametrize(("alpha", "format"), [(255, "JPEG"), (0, "WEBP")])
def test_a_photograph_keeps_what_is_transparent(alpha: int, format: str) -> None:
    pixels = COLOURS.copy()
    pixels[..., 3] = 255
    pixels[:20, :, 3] = alpha
    shown = opened(picture_source(Image.fromarray(pixels), photograph=True))
    assert shown.format == format and shown.size == (120, 90)
    seen = np.asarray(shown.convert("RGBA")).astype(int)
    assert np.array_equal(seen[..., 3], pixels[..., 3])
    assert np.abs(seen - pixels)[20:, :, :3].mean() < 4
