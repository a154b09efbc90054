"""A QGIS project of a result: both dates, map, probability and polygons, in their colours."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pyproj import CRS

from minenetcd.files import unwritable
from minenetcd.geo.grid import Grid
from minenetcd.prediction.formats.places import final_folder, path_from
from minenetcd.prediction.formats.qgis_styles import (
    QGIS,
    image_renderer,
    map_renderer,
    polygon_renderer,
    probability_renderer,
    xml_text,
)
from minenetcd.prediction.outputs import SUMMARY, Result

#: Of all files in the archive, so that one result gives one archive.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Layer:
    """What QGIS shows: `source` from the project's folder, and how."""

    name: str
    source: str
    crs_wkt: str
    style: Element
    is_seen: bool = False

    @property
    def is_raster(self) -> bool:
        return self.style.tag == "pipe"

    @property
    def id(self) -> str:
        return f"minenetcd_{self.name.replace(' ', '_')}"  # QGIS reads no shorter ones than of eleven letters

    @property
    def provider(self) -> str:
        return "gdal" if self.is_raster else "ogr"


def write_project(result: Result, path: Path) -> None:
    """The project at `path` of a result whose files, its summary among them, lie beside it.

    A date of several files is left out: QGIS opens no such image.
    """
    summary = json.loads((path.parent / SUMMARY).read_text(encoding="utf-8"))
    layers = [*_own_layers(summary), *_dates(summary, final_folder(path))]
    document = _project(layers, result.grid)
    try:
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            archive.writestr(ZipInfo(path.with_suffix(".qgs").name, _EPOCH), xml_text(document), ZIP_DEFLATED)
    except OSError as error:
        raise unwritable(path, error) from error


def _own_layers(summary: dict[str, Any]) -> list[Layer]:
    """The files of the result, from the top to the bottom."""
    files, crs = summary["files"], summary["before"]["crs_wkt"]
    return [
        Layer("Changes", f"./{files['polygons']}|layername=change", crs, polygon_renderer(), is_seen=True),
        Layer("Change map", f"./{files['map']}", crs, map_renderer()),
        Layer("Probability", f"./{files['probability']}", crs, probability_renderer(1.0)),
    ]


def _dates(summary: dict[str, Any], folder: Path) -> list[Layer]:
    return [
        Layer(
            " ".join(filter(None, (side.capitalize(), (image["date"] or "")[:10]))),
            path_from(image["opened"], folder),
            image["crs_wkt"],
            image_renderer(image["shown_bands"], is_eight_bit=image["dtype"] == "uint8"),
            is_seen=True,
        )
        for side in ("after", "before")
        for image in (summary[side],)
        if image["opened"] is not None
    ]


def _project(layers: list[Layer], grid: Grid) -> Element:
    project = Element("qgis", version=QGIS, projectname="Change")
    SubElement(project, "title").text = "Change"
    _add_crs(SubElement(project, "projectCrs"), grid.wkt())
    tree = SubElement(project, "layer-tree-group")
    for layer in layers:
        SubElement(
            tree, "layer-tree-layer", id=layer.id, name=layer.name, source=layer.source, providerKey=layer.provider,
            checked="Qt::Checked" if layer.is_seen else "Qt::Unchecked", expanded="0",
        )  # fmt: skip
    canvas = SubElement(project, "mapcanvas", name="theMapCanvas")
    extent = SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), grid.bounds, strict=True):
        SubElement(extent, name).text = repr(float(value))
    _add_crs(SubElement(canvas, "destinationsrs"), grid.wkt())
    described = SubElement(project, "projectlayers")
    for layer in layers:
        _add_layer(described, layer)
    order = SubElement(project, "layerorder")
    for layer in layers:
        SubElement(order, "layer", id=layer.id)
    properties = SubElement(project, "properties")
    SubElement(SubElement(properties, "Paths"), "Absolute", type="bool").text = "false"
    SubElement(SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", type="int").text = "1"
    return project


def _add_layer(layers: Element, layer: Layer) -> None:
    element = SubElement(layers, "maplayer", type="raster" if layer.is_raster else "vector")
    if not layer.is_raster:
        element.set("geometry", "Polygon")
    _add_crs(SubElement(element, "srs"), layer.crs_wkt)
    for name, text in (("id", layer.id), ("datasource", layer.source), ("layername", layer.name)):
        SubElement(element, name).text = text
    SubElement(element, "provider", {} if layer.is_raster else {"encoding": "UTF-8"}).text = layer.provider
    element.append(layer.style)


def _add_crs(element: Element, wkt: str) -> None:
    """By its code where it has one: QGIS knows more of that."""
    crs = CRS.from_wkt(wkt)
    system, authority = SubElement(element, "spatialrefsys"), crs.to_authority()
    SubElement(system, "wkt").text = crs.to_wkt()
    if authority is not None:
        SubElement(system, "authid").text = ":".join(authority)
