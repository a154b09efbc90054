"""Pictures that say which side is up (EXIF): cameras and phones store them as their sensor lies."""

from io import BytesIO
from xml.sax.saxutils import escape

from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minenetcd.geo.archives import DAMAGED, opened_file
from minenetcd.geo.metadata.exif import UPRIGHT, header_orientation
from minenetcd.geo.vrt import GDAL_NAMES, band_source, colour_elements, fill_in, opening

ORIENTATION_TAG = "EXIF_Orientation"

#: Drivers of GDAL that pass over what their files say of it.
_PASSED_OVER = ("PNG", "GTiff", "WEBP")

#: Orientation -> where (column, row) of the upright picture is stored, in a picture stored `w` wide and `h` high:
#: column = a + b * column + c * row, and row likewise (the six numbers of a GDAL transform).
_STORED_AT = {
    2: ("w", -1, 0, "0", 0, 1),
    3: ("w", -1, 0, "h", 0, -1),
    4: ("0", 1, 0, "h", 0, -1),
    5: ("0", 0, 1, "0", 1, 0),
    6: ("0", 0, 1, "h", -1, 0),
    7: ("w", 0, -1, "h", -1, 0),
    8: ("w", 0, -1, "0", 1, 0),
}


def upright_name(dataset: DatasetReader, name: str, content: bytes | None = None) -> str:
    """`name`, or the text of a VRT that shows what it names upright: where the file says so, and no coordinates do.

    `content`: the bytes of a file in memory. Known are JPEG (EXIF), PNG (eXIf), WebP (EXIF) and TIFF (Orientation), the
    latter three in memory, on disk or in an archive there.
    """
    if _has_coordinates(dataset) or not GDAL_NAMES.keys() >= set(dataset.dtypes):
        return name
    placed = _STORED_AT.get(_orientation(dataset, content))
    return name if placed is None else _turned_document(dataset, name, placed)


def own_nodata(dataset: DatasetReader, number: int) -> float | None:
    """What a band calls nodata by itself; None where that is one colour of all bands, which their mask has."""
    shared = {MaskFlags.nodata, MaskFlags.per_dataset} <= set(dataset.mask_flag_enums[number - 1])
    return None if shared else dataset.nodatavals[number - 1]


def _has_coordinates(dataset: DatasetReader) -> bool:
    is_plain = dataset.transform.is_identity and dataset.crs is None
    return not is_plain or bool(dataset.gcps[0] or dataset.rpcs)


def _orientation(dataset: DatasetReader, content: bytes | None) -> int:
    text = str(dataset.tags().get(ORIENTATION_TAG, "")).strip()
    if text.isdecimal():
        return int(text)
    if dataset.driver not in _PASSED_OVER:
        return UPRIGHT
    if content is not None:
        return header_orientation(BytesIO(content))
    try:
        with opened_file(dataset.name) as file:
            return UPRIGHT if file is None else header_orientation(file)
    except DAMAGED:  # said by whoever decodes the pixels
        return UPRIGHT


def _turned_document(dataset: DatasetReader, name: str, placed: tuple[str, int, int, str, int, int]) -> str:
    """VRT that samples each pixel where it is stored; a mask of all bands becomes one of transparency behind them."""
    sides = {"w": dataset.width, "h": dataset.height, "0": 0}
    column, b, c, row, d, e = placed
    to_stored = (sides[column], b, c, sides[row], d, e)
    width, height = (dataset.width, dataset.height) if b else (dataset.height, dataset.width)
    bands = [_turned_band(dataset, number) for number in dataset.indexes]
    if _has_mask(dataset):
        name = _with_mask_behind(dataset, name)
        bands.append(_band(len(bands) + 1, "Byte", "<ColorInterp>Alpha</ColorInterp>"))
    mapping = "".join(f'<BandMapping src="{band}" dst="{band}"/>' for band in range(1, len(bands) + 1))
    stored = ",".join(map(repr, map(float, to_stored)))
    return (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}" subClass="VRTWarpedDataset">{"".join(bands)}'
        "<BlockXSize>512</BlockXSize><BlockYSize>128</BlockYSize><GDALWarpOptions>"
        "<ResampleAlg>NearestNeighbour</ResampleAlg>"
        f'<SourceDataset relativeToVRT="0">{escape(name)}</SourceDataset><Transformer><GenImgProjTransformer>'
        "<SrcGeoTransform>0,1,0,0,0,1</SrcGeoTransform><SrcInvGeoTransform>0,1,0,0,0,1</SrcInvGeoTransform>"
        f"<DstGeoTransform>{stored}</DstGeoTransform><DstInvGeoTransform>{_inverse(to_stored)}</DstInvGeoTransform>"
        f"</GenImgProjTransformer></Transformer><BandList>{mapping}</BandList></GDALWarpOptions></VRTDataset>"
    )


def _turned_band(dataset: DatasetReader, number: int) -> str:
    """With all that the file says of it."""
    description, nodata = dataset.descriptions[number - 1], own_nodata(dataset, number)
    said = f"<Description>{escape(description)}</Description>" if description else ""
    said += "" if nodata is None else f"<NoDataValue>{nodata!r}</NoDataValue>"
    return _band(number, GDAL_NAMES[dataset.dtypes[number - 1]], said + colour_elements(dataset, number))


def _band(number: int, kind: str, body: str) -> str:
    return f'<VRTRasterBand dataType="{kind}" band="{number}" subClass="VRTWarpedRasterBand">{body}</VRTRasterBand>'


def _has_mask(dataset: DatasetReader) -> bool:
    flags = dataset.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def _with_mask_behind(dataset: DatasetReader, name: str) -> str:
    """VRT of all bands as they are stored, and their mask as one more."""
    kinds = [*(GDAL_NAMES[kind] for kind in dataset.dtypes), "Byte"]
    sources = [*map(band_source, dataset.indexes), band_source("mask,1")]
    bands = "".join(
        f'<VRTRasterBand dataType="{kind}" band="{number}">{source}</VRTRasterBand>'
        for number, (kind, source) in enumerate(zip(kinds, sources, strict=True), start=1)
    )
    whole, shape = Window(0, 0, dataset.width, dataset.height), dataset.shape
    return fill_in(f"{opening(shape, dataset.crs, dataset.transform)}{bands}</VRTDataset>", name, whole, shape)


def _inverse(numbers: tuple[int, int, int, int, int, int]) -> str:
    x, a, b, y, c, d = map(float, numbers)
    determinant = a * d - b * c
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    return ",".join(map(repr, (-(a * x + b * y), a, b, -(c * x + d * y), c, d)))
