"""The quality band of a date: Sentinel-2's scene classes (SCL) or Landsat's QA_PIXEL, where its files are.

It is a band of the image itself, an asset of its STAC item, or a file of the same scene in its product's folder or
archive.
"""

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from minenetcd.errors import RasterError
from minenetcd.geo.archives import DAMAGED
from minenetcd.geo.areas.wanted import AUTO, LANDSAT_QA, SCL, Kind, WantedMask
from minenetcd.geo.bands.said import plain_name
from minenetcd.geo.date_files.finding import DateFiles, find_date
from minenetcd.geo.date_files.names import archive_prefix, is_remote
from minenetcd.geo.date_files.stac import asset_of, is_item
from minenetcd.geo.date_files.stack import Part

#: How files and bands of each kind are called: the end of a file's name, and the names of bands and assets.
_ENDS = {
    SCL: re.compile(r"(?P<scene>.*)_SCL(?:_\d\dm)?\.(?:jp2|tiff?)", re.IGNORECASE),
    LANDSAT_QA: re.compile(r"(?P<scene>.*)_(?:QA_PIXEL|BQA)\.tiff?", re.IGNORECASE),
}
_NAMES = {SCL: ("SCL",), LANDSAT_QA: ("QA_PIXEL", "QA")}


class QualityBand(NamedTuple):
    """A band of a raster that says where a date is clear; `kind` None: by plain numbers."""

    date: DateFiles
    band: int
    kind: Kind | None


def find_quality(date: DateFiles, kind: Kind, option: str, *, remote: bool = False) -> QualityBand:
    """The quality band of `date`; of "auto" either. RasterError where there is none, or one of several scenes."""
    kinds: tuple[Kind, ...] = ("scl", "landsat-qa") if kind == AUTO else (kind,)
    for each in kinds:
        found = _in_image(date, each) or _in_item(date, each, remote=remote) or _in_files(date, each)
        if found is not None:
            return found
    wanted = " or ".join(name for each in kinds for name in _NAMES[each][:1])
    raise RasterError(
        f"A quality band ({wanted}) beside {date} is needed ({option} {kind}), there is none: name its file "
        f"({option} {kinds[0]}:FILE)."
    )


def find_mask(wanted: WantedMask, date: DateFiles, *, remote: bool = False) -> QualityBand:
    """The raster that `wanted` names as a mask of `date`: a file, or the quality band of `date`. RasterError."""
    if wanted.name is None and wanted.kind is not None:
        return find_quality(date, wanted.kind, wanted.option, remote=remote)
    return QualityBand(find_date(str(wanted.name), remote=remote), 1, wanted.kind)


def _in_image(date: DateFiles, kind: Kind) -> QualityBand | None:
    wanted = set(map(plain_name, _NAMES[kind]))
    numbers = [band.number for band in date.bands.bands if band.name and plain_name(band.name) in wanted]
    return QualityBand(date, numbers[0], kind) if numbers else None


def _in_item(date: DateFiles, kind: Kind, *, remote: bool) -> QualityBand | None:
    is_here = os.path.isfile(date.text) and is_item(Path(date.text))
    is_there = is_remote(date.text) and date.text.lower().partition("?")[0].endswith((".json", ".geojson"))
    if not (is_here or is_there):
        return None
    part = asset_of(date.text, _NAMES[kind], remote=remote)
    return None if part is None else _found(part, kind)


def _in_files(date: DateFiles, kind: Kind) -> QualityBand | None:
    """Of files of one scene, that whose name begins as theirs do; the finest where there are several."""
    own = [_base(part) for part in date.parts]
    places = {
        name: match
        for name in _names_beside(date)
        if (match := _ENDS[kind].fullmatch(_base(name))) and any(part.startswith(f"{match['scene']}_") for part in own)
    }
    if not places:
        return None
    finest = min(places, key=lambda name: (_base(name), name))  # _SCL_20m before _SCL_60m
    return _found(Part(finest, finest), kind)


def _names_beside(date: DateFiles) -> Iterator[str]:
    """What GDAL opens of the files in the folders of `date`, in a Sentinel-2 granule all of them, or in its archive."""
    archives = [path for path in date.local if archive_prefix(path)]
    if archives:
        root = f"{archive_prefix(archives[0])}{archives[0].resolve()}"
        yield from (f"{root}/{name}" for name in _inside(archives[0]))
        return
    folders = dict.fromkeys(Path(part).parent for part in date.parts if os.path.isfile(part))
    for folder in folders:
        granule = next((each for each in folder.parents if each.name == "GRANULE"), None)
        found = folder.iterdir() if granule is None else granule.rglob("*_SCL_*")
        yield from (str(path) for path in sorted(found) if path.is_file())


def _inside(archive: Path) -> Sequence[str]:
    import tarfile  # here: few need it, and a start waits for it

    try:
        if archive_prefix(archive) == "/vsizip/":
            with zipfile.ZipFile(archive) as zipped:
                return zipped.namelist()
        with tarfile.open(archive) as tar:
            return tar.getnames()
    except (*DAMAGED, tarfile.TarError) as error:
        raise RasterError(f"{archive} cannot be opened as an archive: download it again.") from error


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _found(part: Part, kind: Kind) -> QualityBand:
    if os.path.isfile(part.name):
        return QualityBand(find_date(Path(part.name)), 1, kind)
    return QualityBand(DateFiles(part.shown, part.name, (part.name,)), 1, kind)
