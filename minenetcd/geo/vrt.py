"""A part of an image as a VRT: text that GDAL reads window by window, bands and validity together."""

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minenetcd.geo.grid import Grid

GDAL_NAMES = {
    "uint8": "Byte", "int8": "Int8", "uint16": "UInt16", "int16": "Int16", "uint32": "UInt32", "int32": "Int32",
    "uint64": "UInt64", "int64": "Int64", "float32": "Float32", "float64": "Float64",
}  # fmt: skip


def vrt_document(
    name: str, part: Grid, window: Window, shape: tuple[int, int], *,
    dtype: np.dtype, bands: Sequence[str], masks: Sequence[str],
) -> str:  # fmt: skip
    """VRT of `window` of the file `name`, whose grid is `part`, at `shape` (H, W).

    `bands` are their sources, in order; of `masks`, sources too, the product is a last band of validity (alpha).
    """
    height, width = shape
    transform = Affine.identity()
    if part.crs is not None:
        transform = part.transform @ Affine.scale(part.width / width, part.height / height)
    lines = [opening(shape, part.crs, transform)]
    for number, source in enumerate(bands, start=1):
        lines.append(f'<VRTRasterBand dataType="{GDAL_NAMES[dtype.name]}" band="{number}">{source}</VRTRasterBand>')
    if masks:
        lines.append(every_one(masks, f'band="{len(bands) + 1}"', "<ColorInterp>Alpha</ColorInterp>"))
    return fill_in("".join(lines) + "</VRTDataset>", name, window, shape)


def opening(shape: tuple[int, int], crs: CRS | None, transform: Affine) -> str:
    """How the VRT of an image of `shape` (H, W) begins: its size, and where it lies, as far as that is known."""
    lines = [f'<VRTDataset rasterXSize="{shape[1]}" rasterYSize="{shape[0]}">']
    if crs is not None:
        lines.append(f"<SRS>{escape(crs.to_wkt(version='WKT2_2019'))}</SRS>")
    if not transform.is_identity:
        lines.append(f"<GeoTransform>{', '.join(map(repr, transform.to_gdal()))}</GeoTransform>")
    return "".join(lines)


def fill_in(text: str, name: str, window: Window, shape: tuple[int, int]) -> str:
    """`text` whose sources are `window` of the file `name`, at `shape` (H, W)."""
    places = {
        "FILE": escape(name),
        "SOURCE": _rectangle("SrcRect", window.col_off, window.row_off, window.width, window.height),
        "TARGET": _rectangle("DstRect", 0, 0, shape[1], shape[0]),
    }
    return re.sub(r"\{(FILE|SOURCE|TARGET)\}", lambda found: places[found[1]], text)


def colour_elements(dataset: DatasetReader, band: int) -> str:
    """What a band's colour tag says, and a palette's colours, as a VRT's band has them."""
    colour = dataset.colorinterp[band - 1].name
    text = f"<ColorInterp>{colour.capitalize()}</ColorInterp>"
    return text + colour_table(dataset.colormap(band)) if colour == "palette" else text


def every_one(masks: Sequence[str], attributes: str = "", body: str = "") -> str:
    """A band of 255 where no source of `masks` is 0, else 0."""
    factors = masks if len(masks) > 1 else [*masks, *masks]  # GDAL multiplies two or more
    return (
        f'<VRTRasterBand dataType="Byte" {attributes} subClass="VRTDerivedRasterBand">'
        '<PixelFunctionType>mul</PixelFunctionType><PixelFunctionArguments k="255"/>'
        f"{body}{''.join(factors)}</VRTRasterBand>"
    )


def any_one(masks: Sequence[str], attributes: str = "") -> str:
    """A band of 255 where a source of `masks`, each 0 or 255, is not 0, else 0."""
    return (
        f'<VRTRasterBand dataType="Byte" {attributes} subClass="VRTDerivedRasterBand">'
        f"<PixelFunctionType>sum</PixelFunctionType>{''.join(masks)}</VRTRasterBand>"
    )


def colour_table(colours: Mapping[int, tuple[int, ...]], count: int = 256) -> str:
    """The first `count` entries of a palette: value -> red, green, blue, alpha; black where it has none."""
    entries = (colours.get(value, (0, 0, 0, 255)) for value in range(count))
    written = "".join('<Entry c1="{}" c2="{}" c3="{}" c4="{}"/>'.format(*entry) for entry in entries)
    return f"<ColorTable>{written}</ColorTable>"


def band_source(band: int | str) -> str:
    return _element("SimpleSource", band)


def averaged_source(band: int) -> str:
    """The mean of the pixels its own mask calls valid."""
    return _element("ComplexSource", band, "<UseMaskBand>true</UseMaskBand>", attributes=' resampling="average"')


def palette_source(component: int) -> str:
    """Red (1), green (2), blue (3) or alpha (4) of a palette image."""
    return _element("ComplexSource", 1, f"<ColorTableComponent>{component}</ColorTableComponent>")


def other_than(band: int, value: float) -> str:
    """255 where `band` differs from `value` (which may be NaN), else 0."""
    constant = "<ScaleOffset>255</ScaleOffset><ScaleRatio>0</ScaleRatio>"
    return _element("ComplexSource", band, f"<NODATA>{value!r}</NODATA>{constant}")


def _element(kind: str, band: int | str, body: str = "", *, attributes: str = "") -> str:
    return (
        f'<{kind}{attributes}><SourceFilename relativeToVRT="0">{{FILE}}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand>{{SOURCE}}{{TARGET}}{body}</{kind}>"
    )


def _rectangle(kind: str, col: int, row: int, width: int, height: int) -> str:
    return f'<{kind} xOff="{col}" yOff="{row}" xSize="{width}" ySize="{height}"/>'
