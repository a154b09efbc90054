"""The polygons of a result: in its GeoPackage; of pictures in GeoJSON, from which one is made for the first verdict."""

from datetime import date
from pathlib import Path

import pandas as pd

from minenetcd.errors import InputError
from minenetcd.foreign import refuse_links_out
from minenetcd.geo.polygons.given_verdicts import GEOPACKAGE
from minenetcd.geo.polygons.vector_files import day_column, read_polygons, write_vector
from minenetcd.prediction.formats.qgis_styles import add_style

OF_PICTURES = "change.geojson"

_DAYS = ("date_before", "date_after")
_NUMBERS = ("confidence_mean", "confidence_p10", "valid_fraction", "threshold", "agreement")


def polygons_file(folder: Path) -> Path:
    """The file of a result that holds its polygons. InputError where there is none, or it lies elsewhere (a link)."""
    refuse_links_out(folder, GEOPACKAGE, OF_PICTURES)
    for name in (GEOPACKAGE, OF_PICTURES):
        if (folder / name).exists():
            return folder / name
    raise InputError(
        f"A finished result is needed, {folder} holds no {GEOPACKAGE}: name a folder that minenetcd "
        "predict has written."
    )


def make_geopackage(folder: Path) -> Path:
    """The GeoPackage of the result in `folder`, made of its GeoJSON where there is none, complete or not at all."""
    path = polygons_file(folder)
    if path.name == GEOPACKAGE:
        return path
    frame = read_polygons(path)
    for name in _NUMBERS:
        if name in frame:
            frame[name] = frame[name].astype(float)
    for name in _DAYS:
        if name in frame:
            frame[name] = day_column(_day(frame[name]), len(frame))
    write_vector(frame, folder / GEOPACKAGE)
    add_style(folder / GEOPACKAGE)
    return folder / GEOPACKAGE


def _day(column: pd.Series) -> date | None:
    """The one day of a result's images, as GDAL read it from text."""
    known = column.dropna()
    return None if known.empty else date.fromisoformat(str(known.iloc[0])[:10])
