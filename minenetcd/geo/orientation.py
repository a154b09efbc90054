"""Pictures that say which side is up (EXIF): cameras and phones store them as their sensor lies."""

from xml.sax.saxutils import escape

from rasterio.io import DatasetReader

ORIENTATION_TAG = "EXIF_Orientation"

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


def upright_name(dataset: DatasetReader, name: str) -> str:
    """`name`, or the text of a VRT that shows what it names upright: where a tag says so, and no coordinates do."""
    placed = _STORED_AT.get(_orientation(dataset))
    if placed is None or not dataset.transform.is_identity or dataset.crs is not None:
        return name
    return _turned_document(dataset, name, placed)


def is_turned(dataset: DatasetReader) -> bool:
    """Whether a picture is stored other than it is to be seen."""
    return _orientation(dataset) in _STORED_AT


def _orientation(dataset: DatasetReader) -> int:
    text = str(dataset.tags().get(ORIENTATION_TAG, "")).strip()
    return int(text) if text.isdecimal() else 1


def _turned_document(dataset: DatasetReader, name: str, placed: tuple[str, int, int, str, int, int]) -> str:
    """VRT that samples each pixel where it is stored."""
    sides = {"w": dataset.width, "h": dataset.height, "0": 0}
    column, b, c, row, d, e = placed
    to_stored = (sides[column], b, c, sides[row], d, e)
    width, height = (dataset.width, dataset.height) if b else (dataset.height, dataset.width)
    bands = "".join(
        f'<VRTRasterBand dataType="{"Byte" if kind == "uint8" else "UInt16"}" band="{number}" '
        f'subClass="VRTWarpedRasterBand"><ColorInterp>{colour.name.capitalize()}</ColorInterp></VRTRasterBand>'
        for number, kind, colour in zip(dataset.indexes, dataset.dtypes, dataset.colorinterp, strict=True)
    )
    mapping = "".join(f'<BandMapping src="{band}" dst="{band}"/>' for band in dataset.indexes)
    stored = ",".join(map(repr, map(float, to_stored)))
    return (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}" subClass="VRTWarpedDataset">{bands}'
        "<BlockXSize>512</BlockXSize><BlockYSize>128</BlockYSize><GDALWarpOptions>"
        "<ResampleAlg>NearestNeighbour</ResampleAlg>"
        f'<SourceDataset relativeToVRT="0">{escape(name)}</SourceDataset><Transformer><GenImgProjTransformer>'
        "<SrcGeoTransform>0,1,0,0,0,1</SrcGeoTransform><SrcInvGeoTransform>0,1,0,0,0,1</SrcInvGeoTransform>"
        f"<DstGeoTransform>{stored}</DstGeoTransform><DstInvGeoTransform>{_inverse(to_stored)}</DstInvGeoTransform>"
        f"</GenImgProjTransformer></Transformer><BandList>{mapping}</BandList></GDALWarpOptions></VRTDataset>"
    )


def _inverse(numbers: tuple[int, int, int, int, int, int]) -> str:
    x, a, b, y, c, d = map(float, numbers)
    determinant = a * d - b * c
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    return ",".join(map(repr, (-(a * x + b * y), a, b, -(c * x + d * y), c, d)))
