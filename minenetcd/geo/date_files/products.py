"""Which of the files of a folder or an archive are the image of one date.

Names: Sentinel-2 products (.SAFE, ESA), Landsat Collections 1 and 2 (USGS); else one image, or files of one band each
whose names end in a colour or a band.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from minenetcd.display.words import some_of
from minenetcd.errors import RasterError
from minenetcd.geo.bands.colours import colour_in
from minenetcd.geo.bands.sensors import OLI, TM, code_in, sensor_in
from minenetcd.geo.date_files.names import OF_VARIABLES, PICTURES
from minenetcd.geo.date_files.stack import Part

IMAGES = (*PICTURES, *OF_VARIABLES, ".dat")

_SENTINEL2 = re.compile(
    r"(?P<scene>(?!MSK_|L[A-Z]\d).*)_(?P<band>B(?:0\d|1[0-2]|8A))(?:_(?P<metres>\d\d)m)?\.(?:jp2|tiff?)", re.I
)
_LANDSAT = re.compile(r"(?P<scene>L[A-Z]\d\d?\w*?)_(?P<kind>SR_|ST_)?B(?P<band>\d+)(?:_VCID_\d)?\.tiff?", re.I)
_NO_GROUND = ("pan", "lwir", "cirrus", "lwir11", "lwir12")

#: From a name inside to what GDAL opens.
Opened = Callable[[str], str]


def choose_parts(names: Sequence[str], opened: Opened, place: str) -> list[Part]:
    """The files of one date among `names`, which lie in `place`. RasterError where that is not clear."""
    found = _sentinel2(names, opened, place) or _landsat(names, opened, place)
    if found:
        return found
    images = sorted(name for name in names if name.lower().endswith(IMAGES) and not _is_hidden(name))
    if not images:
        raise RasterError(f"An image is needed, got {place}, which holds none: name a file.")
    if len(images) == 1:
        return [Part(opened(images[0]), images[0])]
    labels = [label_of(name) for name in images]
    if len({label for label in labels if label}) == len(images):
        return [Part(opened(name), name, label) for name, label in zip(images, labels, strict=True)]
    raise RasterError(
        f"One image, or files of one band each, are needed, {place} holds {len(images)} images ({some_of(images)}): "
        "name one, or those of one date with a pattern in quotes ('folder/*_B0[234].tif')."
    )


def label_of(name: str) -> str | None:
    """The band that a file's name ends in: T33UUP_20230601_B04_10m.jp2, scene_red.tif, LC08_..._SR_B4.TIF."""
    stem = re.sub(r"_\d\dm$", "", _path(name).stem)
    surface = re.search(r"(?:^|[_\-. ])((?:SR_)?B\d[0-9A]?)$", stem, re.I)
    if surface:
        return surface[1]
    for words in (2, 1):
        tail = " ".join(re.split(r"[_\-. ]+", stem)[-words:])
        if colour_in(tail) or (words == 1 and code_in(tail)):
            return tail
    return None


def _sentinel2(names: Sequence[str], opened: Opened, place: str) -> list[Part]:
    finest: dict[str, tuple[int, str]] = {}
    scenes: dict[str, None] = {}
    for name in names:
        found = _SENTINEL2.fullmatch(_path(name).name)
        if found is None or "QI_DATA" in name:
            continue
        scenes[found["scene"].upper()] = None
        metres = int(found["metres"] or 0)
        band = found["band"].upper()
        finest[band] = min(finest.get(band, (metres, name)), (metres, name))
    _check_one_scene(list(scenes), place)
    return [Part(opened(name), name, band, nodata=0.0) for band, (_, name) in sorted(finest.items())]


def _landsat(names: Sequence[str], opened: Opened, place: str) -> list[Part]:
    found = [(name, match) for name in sorted(names) if (match := _LANDSAT.fullmatch(_path(name).name))]
    if any((match["kind"] or "").upper() == "SR_" for _, match in found):
        found = [(name, match) for name, match in found if (match["kind"] or "").upper() == "SR_"]
    _check_one_scene(list(dict.fromkeys(match["scene"].upper() for _, match in found)), place)
    parts = []
    for name, match in found:
        table = sensor_in([match["scene"]])
        colour = (table or OLI).get(match["band"].lstrip("0"), "") if table in (OLI, TM, None) else "light"
        if colour != "pan":  # smaller pixels, of all colours
            label = f"{match['kind'] or ''}B{match['band']}"
            parts.append(Part(opened(name), name, label, is_read=colour not in _NO_GROUND))
    return parts


def _check_one_scene(scenes: Sequence[str], place: str) -> None:
    if len(scenes) > 1:
        raise RasterError(
            f"One scene is needed, {place} holds {len(scenes)} ({some_of(scenes)}): name the files of one with a "
            "pattern in quotes."
        )


def _path(name: str) -> PurePosixPath:
    """Archives of Windows divide names by backslashes."""
    return PurePosixPath(name.replace("\\", "/"))


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in _path(name).parts)
