"""All results in numbers, for a list and a map: read from their summaries, without opening images."""

import csv
import io
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import rasterio
from pydantic import BaseModel
from rasterio.errors import RasterioError

from minenetcd.errors import InputError, MineNetCDError, one_line
from minenetcd.files import settle
from minenetcd.foreign import read_json, read_text, refuse_links_out
from minenetcd.geo.grid import Grid
from minenetcd.geo.source import quiet_gdal
from minenetcd.labelling.verdicts.verdict import STATUSES
from minenetcd.monitoring.dates.monitor import TIMELINE
from minenetcd.monitoring.pairs.predict_pairs import SUMMARY as TABLE
from minenetcd.monitoring.pairs.summary import FAILED
from minenetcd.prediction.outputs import MAP, SUMMARY
from minenetcd.web.results.file_states import state_of
from minenetcd.web.results.folder import ResultFolder, short_name
from minenetcd.web.results.placement import Placement
from minenetcd.web.results.series import SeriesFolder
from minenetcd.web.serving.found.catalogue import Contents, Found

#: Of a table of pairs.
LARGEST_TABLE = 64 * 2**20

#: Beside a result, for people.
PAPERS = ("report.html", "sheets.html", "report.pdf", "sheets.pdf")


class Site(BaseModel):
    """One result, or a series of dates. `place`: longitude and latitude of its middle; None without a place on Earth.

    `of_series`: whether it is a pair of dates of one. `images`: names of both files. `reviewed`: so many of its places
    have a verdict, None where nobody judged; `accepted_hectares`, or of pictures `accepted_pixels`, were accepted.
    `warnings` of a series: those of its pairs. `date_before` and `date_after` of a series are its first and
    last. `papers`: names of its report and sheets.
    """

    id: str
    kind: Literal["result", "series"]
    title: str
    images: str | None = None
    group: str | None
    of_series: bool
    place: tuple[float, float] | None
    bounds: tuple[float, float, float, float] | None
    hectares: float | None
    changed_pixels: int | None
    places: int | None
    reviewed: int | None = None
    accepted_hectares: float | None = None
    accepted_pixels: float | None = None
    dates: int
    date_before: str | None
    date_after: str | None
    detector: str | None
    warnings: int
    papers: list[str]


class FailedPair(BaseModel):
    """A pair of a table that has no result, and why."""

    id: str
    group: str
    error: str


class SampleSite(BaseModel):
    """A sample whose points are judged."""

    id: str
    title: str


class Sites(BaseModel):
    """What is served; `unreadable`: folders that hold a result which cannot be shown, and why.

    `warnings`: why there may be more than these.
    """

    sites: list[Site]
    samples: list[SampleSite]
    failed: list[FailedPair]
    unreadable: list[FailedPair]
    warnings: list[str]


def sites_of(contents: Contents, told: Callable[[str], str]) -> Sites:
    """Everything of `contents`; of what went wrong whoever asks is `told`."""
    sites: list[Site] = []
    unreadable: list[FailedPair] = []
    for kind, found in (("series", contents.series), ("result", contents.results)):
        for each in found.values():
            try:
                sites.append(_site(kind, each))
            except (MineNetCDError, OSError) as error:
                unreadable.append(FailedPair(id=each.id, group=each.group or "", error=told(one_line(error))))
    failed = [pair for table in contents.tables.values() for pair in _failed(table, told)]
    samples = [SampleSite(id=each.id, title=each.folder.name) for each in contents.samples.values()]
    return Sites(sites=sites, samples=samples, failed=failed, unreadable=unreadable, warnings=contents.warnings)


def _site(kind: str, found: Found) -> Site:
    return _series(found, state_of(found.folder / TIMELINE)) if kind == "series" else site_of_result(found)


@lru_cache(maxsize=20_000)
def _result(found: Found, _: tuple[int, int]) -> Site:
    """By its summary; by all that is kept of it where an earlier version wrote none."""
    settle(found.folder)
    if not (found.folder / SUMMARY).is_file():
        return _without_summary(found)
    refuse_links_out(found.folder, SUMMARY)
    summary = read_json(found.folder / SUMMARY, InputError)
    try:
        return _by_summary(found, summary)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{found.folder / SUMMARY} is no summary of this version: predict again.") from error


