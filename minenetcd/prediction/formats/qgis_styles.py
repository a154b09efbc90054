"""How QGIS shows a result: styles (QML) of its map, its probability and its polygons.

A QML file may hold the style of a raster and that of a layer of polygons: QGIS takes from it what fits. So change.qml
serves change.tif and every vector file of that name, but change.gpkg, which carries its own.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from minenetcd.display.palettes import CHANGE_EDGE, CHANGE_FILL, CHANGED_ON_MAP, PROBABILITY, UNCHANGED_ON_MAP, rgb
from minenetcd.files import unwritable, write_text
from minenetcd.prediction.rasters.stored import STEPS

#: The oldest whose files these are; later ones read them, too.
QGIS = "3.22.0"

#: Opacity of polygons inside their edges, 0 to 255: what lies below is seen.
_FILL_ALPHA = 70

_COLOURS = ("red", "green", "blue")

#: Which numbers become black and white, of those in sight.
_SEEN = {
    "limits": "CumulativeCut", "extent": "UpdatedCanvas", "statAccuracy": "Estimated",
    "cumulativeCutLower": "0.02", "cumulativeCutUpper": "0.98", "stdDevFactor": "2",
}  # fmt: skip

_STYLES_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""
_STYLE = """
INSERT INTO layer_styles (
    f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD, useAsDefault,
    description, owner
) SELECT '', '', table_name, column_name, 'change', ?, '', 1, 'What changed', '' FROM gpkg_geometry_columns"""
_REGISTERED = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
VALUES ('layer_styles', 'attributes', 'layer_styles', '', 0)"""


def write_styles(mask: Path, probability: Path, *, largest: float) -> None:
    """QML files at `mask`, for the map and for polygons, and at `probability`, whose values end at `largest`."""
    write_text(mask, _document(map_renderer(), polygon_renderer()))
    write_text(probability, _document(probability_renderer(largest)))


def add_style(path: Path) -> None:
    """Put the style of polygons into the GeoPackage `path`, as its default, where QGIS looks for it.

    OutputError where it cannot be written.
    """
    try:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(_STYLES_TABLE)
            database.execute(_STYLE, [_document(polygon_renderer())])
            database.execute(_REGISTERED)
    except sqlite3.Error as error:
        raise unwritable(path, error) from error


def largest_value(path: Path, *, as_float: bool) -> float:
    """What stands for a probability of 1 in a raster as a GIS shows it: GeoTIFFs say what their steps stand for."""
    return 1.0 if as_float or path.suffix != ".png" else float(STEPS)


def map_renderer() -> Element:
    """Changed pixels in their colour; unchanged ones are not seen, so that an image below is."""
    pipe = Element("pipe")
    renderer = _renderer(pipe, "paletted")
    palette = SubElement(renderer, "colorPalette")
    for value, colour, alpha, label in ((0, UNCHANGED_ON_MAP, "0", "unchanged"), (1, CHANGED_ON_MAP, "255", "changed")):
        SubElement(palette, "paletteEntry", value=str(value), color=colour, alpha=alpha, label=label)
    return pipe


def probability_renderer(largest: float) -> Element:
    """From 0 to 1 in the colours of the report."""
    pipe = Element("pipe")
    renderer = _renderer(pipe, "singlebandpseudocolor")
    renderer.attrib |= {"classificationMin": "0", "classificationMax": f"{largest:g}"}
    shader = SubElement(SubElement(renderer, "rastershader"), "colorrampshader")
    shader.attrib |= {
        "colorRampType": "INTERPOLATED", "classificationMode": "1", "clip": "0",
        "minimumValue": "0", "maximumValue": f"{largest:g}",
    }  # fmt: skip
    for number, colour in enumerate(PROBABILITY):
        share = number / (len(PROBABILITY) - 1)
        SubElement(shader, "item", value=repr(share * largest), color=colour, alpha="255", label=f"{share:.2f}")
    return pipe


def image_renderer(bands: Sequence[int], *, is_eight_bit: bool) -> Element:
    """An image in the bands that stand for red, green and blue, or in grey.

    Numbers that are not 8-bit are stretched to what is seen, but for the least and the largest 2 %.
    """
    pipe = Element("pipe")
    if len(bands) >= len(_COLOURS):
        renderer = _renderer(pipe, "multibandcolor")
        del renderer.attrib["band"]
        renderer.attrib |= {f"{colour}Band": str(band) for colour, band in zip(_COLOURS, bands, strict=False)}
        stretched = [f"{colour}ContrastEnhancement" for colour in _COLOURS]
    else:
        renderer = _renderer(pipe, "singlebandgray")
        del renderer.attrib["band"]
        renderer.attrib |= {"grayBand": str(bands[0]), "gradient": "BlackToWhite"}
        stretched = ["contrastEnhancement"]
    if not is_eight_bit:
        origin = SubElement(renderer, "minMaxOrigin")
        for name, text in _SEEN.items():
            SubElement(origin, name).text = text
        for name in stretched:
            enhancement = SubElement(renderer, name)
            SubElement(enhancement, "minValue").text, SubElement(enhancement, "maxValue").text = "0", "1"
            SubElement(enhancement, "algorithm").text = "StretchToMinimumMaximum"
    return pipe


def polygon_renderer() -> Element:
    """Outlined, and so thinly filled that the image below is seen."""
    renderer = Element("renderer-v2", type="singleSymbol", symbollevels="0", enableorderby="0", forceraster="0")
    symbol = SubElement(SubElement(renderer, "symbols"), "symbol", type="fill", name="0", alpha="1")
    layer = SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"})
    options = SubElement(layer, "Option", type="Map")
    for name, value in {
        "color": _colour(CHANGE_FILL, _FILL_ALPHA),
        "style": "solid",
        "outline_color": _colour(CHANGE_EDGE, 255),
        "outline_style": "solid",
        "outline_width": "0.4",
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }.items():
        SubElement(options, "Option", type="QString", name=name, value=value)
    return renderer


def _renderer(pipe: Element, kind: str) -> Element:
    return SubElement(pipe, "rasterrenderer", type=kind, band="1", opacity="1", alphaBand="-1", nodataColor="")


def _colour(colour: str, alpha: int) -> str:
    return ",".join(map(str, (*rgb(colour), alpha)))


def _document(*parts: Element) -> str:
    document = Element("qgis", version=QGIS, styleCategories="Symbology")
    document.extend(parts)
    return xml_text(document)


def xml_text(document: Element) -> str:
    """A file of QGIS."""
    indent(document)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(document, "unicode") + "\n"
