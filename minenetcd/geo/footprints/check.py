"""Whether two images say enough of where they lie, and nothing that cannot be, to be laid on one grid."""

from minenetcd.errors import GridError
from minenetcd.geo.footprints.misplaced import off_earth, why_apart
from minenetcd.geo.footprints.overlap import extent_in_words, shared_area
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster


def check_places(before: Raster, after: Raster) -> None:
    """GridError unless both lie on Earth, in one plane, or are pictures of one size, and share ground.

    Coordinates without a CRS may lie in a local one that the other image names. A likely mistake is named.
    """
    first, second = before.grid, after.grid
    if first.is_georeferenced != second.is_georeferenced or first.has_coordinates != second.has_coordinates:
        raise GridError(_why_unlike(before, after))
    for raster in (before, after):
        reason = off_earth(raster.grid)
        if reason is not None:
            raise GridError(
                f"A place in its own coordinate system is needed, {raster.source} says {reason}: georeference it again."
            )
    if not first.has_coordinates:
        _check_pictures(first, second)
        return
    _check_planes(before, after)
    if shared_area(first, second).area == 0:
        raise GridError(_why_apart(first, second))


def _why_unlike(before: Raster, after: Raster) -> str:
    without = after if _says_more(before.grid, after.grid) else before
    if without.grid.has_coordinates:
        return (
            f"Both images need a CRS, or neither; {without.source} has coordinates without one on Earth: state it "
            "(--crs EPSG:...), or georeference it."
        )
    return (
        f"Both images need a CRS, or neither; {without.source} has none: "
        "georeference it, or give two pictures of equal size."
    )


def _says_more(one: Grid, other: Grid) -> bool:
    return (one.is_georeferenced, one.has_coordinates) > (other.is_georeferenced, other.has_coordinates)


def _check_pictures(first: Grid, second: Grid) -> None:
    if first.shape != second.shape:
        raise GridError(
            "Two pictures without CRS must have equal size, got "
            f"{first.width} x {first.height} and {second.width} x {second.height} pixels: "
            "crop or scale one to the other, or give GeoTIFFs."
        )


def _check_planes(before: Raster, after: Raster) -> None:
    """Two local systems, both named, are one, or images in them cannot be compared."""
    grids = before.grid, after.grid  # by their text: GDAL calls all local systems of one unit the same
    names = [grid.plane.crs.to_wkt() for grid in grids if grid.plane is not None and grid.plane.crs]
    if len(names) == 2 and names[0] != names[1]:
        raise GridError(
            f"Two images in one local coordinate system are needed, {before.source} and {after.source} name different "
            "ones: give both in one, or state the one on Earth (--crs EPSG:...)."
        )


def _why_apart(first: Grid, second: Grid) -> str:
    where = f"before covers {extent_in_words(first)}, after {extent_in_words(second)}"
    mistake = why_apart(first, second)
    if mistake is None:
        return f"The images do not overlap: {where}: give two images of one place."
    return f"The images do not overlap ({mistake}): {where}: georeference it again, or give two images of one place."
