"""The images of a series in the order in which they were taken, and which of them are worth reading."""

import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.display.words import counted, percent, some_of
from minenetcd.errors import GridError, OptionError
from minenetcd.geo.align import refuse_same_image
from minenetcd.geo.date import Date
from minenetcd.geo.date_files.finding import DateFiles, find_date
from minenetcd.geo.footprints.check import check_places
from minenetcd.geo.metadata.stated import Stated
from minenetcd.geo.raster import Raster
from minenetcd.monitoring.dates.options import MonitorOptions
from minenetcd.prediction.options import PredictOptions

#: Missing data are counted on images averaged down to it. [pixels a side]
COUNTED_SIDE = 1024
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class DatedImage:
    """`image` as it was named, the `day` on which it was taken, and the share of the series' pixels it lacks.

    `is_stated`: its user said the day, whatever the file says.
    """

    image: str
    day: date
    missing: float = 0.0
    is_stated: bool = False


class LeftOut(NamedTuple):
    """An image that is not read, and why."""

    image: DatedImage
    why: str


@dataclass(frozen=True)
class Series:
    """`used` in the order in which they were taken, and those `left_out`, in the same order."""

    used: tuple[DatedImage, ...]
    left_out: tuple[LeftOut, ...]


def find_series(
    images: Sequence[str], days: Sequence[str] | None, options: PredictOptions, choice: MonitorOptions
) -> Series:
    """The series of `images`, of which `days` (ISO 8601, in their order) says when they were taken.

    Without, each file says so, a STAC item beside it or its name. OptionError where a day is missing or there twice,
    or fewer than two images are left; GridError for an image of another place.
    """
    if days is not None and len(days) != len(images):
        raise OptionError(
            f"A date for each image is needed (--dates), got {counted(len(days), 'date')} for "
            f"{counted(len(images), 'image')}: give as many, in the order of the images."
        )
    if len(images) < 2:
        raise OptionError(f"Two images or more of one place are needed, got {len(images)}: name others.")
    with ExitStack() as opened:
        rasters = _opened(images, days, options, opened)
        dated = [
            DatedImage(image, day, is_stated=days is not None)
            for image, day in zip(images, _days(images, rasters), strict=True)
        ]
        order = sorted(range(len(dated)), key=lambda place: dated[place].day)
        missing = missing_shares([rasters[place] for place in order], [images[place] for place in order])
    dated = [replace(dated[place], missing=share) for place, share in zip(order, missing, strict=True)]
    return _chosen(dated, choice)


def missing_shares(rasters: Sequence[Raster], names: Sequence[str]) -> list[float]:
    """For each image the share without data, on the grid of the first, of the pixels that any of them shows."""
    grid = rasters[0].grid
    whole = Window(0, 0, grid.width, grid.height)
    valid: list[NDArray[np.bool_]] = []
    for raster, name in zip(rasters, names, strict=True):
        if raster is not rasters[0]:
            try:
                check_places(rasters[0], raster)
            except GridError as error:
                raise GridError(f"{name}, laid on {names[0]}: {error}") from error
        with Date(raster, grid) as seen:
            valid.append(seen.read_small(whole, COUNTED_SIDE)[1])
    shown = np.logical_or.reduce(valid)
    return [1 - float(np.count_nonzero(each)) / max(1, int(np.count_nonzero(shown))) for each in valid]


def one_a_year(images: Sequence[DatedImage]) -> list[DatedImage]:
    """Of each year the image nearest to one season, the one by which these lie closest together in all years.

    Of several as near, those that lack least. The season is the day of the year of one of the images.
    """
    years: dict[int, list[DatedImage]] = {}
    for image in images:
        years.setdefault(image.day.year, []).append(image)

    def nearest(season: int) -> list[DatedImage]:
        def rank(image: DatedImage) -> tuple[float, float]:
            return _apart(_season(image.day), season), image.missing

        return [min(of_year, key=rank) for of_year in years.values()]

    def spread(season: int) -> tuple[float, float]:
        chosen = nearest(season)
        return sum(_apart(_season(image.day), season) for image in chosen), sum(image.missing for image in chosen)

    return nearest(min(sorted({_season(image.day) for image in images}), key=spread))


def _season(day: date) -> int:
    return day.timetuple().tm_yday


def _apart(one: int, other: int) -> float:
    """Days between two days of the year, around its end too."""
    days = abs(one - other)
    return min(days, DAYS_A_YEAR - days)


def _opened(
    images: Sequence[str], days: Sequence[str] | None, options: PredictOptions, opened: ExitStack
) -> list[Raster]:
    """Each image, on what is said of it; none twice."""
    dates: list[DateFiles] = [find_date(image, remote=options.remote) for image in images]
    for place, image in enumerate(dates):
        for other in dates[:place]:
            refuse_same_image(other, image)
    stated = [_stated(day, options) for day in (days or itertools.repeat(None, len(images)))]
    return [
        opened.enter_context(Raster.open(image, bands=options.bands or (1,), stated=each))
        for image, each in zip(dates, stated, strict=True)
    ]


def _stated(day: str | None, options: PredictOptions) -> Stated:
    try:
        return Stated(options.crs, options.nodata, day)
    except OptionError as error:
        if day is None:
            raise
        raise OptionError(
            f"Year, month and day of each image are needed (--dates), got {day!r:.40}: e.g. 2019-06-01,2020-06-11."
        ) from error


def _days(images: Sequence[str], rasters: Sequence[Raster]) -> list[date]:
    """When each was taken. OptionError where nobody says it of all, or two were taken on one day."""
    unknown = [image for image, raster in zip(images, rasters, strict=True) if raster.date is None]
    if unknown:
        raise OptionError(
            f"A date for each image is needed, {some_of(unknown)} says none: state them all, in the order of the "
            "images (--dates 2019-06-01,2020-06-11,...), or put them into the names of the files."
        )
    days = [date.fromisoformat(str(raster.date)[:10]) for raster in rasters]
    for place, day in enumerate(days):
        if day in days[:place]:
            first = images[days.index(day)]
            raise OptionError(
                f"Images of different days are needed, {first} and {images[place]} are both of {day}: leave one out, "
                "or state the dates (--dates)."
            )
    return days


def _chosen(dated: Sequence[DatedImage], choice: MonitorOptions) -> Series:
    left: dict[date, str] = {
        image.day: f"no data in {percent(image.missing)} of what the series shows"
        for image in dated
        if image.missing > choice.most_missing
    }
    kept = [image for image in dated if image.day not in left]
    if choice.every is not None and kept:
        of_year = one_a_year(kept)
        why = "another image of its year is nearer to the season"
        left |= {image.day: why for image in kept if image not in of_year}
        kept = of_year
    if len(kept) < 2:
        raise OptionError(
            f"Two dates or more are needed, of {len(dated)} {counted(len(kept), 'is', 'are')} left: "
            f"{_advice(dated, choice)}."
        )
    return Series(tuple(kept), tuple(LeftOut(image, left[image.day]) for image in dated if image.day in left))


def _advice(dated: Sequence[DatedImage], choice: MonitorOptions) -> str:
    if any(image.missing > choice.most_missing for image in dated):
        return f"let them lack more (--most-missing, now {choice.most_missing:g}), or name others"
    return "name images of other years, or leave --every out"
