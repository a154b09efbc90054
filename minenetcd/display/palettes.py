"""The colours of pages, figures, pictures and rasters of classes, as #rrggbb."""

from collections.abc import Sequence
from math import ceil, floor

# --- figures ---

INK, QUIET, GRID = "#22282e", "#6b747c", "#e4e7ea"
ACCENT, ACCENT_LIGHT = "#b8433a", "#e7b9b3"  # what changed
BLUE, BLUE_LIGHT = "#2f6690", "#b3c9da"
BEFORE, AFTER = BLUE, "#d98a29"
SPLIT_COLOURS = {"train": BLUE, "val": "#d9a329", "test": ACCENT}
OTHER_COLOUR = "#7a7f85"
FRAME = "#c9ced3"  # of a picture: an all white one shows as one
AXIS, LEADER, EDGE = "#b5bbc1", "#9aa2a9", "#8a9299"  # an axis; from a name to its point; of a colour in a legend
WATER, LAND, BORDER = "#eef4f8", "#d9dcd6", "#ffffff"  # of the map of the world
UP, DOWN = "#3f7d4e", ACCENT  # a gain, a loss
TRUNK_SIZES = {"Nano": "#d5dfe8", "Tiny": BLUE_LIGHT, "Small": "#6d9abd", "Base": BLUE}
TRUNK_FAMILIES = {"VMamba": AFTER, "Swin Transformer": BLUE, "ResNet": "#5f8f5a"}

# --- masks ---

#: Of change.tif, as a GIS shows it.
CHANGED_ON_MAP, UNCHANGED_ON_MAP = "#c81e3c", "#ffffff"

#: Polygons of change on an image.
CHANGE_FILL, CHANGE_EDGE = "#ff463c", "#be001e"

#: Of a mask shown as a picture.
CHANGED, UNCHANGED, NOT_LABELLED = "#ffffff", "#141414", "#808080"

#: A mask against the truth, in the colours of the paper's figures 10 to 12.
AGREEMENT = {
    "true positive": "#00c800",
    "true negative": "#ffffff",
    "false positive": "#ff0000",
    "false negative": "#0000ff",
    "not labelled": NOT_LABELLED,
}

#: Two detectors: a alone, b alone; both see change, or both are wrong; neither, or both are right; not known.
ONLY_A, ONLY_B, BOTH, ALIKE, NOT_KNOWN = BLUE, AFTER, "#b2b9bf", "#f4f5f6", "#dfe3e6"

#: The detector of a map and one that gives a second opinion: who sees change on an image. Dark, blue and orange differ
#: in lightness, too, so that every kind of colour blindness tells them apart (by 33 or more, CIE 1976).
OPINIONS = {"both": "#1c1030", "first": "#3f83b8", "second": "#e8a33d"}

#: The outline of a change on an image as it is: light on dark, to be seen on any ground and by any eye.
OUTLINE, OUTLINE_CASING = "#ffe14a", "#14171a"

#: Behind a north arrow, and the arrow; page.css has them for a scale.
PLATE, ON_PLATE = "#14181c", "#ffffff"

#: When something changed, from early to late.
WHEN = ("#2c3e8f", "#2f8fb3", "#58b07c", "#efc443", "#ee7b30", "#c81e3c")

# --- numbers ---

#: Probability of change, from 0 to 1: lightness falls evenly, so that it also reads in grey.
PROBABILITY = ("#fcfddc", "#fed982", "#fb9e4f", "#e15846", "#a02264", "#540f6d", "#140b35")

#: A number in a table of figures, from low to high, and a difference from none to large.
BLUES, DIFFERENCES = ("#f4f7f9", BLUE_LIGHT, BLUE), ("#dfe8ef", BLUE)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def between(colours: Sequence[str], count: int) -> list[str]:
    """`count` colours along a scale of `colours`, evenly, from its first to its last."""
    places = [place * (len(colours) - 1) / max(1, count - 1) for place in range(count)]
    return [blended(colours[ceil(place)], colours[floor(place)], place % 1) for place in places]


def blended(colour: str, ground: str, share: float) -> str:
    """`share` of a colour over that of the ground."""
    mixed = (round(share * a + (1 - share) * b) for a, b in zip(rgb(colour), rgb(ground), strict=True))
    return "#" + bytes(mixed).hex()
