"""What is seen on a page, in its pixels."""

import io
import math
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.display.palettes import OUTLINE, rgb
from web.drawn_results import CYAN, MAGENTA
from web.waiting import drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Spot(NamedTuple):
    """A place on the page [px]."""

    x: float
    y: float


def picture(page: "Page", selector: str = ".maps") -> NDArray[np.uint8]:
    """What the element shows (H, W, 3), after what was asked for is drawn."""
    drawn(page)
    image = Image.open(io.BytesIO(page.locator(selector).screenshot(scale="css")))
    return np.asarray(image.convert("RGB"))


def is_like(shown: NDArray[np.uint8], colour: tuple[int, int, int], by: int = 40) -> NDArray[np.bool_]:
    return np.asarray((np.abs(shown.astype(int) - colour) < by).all(axis=-1))


def outlined(shown: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the colour of outlines is seen (H, W)."""
    return is_like(shown, rgb(OUTLINE))


def magenta_spot(page: "Page", selector: str = ".maps") -> Spot:
    """The middle of the upper spot, which both dates have: row 31, column 301 of the drawn scene."""
    return _middle(page, selector, picture(page, selector), MAGENTA)


def pixel_side(page: "Page") -> float:
    """How wide a pixel of the drawn scene is on the page."""
    shown = picture(page)
    return math.dist(*(_middle(page, ".maps", shown, colour) for colour in (MAGENTA, CYAN))) / 240


def from_spot(page: "Page", row: float, column: float) -> Spot:
    """Where a place of the drawn scene is on the page: as far from both spots, whose rows are turned a little there."""
    shown = picture(page)
    upper, lower = (_middle(page, ".maps", shown, colour) for colour in (MAGENTA, CYAN))
    down = (lower.x - upper.x) / 240, (lower.y - upper.y) / 240
    rows, columns = row - 31, column - 301
    return Spot(upper.x + rows * down[0] + columns * down[1], upper.y + rows * down[1] - columns * down[0])


def _middle(page: "Page", selector: str, shown: NDArray[np.uint8], colour: tuple[int, int, int]) -> Spot:
    rows, columns = np.nonzero(is_like(shown, colour, 90))
    box = page.locator(selector).bounding_box()
    assert box is not None and len(rows) > 4, "a spot is not seen"
    return Spot(box["x"] + columns.mean() + 0.5, box["y"] + rows.mean() + 0.5)


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text.replace(",", ""))]
