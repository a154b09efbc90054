"""What changed in a scene, read by window: from a raster of classes, or rasterised from polygons."""

from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pyogrio import list_layers, read_info
from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from shapely import Polygon
from shapely.errors import ShapelyError

from minenetcd.building.label_faults import check_order, check_whole
from minenetcd.building.sites.table import LAYER_MARK
from minenetcd.constants import DEGREES
from minenetcd.errors import DataError, one_line
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.tracing import burn
from minenetcd.geo.raster import Raster, read_canvas
from minenetcd.geo.source import gdal_name, open_or_explain, quiet_gdal

#: Read whole, whatever is wanted of them: what is broken anywhere in them is seen.
PARSED_WHOLE = (".geojson", ".json")
VECTOR_ENDINGS = (".gpkg", ".geojson", ".json", ".parquet", ".shp", ".fgb")

#: Edges longer than this many pixels are divided before polygons are taken from one CRS to another.
_LONGEST_EDGE_PIXELS = 100


class SceneLabel(Protocol):
    """A label seen on the grid of a scene; a context manager."""

    def read(self, window: Window) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where `window` of the scene changed, and where that is known (H, W)."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_label(path: str, grid: Grid, *, layer: str | None = None) -> SceneLabel:
    """The label at `path` on `grid`: polygons where it ends like a vector file or names a layer, else a raster.

    DataError for polygons without CRS, a layer that is missing or holds no polygons, and a raster in another CRS or
    of several classes (which shows when they are read); RasterError for an unreadable raster.
    """
    if layer is not None or Path(path).suffix.lower() in VECTOR_ENDINGS:
        return PolygonLabel(path, grid, layer)
    return RasterLabel(path, grid)


