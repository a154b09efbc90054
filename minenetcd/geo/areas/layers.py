"""Layers of polygons in vector files: which file, which layer, what is wrong with it."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from minenetcd.display.words import some_of
from minenetcd.errors import OptionError, one_line
from minenetcd.foreign import NOT_THERE, refused
from minenetcd.geo.archives import DAMAGED
from minenetcd.geo.areas.wanted import PARQUET, split_layer, vector_files

Box = tuple[float, float, float, float]  # least x, least y, most x, most y

#: As much of the beginning of a file is looked at for what leads elsewhere.
_BEGINNING, _LEADS_ELSEWHERE = 4096, b"<OGRVRT"
#: What pyogrio, pyarrow and shapely raise of a file that they cannot read.
_UNREADABLE = (DataSourceError, DataLayerError, ShapelyError, OSError, ValueError, RuntimeError, KeyError)


@dataclass(frozen=True)
class PolygonLayer:
    """A layer of polygons: `text` as somebody named it for `option`, its file, its CRS and its columns."""

    text: str
    option: str
    path: Path
    layer: str | None
    crs: CRS
    columns: tuple[str, ...]
    count: int  # of its features
    bounds: Box | None  # of all of them; None where all are empty

    @property
    def files(self) -> tuple[Path, ...]:
        """It, and what belongs to it."""
        return vector_files(self.path)

    def read(self, around: Box | None = None) -> GeoDataFrame:
        """Its polygons and columns, those that touch the box `around`, mended, in the plane; empty ones left out.

        OptionError where it cannot be read, or holds what is no polygon.
        """
        try:
            frame = _read(self.path, self.layer, around)
            frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
            _check_polygonal(sorted(set(frame.geom_type)), self)
            return frame.set_geometry(polygons_of(shapely.force_2d(frame.geometry.to_numpy())), crs=self.crs)
        except OptionError:
            raise
        except _UNREADABLE as error:  # also of corners that are at no place, inf or nan
            raise _unreadable(self.text, self.option, error) from error


def find_layer(text: str, option: str) -> PolygonLayer:
    """The layer that FILE or FILE:LAYER names for `option`.

    OptionError where there is none, or more than one and none is named; for one that is empty, holds no polygons, or
    has no CRS on Earth.
    """
    name, layer = split_layer(text)
    path = Path(name)
    _check_file(path, text, option)
    try:
        layer = _chosen_layer(path, layer, text, option)
        if path.suffix.lower() in PARQUET:
            frame = gpd.read_parquet(path)
            kinds, count, crs, bounds = sorted(set(frame.geom_type.dropna())), len(frame), frame.crs, frame.total_bounds
            columns: Sequence[Any] = list(frame.columns.drop(frame.geometry.name))
        else:
            info = pyogrio.read_info(path, layer=layer, force_feature_count=True, force_total_bounds=True)
            kinds, count, crs, bounds = [info["geometry_type"]], info["features"], info["crs"], info["total_bounds"]
            columns = list(info["fields"])
    except OptionError:
        raise
    except _UNREADABLE as error:
        raise _unreadable(text, option, error) from error
    if not count:
        raise OptionError(f"Polygons are needed in {text} ({option}), it holds none: draw some, or leave it out.")
    known = _crs(crs, text, option)
    found = PolygonLayer(text, option, path, layer, known, tuple(map(str, columns)), count, _box(bounds))
    _check_polygonal([kind for kind in kinds if kind not in (None, "Unknown")], found)
    return found


def polygons_of(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Each mended, without what is no polygon: lines that a fault leaves, say."""
    mended = np.array(geometries, dtype=object)
    faulty = ~shapely.is_valid(mended)
    mended[faulty] = shapely.make_valid(mended[faulty])
    kinds = shapely.get_type_id(mended)
    mixed = ~np.isin(kinds, (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    for place in np.flatnonzero(mixed):
        parts = shapely.get_parts(shapely.get_parts(mended[place]))
        mended[place] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return mended


def _check_file(path: Path, text: str, option: str) -> None:
    reason = refused(path)
    if reason == NOT_THERE:
        raise OptionError(f"A file of polygons is needed ({option}), there is no file {path}: check the path.")
    if reason is not None:
        raise OptionError(f"A file of polygons is needed ({option}), {text} cannot be read ({reason}): name a file.")
    if any(_LEADS_ELSEWHERE in beginning for beginning in _beginnings(path)):
        raise OptionError(
            f"A file of polygons is needed ({option}), {text} describes others (OGR VRT): name the file itself."
        )


def _beginnings(path: Path) -> list[bytes]:
    """Of a file, or of all that is in a zip."""
    if path.suffix.lower() not in (".zip", ".kmz"):
        with path.open("rb") as file:
            return [file.read(_BEGINNING)]
    try:
        with zipfile.ZipFile(path) as archive:
            found = []
            for entry in archive.infolist():
                with archive.open(entry) as member:
                    found.append(member.read(_BEGINNING))
            return found
    except DAMAGED:
        return []  # whoever opens it says so


def _chosen_layer(path: Path, layer: str | None, text: str, option: str) -> str | None:
    """The layer to read; None of a file that holds no more than one."""
    if path.suffix.lower() in PARQUET:
        return None
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if layer is not None and layer not in layers:
        raise OptionError(f"{path} has no layer {layer!r} ({option}), it has {some_of(layers) or 'none'}: name one.")
    if layer is None and len(layers) > 1:
        raise OptionError(
            f"One layer is needed ({option}), {text} holds {len(layers)} ({some_of(layers)}): name it, e.g. "
            f"{text}:{layers[0]}."
        )
    if not layers:
        raise OptionError(f"Polygons are needed in {text} ({option}), it holds no layer of geometries: name another.")
    return layer or layers[0]


def _crs(crs: object, text: str, option: str) -> CRS:
    try:
        known = None if crs is None else CRS.from_user_input(crs)
    except CRSError:
        known = None
    if known is None or not (known.is_geographic or known.is_projected):
        raise OptionError(
            f"Polygons need a CRS on Earth ({option}), {text} names none: state it in the file (ogr2ogr -a_srs "
            "EPSG:4326), or beside it (a .prj)."
        )
    return known


def _box(bounds: Sequence[float] | None) -> Box | None:
    if bounds is None or not np.isfinite(bounds).all():
        return None
    low_x, low_y, high_x, high_y = map(float, bounds)
    return low_x, low_y, high_x, high_y


def _check_polygonal(kinds: Sequence[str], layer: PolygonLayer) -> None:
    others = [kind for kind in kinds if not any(word in kind for word in ("Polygon", "Surface", "Collection"))]
    if others:
        raise OptionError(
            f"Polygons are needed in {layer.text} ({layer.option}), it holds {some_of(others)}: draw areas around them "
            "(a buffer), or name another layer."
        )


def _read(path: Path, layer: str | None, around: Box | None) -> GeoDataFrame:
    if path.suffix.lower() in PARQUET:
        frame = gpd.read_parquet(path)
        if around is None:
            return frame
        near = np.sort(shapely.STRtree(frame.geometry.to_numpy()).query(shapely.box(*around)))
        return frame.iloc[near]
    return pyogrio.read_dataframe(path, layer=layer, bbox=around)


def _unreadable(text: str, option: str, error: Exception) -> OptionError:
    return OptionError(
        f"{text} cannot be read as polygons ({one_line(error)}): give a GeoPackage, GeoJSON, shapefile, KML, "
        f"FlatGeobuf or GeoParquet ({option})."
    )
