"""The files a prediction leaves."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from minenetcd.errors import OptionError, one_line
from minenetcd.geo.grid import Grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.registry import Table, name_alone

if TYPE_CHECKING:  # tiles need not wait for polygons
    import numpy as np
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

#: The map: with coordinates, and of pictures.
MAP, MAP_OF_PICTURES = "change.tif", "change.png"
REPORT, DETAILS, SUMMARY = "report.html", "details.zip", "summary.json"
ITEM, PDF = "item.json", "report.pdf"
SHEETS, SHEETS_PDF = SHEET_FILES = "sheets.html", "sheets.pdf"


@dataclass(frozen=True)
class SavedPrediction:
    """Where each result stands.

    `raster`: 1 changed, 0 unchanged, 255 no data, with a colour table. `probability`: uint8 0 to 254 for 0 to 1,
    255 no data; or float32, NaN no data. `vector`: the polygons of `raster`. Pictures: PNG and GeoJSON in pixels.
    `map_style` (of `raster`, and of polygons) and `probability_style`: how QGIS shows them.
    `details`: what `rethreshold` needs beside them. `summary`: the result in numbers, for programs.
    `also`: format -> the file in it, of those that were asked for. `sheets`: the pages of the largest changes, where
    these were asked for, as "sheets", and with the format pdf as "sheets_pdf", too.
    """

    raster: Path
    probability: Path
    vector: Path
    report: Path
    details: Path
    summary: Path
    map_style: Path
    probability_style: Path
    also: Mapping[str, Path] = field(default_factory=dict)
    sheets: Mapping[str, Path] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.by_what_they_are().values())

    def by_what_they_are(self) -> dict[str, Path]:
        """Each by a word for what it holds, those of `also` by their format."""
        return {
            "map": self.raster,
            "probability": self.probability,
            "polygons": self.vector,
            "report": self.report,
            "details": self.details,
            "summary": self.summary,
            "map_style": self.map_style,
            "probability_style": self.probability_style,
            **self.sheets,
            **self.also,
        }

    def within(self, folder: Path) -> "SavedPrediction":
        """The same files in `folder`."""
        also = {format: folder / path for format, path in self.also.items()}
        sheets = {kind: folder / path for kind, path in self.sheets.items()}
        usual = (self.raster, self.probability, self.vector, self.report, self.details, self.summary)
        raster, probability, vector, report, details, summary = (folder / path for path in usual)
        styles = folder / self.map_style, folder / self.probability_style
        return SavedPrediction(raster, probability, vector, report, details, summary, *styles, also, sheets)


class Result(Protocol):
    """What can be written of a result: a ScenePrediction."""

    @property
    def grid(self) -> Grid:
        """The before image's."""

    @property
    def polygons(self) -> "GeoDataFrame":
        """The changes, in the CRS of `grid`, with the columns of change.gpkg."""

    @property
    def mask(self) -> "NDArray[np.uint8]":
        """1 changed, 0 unchanged, 255 no data (H, W)."""

    @property
    def probability(self) -> "NDArray[np.float32]":
        """0 to 1, NaN no data (H, W)."""


#: Writes a result to a path, whose ending is the format's name.
Writer = Callable[[Result, Path], None]

WRITERS: Table[Writer] = Table(
    "format",
    "minenetcd.writers",
    {
        **dict.fromkeys(
            ("geojson", "gpkg", "parquet", "fgb", "kml", "shp", "csv"), "minenetcd.prediction.formats.writing:polygons"
        ),
        "pdf": "minenetcd.prediction.formats.pdf:write_pdf",
        "qgz": "minenetcd.prediction.formats.qgis_project:write_project",
        "stac": "minenetcd.prediction.formats.stac.item:write_item",
    },
)

#: The files of formats that are not called change.FORMAT.
_NAMES = {"pdf": PDF, "shp": "change.shp.zip", "stac": ITEM}

#: Formats that hold places on Earth.
_ON_EARTH = ("kml", "qgz", "stac")

#: What a format is written with, which its extra brings.
_LIBRARIES = {"pdf": "weasyprint", "stac": "pystac"}

#: Every file of a result is called so, but those of plug-ins' formats, which are change.NAME.
PATTERNS = ("change.*", "probability.*", REPORT, DETAILS, SUMMARY, ITEM, PDF, *SHEET_FILES)


def file_of(format: str) -> Path:
    """What a result in `format` is called."""
    return Path(_NAMES.get(format, f"change.{name_alone(format)}"))


def result_names(grid: Grid, options: PredictOptions) -> SavedPrediction:
    """The file names of a result on `grid`, without folder.

    Each of `options.also` adds `file_of` it, unless that is there already. UnknownNameError for a format that is none,
    OptionError for two that give one name, and for one that cannot hold a result on `grid`.
    """
    image, vector = ("tif", "gpkg") if grid.has_coordinates else ("png", "geojson")
    mapped = MAP if grid.has_coordinates else MAP_OF_PICTURES
    probability = "tif" if options.float_probability else image  # PNG holds no float
    names = SavedPrediction(
        Path(mapped),
        Path(f"probability.{probability}"),
        Path(f"change.{vector}"),
        Path(REPORT),
        Path(DETAILS),
        Path(SUMMARY),
        Path("change.qml"),
        Path("probability.qml"),
    )
    also: dict[str, Path] = {}
    for format in options.also:
        _ = WRITERS[format]
        path = file_of(format)
        _check_possible(format, grid)
        if path in also.values():
            raise OptionError(f"One format is needed for each file, got two for {path}: leave one of them out.")
        if path not in set(names):
            also[format] = path
    return replace(names, also=also, sheets=_sheets(options))


def _sheets(options: PredictOptions) -> dict[str, Path]:
    if not options.sheets:
        return {}
    return {"sheets": Path(SHEETS)} | ({"sheets_pdf": Path(SHEETS_PDF)} if "pdf" in options.also else {})


def _check_possible(format: str, grid: Grid) -> None:
    """OptionError for a format that cannot hold a result on `grid`, or whose library is not installed."""
    if format in _ON_EARTH and not grid.is_georeferenced:
        lacks = grid.what_it_lacks(f"--also {format}")
        raise OptionError(f"The format {format} needs images with a place on Earth, got {lacks}")
    check_library(format)


def check_library(format: str) -> None:
    """OptionError where the library that writes `format` is not here; it is imported for that."""
    library = _LIBRARIES.get(format)
    if library is None:
        return
    try:
        import_module(library)
    except ImportError as error:
        raise OptionError(
            f"The format {format} needs {library}, which is not installed: pip install 'minenetcd[{format}]'."
        ) from error
    except OSError as error:  # WeasyPrint's Pango is no Python package
        raise OptionError(
            f"The format {format} needs system libraries of {library}, which are not here ({one_line(error)}): install "
            f"them (on Debian libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0), or leave --also {format} out."
        ) from error
