"""Options that several commands take: how they are offered, and how their text is read, with one message each.

Text is read in the body of a command, so that what is wrong with it is one line (OptionError) and exit code 2.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from typer import Argument, Option

from minenetcd.errors import OptionError
from minenetcd.geo.bands.wanted import Wanted, parse_bands

Number = TypeVar("Number")

LONGEST_WHOLE = 40  # digits of a whole number

Detector = Annotated[str, Argument(help="Embedded name, hub id, or folder of a trained detector.", show_default=False)]
_BEFORE = Argument(
    help="Earlier image: a file or URL; one file a band ('B0[234].tif'); a folder, zip or STAC item.",
    show_default=False,
)
_AFTER = Argument(help="Later image of the same place.", show_default=False)
Before = Annotated[str, _BEFORE]
After = Annotated[str, _AFTER]
BeforeOrNone = Annotated[str | None, _BEFORE]
AfterOrNone = Annotated[str | None, _AFTER]
Bands = Annotated[str | None, Option(help="Bands to read as red, green, blue, e.g. 4,3,2, red,green,blue or B4,B3,B2.")]
BandsAfter = Annotated[str | None, Option(help="The same for the later image, where it differs.")]
Crs = Annotated[
    str | None,
    Option(help="CRS of images with coordinates and none on Earth, e.g. EPSG:32633.", show_default=False),
]
Nodata = Annotated[
    str | None,
    Option(
        metavar="V[,V]",
        help="A number that means no data, or one for each date ('none' for one without).",
        show_default=False,
    ),
]
DateBefore = Annotated[
    str | None,
    Option(metavar="DAY", help="When it was taken, e.g. 2019-06-01.", show_default="as the file says"),
]
DateAfter = Annotated[
    str | None, Option(metavar="DAY", help="The same for the later image.", show_default="as the file says")
]
Remote = Annotated[bool, Option("--remote", help="Read files on the network that a STAC item or a VRT names.")]
Gsd = Annotated[str | None, Option(help="Work at this many metres per pixel.")]
MetresPerPixel = Annotated[
    float | None, Option(help="Of pictures, which do not say it themselves.", show_default=False)
]
ThresholdRule = Annotated[
    str | None,
    Option(help="How a detector without training finds its threshold.", metavar="RULE", show_default=False),
]
Smooth = Annotated[
    int | None,
    Option(help="Smooth within edges, so many pixels around (detectors without training).", show_default=False),
]
Device = Annotated[str, Option(help="auto, cpu, cuda or mps.")]
Engine = Annotated[str, Option(help="What computes networks: torch, inductor (torch compiled), openvino, onnxruntime.")]
Precision = Annotated[str, Option(help="In which networks are computed: float32 or bfloat16.")]
Split = Annotated[str, Option(help="Split of the data set: train, val or test.")]
BatchSize = Annotated[int, Option(help="Pairs of a data set per forward pass and process.", min=1)]
Workers = Annotated[int, Option(help="Processes that read the images of a data set.", min=0)]
Yes = Annotated[bool, Option("--yes", help="Go on with an image that claims more than its file holds, and for hours.")]
Json = Annotated[bool, Option("--json", help="Print one JSON document, and nothing else.")]
Quiet = Annotated[bool, Option("--quiet", help="Show no progress and no notes; errors still.")]

#: What may stand where a data set is asked for.
DATA = Option(help="A named data set, a hub id, a folder, synthetic:NAME or pasted:FOLDER.", show_default=False)

#: What stands for polygons, and for a mask.
POLYGONS, MASK_FILE = "FILE[:LAYER]", "FILE|KIND"

Aoi = Annotated[
    str | None,
    Option(metavar=POLYGONS, help="Analyse only inside of these polygons.", show_default=False),
]

Mask = Annotated[
    str | None,
    Option(
        metavar=MASK_FILE,
        help="Leave out what this masks on both dates: a raster, or polygons. Also scl:FILE, landsat-qa:FILE; scl, "
        "landsat-qa or auto alone: the file of that kind that lies beside each image.",
        show_default=False,
    ),
]

Clouds = Annotated[
    Literal["omnicloudmask", "s2cloudless"] | None,
    Option(help="Find clouds in both images by this library, and mask them.", show_default=False),
]

Leases = Annotated[
    str | None,
    Option(metavar=POLYGONS, help="Concessions: say in which change lies.", show_default=False),
]

LeaseName = Annotated[
    str | None,
    Option(
        metavar="COLUMN",
        help="Their names.",
        show_default="name, lease, title, id, ... or the number of the row",
    ),
]

Prior = Annotated[
    str | None,
    Option(
        metavar=POLYGONS,
        help="Known mines: say how far change lies from them.",
        show_default=False,
    ),
]

PriorDistance = Annotated[float, Option(help="Farther from known mines than this, in metres, change is isolated.")]

IsolatedThreshold = Annotated[
    float | None,
    Option(
        help="Probability that some pixel of isolated change has to reach.",
        show_default="halfway from the threshold to 1",
    ),
]

ModelOrNone = Annotated[
    str | None,
    Option(
        help="Embedded name, hub id, folder of a trained detector, or one without training: cva, irmad, ...",
        show_default="the one that fits the images",
    ),
]

Threshold = Annotated[float | None, Option(help="Probability from which a pixel counts as changed.")]

Tone = Annotated[
    Literal["auto", "off"] | None,
    Option(help="Bring the later image's tone to the earlier one's.", show_default="off"),
]

Coregister = Annotated[
    Literal["auto", "off"] | None,
    Option(help="Take out a displacement of the later image.", show_default="off with --model"),
]

SecondOpinion = Annotated[
    Literal["on", "off"] | None,
    Option(help="Let the other kind of detector read the images, too.", show_default="off with --model"),
]

MinAreaHa = Annotated[float, Option(help="Leave out changes smaller than this, in hectares.")]

Tmp = Annotated[
    Path | None, Option(help="Folder to compute in; may fill with the scene's size.", show_default="in --out")
]

SeedThreshold = Annotated[
    float | None, Option(help="Keep a change only where some pixel of it reaches this.", show_default="all")
]


def bands_wanted(text: str | None, option: str = "--bands") -> Wanted | None:
    """ "4,3,2" as numbers, "B4,B3,B2" as names; None for None."""
    if text is None:
        return None
    bands = parse_bands(text)
    if bands is None:
        raise OptionError(f"{option} needs band numbers or names with commas between, got {text!r}: e.g. 4,3,2.")
    return bands


def three_numbers(text: str, option: str, example: str) -> tuple[int, int, int]:
    """Whole numbers with commas between."""
    first, second, third = _numbers(int, text, f"{option} needs 3 whole numbers with commas between", example, count=3)
    return first, second, third


def whole_numbers(text: str, option: str, example: str) -> tuple[int, ...]:
    """Whole numbers with commas between, as many as there are."""
    return _numbers(int, text, f"{option} needs whole numbers with commas between", example)


def two_numbers(text: str, option: str, example: str) -> tuple[float, float]:
    """A low and a high number with a comma between."""
    low, high = _numbers(_number, text, f"{option} needs 2 numbers with commas between", example, count=2)
    return low, high


def nodata_values(text: str | None) -> tuple[float | None, float | None]:
    """A number that means no data of either date, or one for each; None for "none"."""
    if text is None:
        return None, None
    found = _numbers(_number_or_none, text, "--nodata needs a number, or one for each date", "0 or none,-9999")
    if len(found) > 2:
        raise OptionError(f"--nodata needs a number, or one for each date, got {text!r}: e.g. 0 or none,-9999.")
    return found[0], found[-1]


def number_or_none(text: str, option: str, example: str) -> float | None:
    """A number; None for "none"."""
    return _numbers(_number_or_none, text, f"{option} needs a number, or none", example, count=1)[0]


def shares(text: str, option: str, example: str) -> tuple[float, ...]:
    """Numbers with slashes between, whole where they are written so."""
    return _numbers(_number, text, f"{option} needs numbers with slashes between", example, mark="/")


def metres_per_pixel(text: str | None) -> float | None:
    """A number of metres; None for None."""
    return None if text is None else _metres(text, "metres per pixel")


def metres_or_model(text: str | None) -> float | Literal["model"] | None:
    """A number of metres, or "model" for those of the detector; None for None."""
    if text is None:
        return None
    return "model" if text == "model" else _metres(text, "metres per pixel or 'model'")


def _metres(text: str, what: str) -> float:
    return _numbers(float, text, f"--gsd needs {what}", "1.2", count=1)[0]


def _numbers(
    read: Callable[[str], Number], text: str, need: str, example: str, *, mark: str = ",", count: int | None = None
) -> tuple[Number, ...]:
    """What `read` makes of the parts of `text`, `count` of them where it is given; OptionError for anything else."""
    try:
        found = tuple(read(part) for part in text.split(mark))
    except ValueError:
        found = ()
    if not found or (count is not None and len(found) != count):
        raise OptionError(f"{need}, got {text!r}: e.g. {example}.")
    return found


def _number(text: str) -> float:
    """Whole numbers stay exact, also below 0 and beyond 53 bits, up to those that no type of pixels holds."""
    text = text.strip()
    return int(text) if text.lstrip("+-").isdecimal() and len(text) <= LONGEST_WHOLE else float(text)


def _number_or_none(text: str) -> float | None:
    return None if text.strip().lower() == "none" else _number(text)