def _by_summary(found: Found, summary: dict[str, Any]) -> Site:
    before, after = summary["before"], summary["after"]
    bounds = _bounds(found.folder)
    return Site(
        id=found.id,
        kind="result",
        title=found.folder.name,
        images=f"{short_name(before['source'])} to {short_name(after['source'])}",
        group=found.group,
        of_series=found.of_series,
        place=None if bounds is None else ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2),
        bounds=bounds,
        hectares=summary["hectares"]["changed"],
        changed_pixels=summary["pixels"]["changed"],
        places=summary["places"],
        **_review(summary.get("review")),
        dates=2,
        date_before=_day(before["date"]),
        date_after=_day(after["date"]),
        detector=summary["detector"]["name"],
        warnings=len(summary["warnings"]),
        papers=_papers(found.folder),
    )


def _review(review: dict[str, Any] | None) -> dict[str, Any]:
    """What a summary says of verdicts."""
    if review is None:
        return {}
    accepted = review["accepted"]
    return {
        "reviewed": sum(review[status]["places"] for status in STATUSES),
        "accepted_hectares": accepted["hectares"],
        "accepted_pixels": accepted["pixels"],
    }


def site_of_result(found: Found) -> Site:
    """Of one result. InputError where it cannot be shown."""
    return _result(found, state_of(found.folder / SUMMARY))


def _without_summary(found: Found) -> Site:
    with ResultFolder.read(found.folder) as result:
        described = result.description(found.id, tiles=lambda layer: layer, polygons="")
    is_placed = described.georeferenced
    west, south, east, north = described.bounds
    return Site(
        id=found.id,
        kind="result",
        title=found.folder.name,
        images=described.title,
        group=found.group,
        of_series=found.of_series,
        place=((west + east) / 2, (south + north) / 2) if is_placed else None,
        bounds=described.bounds if is_placed else None,
        hectares=described.hectares,
        changed_pixels=described.changed_pixels,
        places=described.places,
        dates=2,
        date_before=_day(result.facts.before.date),
        date_after=_day(result.facts.after.date),
        detector=described.detector,
        warnings=len(described.warnings),
        papers=_papers(found.folder),
    )


@lru_cache(maxsize=2_000)
def _series(found: Found, _: tuple[int, int]) -> Site:
    series = SeriesFolder.read(found.folder)
    last = series.timeline.iloc[-1]
    bounds = series.placement.bounds if series.placement.grid.is_georeferenced else None
    hectares, pixels = (None if last[name] != last[name] else last[name] for name in ("cumulative_ha", "cumulative_px"))
    return Site(
        id=found.id,
        kind="series",
        title=found.folder.name,
        group=None,
        of_series=False,
        place=None if bounds is None else ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2),
        bounds=bounds,
        hectares=None if hectares is None else float(hectares),
        changed_pixels=None if pixels is None else int(pixels),
        places=None,
        dates=len(series.days),
        date_before=series.days[0],
        date_after=series.days[-1],
        detector=series.facts.model,
        warnings=sum(_warnings_of(pair.folder) for pair in series.pairs),
        papers=_papers(found.folder),
    )


def _warnings_of(folder: Path) -> int:
    """How many a result has; none where an earlier version wrote no summary."""
    if not (folder / SUMMARY).is_file():
        return 0
    return len(read_json(folder / SUMMARY, InputError).get("warnings", []))


def _failed(table: Found, told: Callable[[str], str]) -> Iterable[FailedPair]:
    """The rows of a table of pairs that have no result."""
    try:
        refuse_links_out(table.folder, TABLE)
        text = read_text(table.folder / TABLE, InputError, most_bytes=LARGEST_TABLE)
        rows = list(csv.DictReader(io.StringIO(text)))
    except (InputError, csv.Error):
        return
    for row in rows:
        if row.get("status") == FAILED:
            yield FailedPair(id=row.get("id") or "", group=table.folder.name, error=told(row.get("error") or ""))


def _bounds(folder: Path) -> tuple[float, float, float, float] | None:
    """West, south, east and north of the map of a result; None of a picture."""
    path = folder / MAP
    if not path.is_file():
        return None
    try:
        with quiet_gdal(), rasterio.open(path, driver="GTiff") as raster:
            grid = Grid(raster.height, raster.width, raster.transform, raster.crs)
    except RasterioError as error:
        raise InputError(f"{path} cannot be read ({one_line(error)}): predict again.") from error
    is_placed = grid.crs is not None and (grid.crs.is_geographic or grid.crs.is_projected)
    return Placement(grid).bounds if is_placed else None


def _papers(folder: Path) -> list[str]:
    return [name for name in PAPERS if (folder / name).is_file()]


def _day(date: str | None) -> str | None:
    return None if date is None else date[:10]
