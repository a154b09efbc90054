"""Several files as one image: a VRT whose bands are theirs, on the grid of the finest."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minenetcd.errors import GridError, RasterError
from minenetcd.geo.bands.said import COARSER, alpha_bands
from minenetcd.geo.orientation import ORIENTATION_TAG, own_nodata, upright_name
from minenetcd.geo.source import open_or_explain, quiet_gdal
from minenetcd.geo.vrt import GDAL_NAMES, band_source, every_one, fill_in, opening

_COLOUR_TAGS = {ColorInterp.red: "Red", ColorInterp.green: "Green", ColorInterp.blue: "Blue"}


@dataclass(frozen=True)
class Part:
    """A file of a date: `name` as GDAL opens it, `shown` to people; `label` names its band where it does not itself.

    `band_tags`: of its bands, in order. `nodata`: where the file does not say it. `is_read`: where nobody asks for
    certain bands.
    """

    name: str
    shown: str
    label: str | None = None
    nodata: float | None = None
    is_read: bool = True
    band_tags: tuple[Mapping[str, str], ...] = field(default=())


def stack_document(parts: Sequence[Part], *, tags: Mapping[str, str], all_are_read: bool) -> str:
    """VRT of all bands of `parts`; `tags` are those of the whole, beside the first file's own.

    Bands of larger pixels than the finest are read only where they are named, unless `all_are_read`. GridError where
    the files do not show the same ground, RasterError where one cannot be opened.
    """
    with quiet_gdal(), ExitStack() as opened:
        stored = [opened.enter_context(open_or_explain(part.name, part.shown)) for part in parts]
        parts = [replace(part, name=upright_name(file, part.name)) for part, file in zip(parts, stored, strict=True)]
        files = [
            file if file.name == part.name else opened.enter_context(open_or_explain(part.name, part.shown))
            for part, file in zip(parts, stored, strict=True)
        ]
        own = {key: value for key, value in stored[0].tags().items() if key != ORIENTATION_TAG}
        read = [file for part, file in zip(parts, files, strict=True) if part.is_read] or files
        finest = min(read, key=_pixel)
        for part, file in zip(parts, files, strict=True):
            _check_ground(file, finest, part, parts[files.index(finest)])
        lines = [opening(finest.shape, finest.crs, finest.transform), _metadata({**own, **tags})]
        number = 0
        for part, file in zip(parts, files, strict=True):
            is_read = part.is_read and (all_are_read or _pixel(file) <= 1.01 * _pixel(finest))
            for band in _bands(file):
                number += 1
                lines.append(_band(number, part, file, band, finest, is_read))
        lines += [_mask(parts, files, finest), "</VRTDataset>"]
        return "".join(lines)


def _bands(file: DatasetReader) -> list[int]:
    alpha = alpha_bands(file)
    return [band for band in file.indexes if band not in alpha]


def _pixel(file: DatasetReader) -> float:
    """The area of a pixel in the units of the file's CRS; of pictures, by how many there are."""
    if file.transform.is_identity:
        return 1 / float(file.width * file.height)
    return float(abs(file.transform.determinant))


def _check_ground(file: DatasetReader, finest: DatasetReader, part: Part, other: Part) -> None:
    if file.transform.is_identity and finest.transform.is_identity:
        same = file.shape == finest.shape
    else:
        tolerance = max(abs(each.transform.a) + abs(each.transform.b) for each in (file, finest)) / 2
        same = file.crs == finest.crs and np.allclose(file.bounds, finest.bounds, rtol=0, atol=tolerance)
    if not same:
        raise GridError(
            f"The files of one date must show the same ground, {part.shown} lies elsewhere than {other.shown}: give "
            "files of one scene, or put them on one grid first (gdalbuildvrt -separate)."
        )


def _metadata(tags: Mapping[str, Any]) -> str:
    entries = "".join(f"<MDI key={quoteattr(str(key))}>{escape(str(value))}</MDI>" for key, value in tags.items())
    return f"<Metadata>{entries}</Metadata>" if entries else ""


def _band(number: int, part: Part, file: DatasetReader, band: int, finest: DatasetReader, is_read: bool) -> str:
    dtype = GDAL_NAMES.get(file.dtypes[band - 1])
    if dtype is None:
        raise RasterError(
            f"Real numbers are needed, got {file.dtypes[band - 1]} pixels in {part.shown}: export its amplitude first."
        )
    place = _bands(file).index(band)
    own = part.band_tags[place] if place < len(part.band_tags) else {}
    tags = {**file.tags(band), **own} | ({} if is_read else {COARSER: "yes"})
    name = file.descriptions[band - 1] or own.get("NAME") or _label(part, file, place)
    nodata = part.nodata if file.nodatavals[band - 1] is None else own_nodata(file, band)
    colour = _COLOUR_TAGS.get(file.colorinterp[band - 1])
    return (
        f'<VRTRasterBand dataType="{dtype}" band="{number}">{_metadata(tags)}'
        + (f"<Description>{escape(name)}</Description>" if name else "")
        + ("" if nodata is None else f"<NoDataValue>{nodata!r}</NoDataValue>")
        + (f"<ColorInterp>{colour}</ColorInterp>" if colour else "")
        + f"{_source(part, file, band, finest)}</VRTRasterBand>"
    )


def _label(part: Part, file: DatasetReader, place: int) -> str | None:
    if part.label is None or len(_bands(file)) == 1:
        return part.label
    return f"{part.label} {place + 1}"


def _source(part: Part, file: DatasetReader, band: int | str, finest: DatasetReader) -> str:
    return fill_in(band_source(band), part.name, Window(0, 0, file.width, file.height), finest.shape)


def _mask(parts: Sequence[Part], files: Sequence[DatasetReader], finest: DatasetReader) -> str:
    """Where all files that have a mask for all their bands, or alpha, hold data."""
    sources = [
        _source(part, file, "mask,1", finest)
        for part, file in zip(parts, files, strict=True)
        if MaskFlags.per_dataset in file.mask_flag_enums[0]
    ]
    return f"<MaskBand>{every_one(sources)}</MaskBand>" if sources else ""