class RasterLabel:
    """Classes in the first band: 0 is unchanged, one other value changed, nodata (other than 0) not known.

    Where its grid is not the scene's, classes are sampled; where the scene is coarser, the commonest counts.
    """

    def __init__(self, path: str, grid: Grid) -> None:
        self.path = path
        self.changed_value: float | None = None
        with ExitStack() as opened:
            self._raster = opened.enter_context(Raster.open(path, bands=(1,)))
            _check_crs(path, self._raster.grid, grid)
            self._warped = None
            if not self._raster.grid.matches(grid):
                self._warped = _warp_classes(self._raster, grid, opened)
            self._zero_area = _area_where_zero_counts(path, self._raster.grid)
            self.grid = grid
            self._opened = opened.pop_all()

    def read(self, window: Window) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where it changed and where that is known (H, W). DataError at the first value too many."""
        if self._warped is None:
            classes, valid = self._raster.read(window)
        else:
            with self._raster.readable():
                classes, valid = read_canvas(self._warped, 1, window)
        classes = classes[..., 0]
        known = valid
        if self._zero_area is not None:
            part = self.grid.part(window)
            known = valid | ((classes == 0) & burn([self._zero_area], part))
        self._check_values(classes[known])
        return known & (classes != 0), known

    def _check_values(self, classes: NDArray) -> None:
        found: set[float] = {value.item() for value in np.unique(classes)}
        if self.changed_value is not None:
            found.add(self.changed_value)
        others = sorted(found - {0})
        if len(others) > 1 or any(value < 0 for value in others):
            listed = ", ".join(f"{value:g}" for value in sorted(found))
            raise DataError(
                f"A label needs 0 and one positive value, {self.path} has {listed}: "
                "keep the class that means change, or mark what is not known as nodata."
            )
        self.changed_value = others[0] if others else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


class PolygonLabel:
    """Polygons of change in any CRS: pixels whose centre lies in one have changed, all others have not."""

    def __init__(self, path: str, grid: Grid, layer: str | None = None) -> None:
        self.grid = grid
        self._shapes = _read_polygons(path, layer, grid)
        self._index = self._shapes.sindex

    def read(self, window: Window) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where it changed, and True: everything is known (H, W)."""
        part = self.grid.part(window)
        touched = self._index.query(shapely.box(*part.bounds))
        return burn(self._shapes.iloc[np.sort(touched)], part), np.ones(part.shape, dtype=bool)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open: the polygons are held in memory."""


def _check_crs(path: str, label: Grid, scene: Grid) -> None:
    if label.crs != scene.crs:
        here, there = (grid.crs.to_string() if grid.crs else "none" for grid in (label, scene))
        raise DataError(
            f"A label raster needs the CRS of the image before, {there}, {path} has {here}: warp it there by nearest "
            "neighbour (gdalwarp -r near), or give polygons, which may have any CRS."
        )


def _area_where_zero_counts(path: str, label: Grid) -> Polygon | None:
    """The extent of a label whose nodata is 0: drawing programs set that, and mean "unchanged"."""
    name = gdal_name(path)
    with quiet_gdal(), open_or_explain(name, path) as dataset:
        return Polygon(np.column_stack(label.outline(points_per_side=1))) if dataset.nodata == 0 else None


def _warp_classes(raster: Raster, grid: Grid, opened: ExitStack) -> WarpedVRT:
    """`raster` on `grid`, with an alpha band for what is known."""
    is_coarser = grid.pixel_hectares > 1.5 * raster.grid.pixel_hectares
    with raster.readable():
        canvas: DatasetReader = opened.enter_context(raster.canvas(*raster.grid.shape))
        warped = WarpedVRT(
            canvas, crs=grid.crs, transform=grid.transform, height=grid.height, width=grid.width,
            resampling=Resampling.mode if is_coarser else Resampling.nearest, add_alpha=canvas.count == 1,
        )  # fmt: skip
        return opened.enter_context(warped)


def _read_polygons(path: str, layer: str | None, grid: Grid) -> GeoSeries:
    """The polygons on and around `grid`, in its CRS."""
    frame = _read_layer(path, layer, grid)
    _check_polygons(frame, path, layer)
    what = path if layer is None else f"layer {layer!r} of {path}"
    check_whole(frame, what)
    check_order(frame, grid.bounds_degrees, what)
    shapes = frame.geometry
    if shapes.crs != grid.crs:  # straight edges of one CRS are bent in the other
        unit = grid.metres_per_pixel[0] * _LONGEST_EDGE_PIXELS / _metres_per_unit(shapes)
        shapes = shapes.segmentize(unit).to_crs(grid.crs)
    return shapes.make_valid().reset_index(drop=True)


def _read_layer(path: str, layer: str | None, grid: Grid) -> GeoDataFrame:
    left, bottom, right, top = grid.bounds_degrees
    margin = 0.01 + 0.05 * max(right - left, top - bottom)
    around = GeoSeries([shapely.box(left - margin, bottom - margin, right + margin, top + margin)], crs=DEGREES)
    try:
        if Path(path).suffix.lower() == ".parquet":
            return gpd.read_parquet(path)
        layer = _only_layer(path) if layer is None else layer
        has_crs = read_info(path, layer=layer)["crs"] is not None
        is_part = has_crs and Path(path).suffix.lower() not in PARSED_WHOLE
        return gpd.read_file(path, layer=layer, bbox=around if is_part else None)
    except (DataSourceError, DataLayerError, ShapelyError, OSError, ValueError) as error:
        reason = one_line(error)
        raise DataError(f"The polygons {path} cannot be read ({reason}): check the file and its layers.") from error


def _only_layer(path: str) -> str:
    """The one with places; tables beside it, such as QGIS keeps its styles in, are none."""
    layers = list_layers(path).tolist()
    names = [name for name, kind in layers if kind is not None] or [name for name, _ in layers]
    if len(names) != 1:
        raise DataError(
            f"One layer of polygons is needed, {path} holds {', '.join(names) or 'none'}: "
            f"name one of them, e.g. {Path(path).name}{LAYER_MARK}{names[0] if len(names) else 'changes'}"
        )
    return names[0]


def _check_polygons(frame: GeoDataFrame, path: str, layer: str | None) -> None:
    what = path if layer is None else f"layer {layer!r} of {path}"
    if not isinstance(frame, GeoDataFrame):
        raise DataError(f"Polygons of change are needed, {what} has no geometry: name a layer that has.")
    if frame.crs is None:
        raise DataError(f"Polygons of change need a CRS, {what} has none: set it, e.g. in QGIS.")
    others = sorted(set(frame.geom_type.dropna()) - {"Polygon", "MultiPolygon"})
    if others:
        raise DataError(f"Polygons of change are needed, {what} holds {', '.join(others)}: name a layer of polygons.")


def _metres_per_unit(shapes: GeoSeries) -> float:
    if shapes.crs.is_geographic:
        return 111_320.0
    return shapes.crs.axis_info[0].unit_conversion_factor
