"""The table a data set is built from: one row a site, with its two images, its label and its dates."""

import os
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pandas.errors import ParserError
from pyogrio import list_layers
from pyogrio.errors import DataLayerError, DataSourceError

from minenetcd.constants import HECTARES_PER_KM2
from minenetcd.display.escaping import from_csv
from minenetcd.errors import DataError, one_line
from minenetcd.geo.polygons.hectares import geodesic_hectares

REQUIRED = ("id", "before", "after", "label")
OPTIONAL = ("country", "before_date", "after_date", "area_km2")
ENDINGS = (".gpkg", ".geojson", ".csv")
TABLE_LAYER = "sites"
LAYER_MARK = "|layername="  # between the path of a file and a layer in it, as QGIS writes it

_DATE = re.compile(r"(\d{4})(?:[-/](\d\d)(?:[-/](\d\d)(?:[T ].*)?)?)?")


@dataclass(frozen=True)
class Site:
    """One row: texts as they stand in the table, which lies at `table`; dates are ISO 8601, to the day or coarser.

    `label` is the path of a raster or of a polygon layer (`changes.gpkg`, `changes.gpkg|layername=2020`), or the name
    of a layer in the table itself.
    """

    id: str
    before: str
    after: str
    label: str
    table: Path
    country: str | None = None
    before_date: str | None = None
    after_date: str | None = None
    area_km2: float | None = None

    def located(self, text: str) -> str:
        """Where a path of the table points to: relative ones start at the table's folder, URLs stay."""
        if "://" in text or text.startswith("/vsi"):
            return text
        return str(self.table.parent / text)

    def label_layer(self) -> tuple[str, str | None]:
        """Path of the label, and the layer in it where one is named."""
        path, mark, layer = self.label.partition(LAYER_MARK)
        if mark:
            return self.located(path) if path else str(self.table), layer
        if not Path(self.located(path)).exists() and self.label in layer_names(self.table):
            return str(self.table), self.label
        return self.located(path), None

    def inputs(self) -> tuple[str, str, str]:
        """The three files, or URLs, it is read from."""
        return self.located(self.before), self.located(self.after), self.label_layer()[0]


def read_site_table(path: str | Path) -> list[Site]:
    """The sites of a GeoPackage, GeoJSON or CSV, ordered by id.

    Columns id, before, after, label; country, before_date, after_date and area_km2 where known. Paths are relative
    to the table. In a GeoPackage of several layers the one named "sites" counts. DataError for a table or file that
    is missing or unreadable, a missing column or value, an id given twice, and dates that are none or run backwards.
    """
    path = Path(path)
    frame = _read(path)
    missing = [column for column in REQUIRED if column not in frame]
    if missing:
        raise DataError(
            f"A site table needs the columns {', '.join(REQUIRED)}, {path} lacks {', '.join(missing)} "
            f"(it has {', '.join(map(str, frame.columns)) or 'none'}): add or rename them."
        )
    if frame.empty:
        raise DataError(f"A site table needs a row for each site, {path} has none: add sites.")
    areas = _polygon_areas(frame)
    rows = frame.drop(columns="geometry", errors="ignore").to_dict("records")
    sites = [_site(row, number, areas.get(number), path) for number, row in enumerate(rows, start=1)]
    _refuse_repeated(sites, path)
    for site in sites:
        _refuse_missing_files(site)
    return sorted(sites, key=lambda site: site.id)


def layer_names(path: Path) -> list[str]:
    """The layers of a GeoPackage; of any other file, none."""
    return list(list_layers(path)[:, 0]) if path.suffix.lower() == ".gpkg" else []


def _read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() not in ENDINGS:
        raise DataError(f"A site table ends in {', '.join(ENDINGS)}, got {path}: export it as one of them.")
    if not path.is_file():
        raise DataError(f"There is no site table {path}: check the path.")
    try:
        if path.suffix.lower() == ".csv":
            return _read_csv(path)
        layer = TABLE_LAYER if TABLE_LAYER in layer_names(path) else None
        return gpd.read_file(path, layer=layer)
    except (DataSourceError, DataLayerError, ParserError, UnicodeDecodeError, pd.errors.EmptyDataError) as error:
        reason = one_line(error)
        raise DataError(f"The site table {path} cannot be read ({reason}): save it again.") from error


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        heading = file.readline()
    separator = ";" if ";" in heading and "," not in heading else ","
    # All as text, and nothing taken for a gap but a gap: a country code may be "NA", a site "007".
    rows = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return rows.map(from_csv)


def _polygon_areas(frame: pd.DataFrame) -> dict[int, float]:
    """Area of each row's polygons [km2], by row number from 1, where the table has polygons."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        return {}
    return {
        number: geodesic_hectares(shape, frame.crs.to_wkt()) / HECTARES_PER_KM2
        for number, shape in enumerate(frame.geometry, start=1)
        if shape is not None and shape.geom_type in ("Polygon", "MultiPolygon")
    }


def _site(row: Mapping[Hashable, object], number: int, polygon_km2: float | None, path: Path) -> Site:
    texts = {column: _cell_text(row.get(column)) for column in (*REQUIRED, *OPTIONAL)}
    name = f"Site {texts['id']!r}" if texts["id"] else f"Row {number}"
    needed: dict[str, str] = {}
    for column in REQUIRED:
        if (text := texts[column]) is None:
            raise DataError(f"{name} in {path} has no {column}: fill in the column {column!r}, or drop the row.")
        needed[column] = text
    if re.search(r"[/\\\x00-\x1f]", needed["id"]):
        raise DataError(f"{name} in {path} cannot be used in a name: leave slashes and control characters out.")
    before, after = (_date(texts[column], name, column) for column in ("before_date", "after_date"))
    if before is not None and after is not None and _backwards(before, after):
        raise DataError(
            f"{name} in {path} was taken before on {before} and after on {after}: "
            "exchange the images or correct the dates."
        )
    area = polygon_km2 if texts["area_km2"] is None else _number(texts["area_km2"], name)
    return Site(**needed, table=path, country=texts["country"], before_date=before, after_date=after, area_km2=area)


def _cell_text(value: object) -> str | None:
    """What a cell says, or None for an empty one; whole numbers without a point, as they were written."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split()) or None


def _date(text: str | None, name: str, column: str) -> str | None:
    if text is None:
        return None
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day = match.groups()
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise DataError(
            f"{name} needs {column} as YYYY-MM-DD, YYYY-MM or YYYY, got {text!r}: correct the table."
        ) from None
    return "-".join(part for part in match.groups() if part)


def _backwards(before: str, after: str) -> bool:
    """Whether `after` is earlier than `before`, as far as both are known."""
    shared = min(len(before), len(after))
    return after[:shared] < before[:shared]


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{name} needs a number in column 'area_km2', got {text!r}: correct the table.") from None


def _refuse_repeated(sites: list[Site], path: Path) -> None:
    repeated = sorted(name for name, count in Counter(site.id for site in sites).items() if count > 1)
    if repeated:
        raise DataError(
            f"Each site needs an id of its own, {path} has {', '.join(map(repr, repeated[:5]))} more than once: "
            "rename or merge the rows."
        )


def _refuse_missing_files(site: Site) -> None:
    for column, place in zip(("before", "after", "label"), site.inputs(), strict=True):
        is_local = "://" not in place and not place.startswith("/vsi")
        if is_local and not os.path.isfile(place):
            raise DataError(
                f"Site {site.id!r} needs its file {place}, which does not exist: correct the column {column!r} of "
                f"{site.table}."
            )
