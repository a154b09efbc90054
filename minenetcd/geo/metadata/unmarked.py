"""Numbers that mean no data and that a file does not call so: stated by its user, or never a measurement.

-9999, -32768, the smallest number of single precision and their like, at a corner of an image that declares no data
nowhere, are such. Black and white may be ground: they are said, not decided (`minenetcd.prediction.pair_checks`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minenetcd.geo.metadata.stated import Stated
from minenetcd.geo.vrt import GDAL_NAMES, any_one, band_source, colour_elements, every_one, fill_in, opening, other_than

#: Numbers below 0 that programs write where they know nothing; beside them the smallest whole number of a type.
USUAL = (-9999, -99999, -32768, -32767, -999999)
#: Beyond this nothing is measured: the ends of single and double precision, and what netCDF and ESRI fill with.
NEVER_MEASURED = 1e36


class Filling(NamedTuple):
    """A number that means no data; one below 0 wherever a band holds it, another where all bands that are read do."""

    value: float
    is_stated: bool


def unmarked_filling(dataset: DatasetReader, read: Sequence[int], stated: Stated) -> Filling | None:
    """What is `stated`, else what the corners of an image hold that calls nothing no data; None without either."""
    if stated.nodata is not None:
        return Filling(_as_stored(stated.nodata, dataset, read), True)
    dtypes, flags = dataset.dtypes, dataset.mask_flag_enums
    kinds = {np.dtype(dtypes[band - 1]) for band in read}
    declared = any(MaskFlags.all_valid not in flags[band - 1] for band in read)
    if declared or all(np.issubdtype(kind, np.unsignedinteger) for kind in kinds):
        return None
    value = next((value for value in _corners(dataset, read) if is_no_measurement(value, kinds)), None)
    return None if value is None else Filling(value, False)


def is_no_measurement(value: float, kinds: set[np.dtype]) -> bool:
    """Whether programs write `value` in bands of `kinds` where they know nothing."""
    least = {int(np.iinfo(kind).min) for kind in kinds if np.issubdtype(kind, np.signedinteger)}
    return value in USUAL or value in least or NEVER_MEASURED < abs(value) < np.inf


def masked_document(
    dataset: DatasetReader, name: str, masks: Sequence[str], read: Sequence[int], filling: Filling
) -> str:
    """VRT of the whole image `name` with one mask: what passes all of `masks`, and is not `filling`."""
    window, shape = Window(0, 0, dataset.width, dataset.height), dataset.shape
    head = opening(shape, dataset.crs, dataset.transform)
    known = [fill_in(mask, name, window, shape) for mask in masks]
    differ = [fill_in(other_than(band, filling.value), name, window, shape) for band in read]
    if filling.value >= 0 and len(differ) > 1:
        inner = head + any_one(differ, 'band="1"') + "</VRTDataset>"
        differ = [fill_in(band_source(1), inner, window, shape)]
    bands = "".join(_band(dataset, band, fill_in(band_source(band), name, window, shape)) for band in dataset.indexes)
    return f"{head}{bands}<MaskBand>{every_one([*known, *differ])}</MaskBand></VRTDataset>"


def _band(dataset: DatasetReader, band: int, source: str) -> str:
    kind = GDAL_NAMES.get(dataset.dtypes[band - 1], "Float64")
    return f'<VRTRasterBand dataType="{kind}" band="{band}">{colour_elements(dataset, band)}{source}</VRTRasterBand>'


def _corners(dataset: DatasetReader, read: Sequence[int]) -> list[float]:
    """The number that all bands `read` hold at each corner that holds one; none of an image that cannot be read."""
    found = []
    for row in sorted({0, dataset.height - 1}):
        for column in sorted({0, dataset.width - 1}):
            try:
                pixel = dataset.read(list(read), window=Window(column, row, 1, 1)).ravel()
            except RasterioError:  # said when it is read in earnest
                return []
            if (pixel == pixel[0]).all():
                found.append(pixel[0].item())
    return found


def _as_stored(value: float, dataset: DatasetReader, read: Sequence[int]) -> float:
    """`value` as the file holds it: a whole number exactly, -3.4e38 as the smallest number of single precision."""
    dtypes = dataset.dtypes
    kinds = {np.dtype(dtypes[band - 1]) for band in read}
    if all(np.issubdtype(kind, np.integer) for kind in kinds):
        return int(value) if float(value).is_integer() else value
    ends = np.finfo(np.float32)
    near = (end for end in map(float, (ends.min, ends.max)) if np.isclose(value, end, rtol=2e-3))
    if np.dtype(np.float32) in kinds:
        return next(near, float(np.float32(value)))
    return next(near, float(value))
