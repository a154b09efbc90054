"""A result in its usual files, and in the further formats that somebody asks for."""

import shutil
from pathlib import Path

from minenetcd.errors import MineNetCDError, OutputError, one_line
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.prediction.formats.qgis_styles import add_style, largest_value, write_styles
from minenetcd.prediction.outputs import ITEM, WRITERS, Result, SavedPrediction
from minenetcd.prediction.rasters.scene_rasters import SceneRasters

#: Columns by the format's ending that have another name there: a shapefile's have ten letters, KML shows one as a name.
RENAMED = {
    ".zip": {
        "perimeter_m": "perim_m",
        "perimeter_px": "perim_px",
        "confidence_mean": "conf_mean",
        "confidence_p10": "conf_p10",
        "valid_fraction": "valid_frac",
        "touches_nodata": "at_nodata",
        "lease_status": "lease_stat",
        "source_before": "src_before",
        "source_after": "src_after",
        "date_before": "day_before",
        "date_after": "day_after",
        "ndvi_before": "ndvi_bef",
        "ndwi_before": "ndwi_bef",
        "mndwi_before": "mndwi_bef",
        "mndwi_after": "mndwi_aft",
        "brightness_change": "bright_chg",
    },
    ".kml": {"id": "Name"},
}


def polygons(result: Result, path: Path) -> None:
    """The polygons of `result`, in the vector format that `path` ends with; a GeoPackage says how QGIS shows them."""
    write_vector(result.polygons.rename(columns=RENAMED.get(path.suffix, {})), path)
    if path.suffix == ".gpkg":
        add_style(path)


def write_usual(result: Result, scene: SceneRasters, files: SavedPrediction) -> None:
    """The rasters of a finished scene, its polygons, and how QGIS shows them."""
    shutil.copyfile(scene.probability, files.probability)
    shutil.copyfile(scene.mask, files.raster)
    polygons(result, files.vector)
    largest = largest_value(files.probability, as_float=scene.stored.as_float)
    write_styles(files.map_style, files.probability_style, largest=largest)


def write_formats(result: Result, files: SavedPrediction) -> None:
    """Write `result` to the files of `files.also`, last the one that describes the others.

    OutputError names the format that fails.
    """
    for format, path in sorted(files.also.items(), key=lambda each: each[1].name == ITEM):
        try:
            WRITERS[format](result, path)
        except (MineNetCDError, OSError):
            raise
        except Exception as error:  # what is in there may not be ours
            reason = one_line(error, with_kind=True)
            raise OutputError(
                f"{path.name} could not be written in the format {format!r} ({reason}): mend it, or do without it."
            ) from error
        if not path.is_file():
            raise OutputError(f"The format {format!r} wrote no file {path.name}: mend it, or do without it.")
