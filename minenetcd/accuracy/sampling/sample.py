"""Draw the points of a map that a person is to judge, and write all that is needed for that."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from minenetcd.accuracy.record import COLUMNS, POINTS, RECORD, TO_FILL_IN, SampleRecord, Stratum, write_record
from minenetcd.accuracy.references import point_ids, refuse_to_lose, table_to_fill_in
from minenetcd.accuracy.sampling.drawing import Counted, count, draw
from minenetcd.accuracy.sampling.interpretation import PAGE, Seen, write_page
from minenetcd.accuracy.sampling.mapped import ClassMap, open_map
from minenetcd.accuracy.sampling.options import MOST_POINTS, STANDARD_ERROR, SampleOptions
from minenetcd.accuracy.sampling.pictures import ChipReader, as_file, open_chips
from minenetcd.accuracy.sampling.size import allocate, foreseen_error, least_points, needed_points
from minenetcd.accuracy.sampling.strata import Stratification
from minenetcd.constants import VERSION, Progress, no_progress
from minenetcd.display.words import percent
from minenetcd.errors import OptionError, RasterError
from minenetcd.files import check_not_input, check_writable, staged_files, write_text
from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.secrets import without_secrets

PICTURES = "chips"
_OF_A_POINT = re.compile(r"\d{4,}_(before|after)\.png")


@dataclass(frozen=True)
class DrawnSample:
    """A sample in its `folder`. `page`: None where there are no pictures to judge by."""

    folder: Path
    record: SampleRecord
    points: GeoDataFrame
    page: Path | None


def sample_accuracy(
    source: str | Path,
    out: str | Path,
    *,
    options: SampleOptions | None = None,
    progress: Progress = no_progress,
    picture_progress: Progress = no_progress,
) -> DrawnSample:
    """Draw a stratified random sample of the map `source` and write it to the folder `out`, whole or not at all.

    `source`: the folder of a result of `predict`, or a raster of classes. Written are samples.gpkg, samples.csv (to
    fill in), sample.json, and, where there are images, a picture of both dates for each point and interpret.html, on
    which a person judges them. InputError where the map or the options cannot be used; OutputError where `out` cannot
    be written, or holds references that somebody has filled in.
    """
    options = SampleOptions() if options is None else options
    out = Path(out)
    refuse_to_lose(out)
    check_writable(out, (RECORD, POINTS, TO_FILL_IN))
    with open_map(source, options) as mapped, open_chips(mapped, options) as chips:
        check_not_input(out, (RECORD, POINTS, TO_FILL_IN, PAGE), [Path(mapped.raster.source)])
        strata = Stratification(mapped, options)
        counted = count(strata, progress)
        _check_strata(strata, counted)
        sizes = _points_of_strata(strata, counted, options)
        drawn = draw(strata, counted, sizes, np.random.default_rng(options.seed), progress)
        record = _record(strata, counted, sizes, options)
        frame = _frame(drawn, strata, record, mapped.grid)
        record = record.identified(frame)
        frame = frame.assign(sample=record.identity)[[*COLUMNS, "geometry"]]
        page = _write(out, record, frame, chips, picture_progress)
    return DrawnSample(out, record, frame, page)


def _check_strata(strata: Stratification, counted: Counted) -> None:
    """RasterError where fewer than two strata hold a pixel."""
    held = [part.name for part, pixels in zip(strata.parts, counted.pixels, strict=True) if pixels]
    if len(held) < 2:
        found = f"holds {held[0]!r} alone" if held else "holds no pixel of a class"
        raise RasterError(f"A map of two strata or more is needed, {strata.mapped.name} {found}: name another map.")


def _points_of_strata(strata: Stratification, counted: Counted, options: SampleOptions) -> NDArray[np.int64]:
    """How many points each stratum gets (H,); none where it holds no pixel."""
    points = options.points
    if points is None:
        points = needed_points(_shares(counted), _expected(strata), _wanted_error(counted, options), counted.all_pixels)
        points = max(points, least_points(counted.pixels, options.least))
        if points > MOST_POINTS:
            raise OptionError(
                f"The standard error that is wanted needs {points:,} points, at most {MOST_POINTS:,} are drawn: ask "
                "for a larger one (--standard-error, --standard-error-ha)."
            )
    return allocate(points, counted.pixels, options.least)


def _wanted_error(counted: Counted, options: SampleOptions) -> float:
    """As a share of the map."""
    if options.standard_error_ha is not None:
        return options.standard_error_ha / float(counted.hectares.sum())
    return STANDARD_ERROR if options.standard_error is None else options.standard_error


def _shares(counted: Counted) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counted.hectares / counted.hectares.sum()
    return shares


def _expected(strata: Stratification) -> NDArray[np.float64]:
    return np.array([part.expected for part in strata.parts])


def _record(
    strata: Stratification, counted: Counted, points: NDArray[np.int64], options: SampleOptions
) -> SampleRecord:
    mapped = strata.mapped
    held = [
        Stratum(part.name, mapped.classes[part.place].code, pixels, hectares, size, part.expected, part.confidence)
        for part, pixels, hectares, size in zip(
            strata.parts, counted.pixels.tolist(), counted.hectares.tolist(), points.tolist(), strict=True
        )
        if pixels
    ]
    return SampleRecord(
        seed=options.seed,
        classes=mapped.classes,
        change=mapped.change,
        strata=tuple(held),
        about=_about(mapped, counted, options, foreseen_error(_shares(counted), _expected(strata), points)),
        confidence=tuple(counted.confidence.tolist()) if mapped.probability is not None else (),
        other_pixels=mapped.grid.height * mapped.grid.width - counted.all_pixels,
    )


def _about(mapped: ClassMap, counted: Counted, options: SampleOptions, foreseen: float) -> dict[str, str]:
    about = {"Map": without_secrets(mapped.name)}
    if mapped.facts is not None:
        about["Detector"] = f"{mapped.facts.model}, threshold {mapped.facts.threshold:.3g}"
        for name, image in (("Before", mapped.facts.before), ("After", mapped.facts.after)):
            about[name] = f"{Path(image.source).name}, {image.date[:10] if image.date else 'date not stated'}"
    if options.points is not None:
        about["Size of the sample"] = f"{options.points:,} points, as asked for"
    else:
        wanted = percent(_wanted_error(counted, options))
        about["Size of the sample"] = (
            f"for a standard error of {wanted} of the map (Cochran's formula; Olofsson et al. 2014, equation 13)"
        )
    about["Allocation"] = f"at least {options.least} points a stratum, the rest in proportion to area"
    about["Foreseen standard error"] = (
        f"{percent(foreseen)} of the map, if the user's accuracies hold that were expected"
    )
    about["Drawn with"] = f"seed {options.seed}, minenetcd {VERSION}"
    return about


def _frame(points: pd.DataFrame, strata: Stratification, record: SampleRecord, grid: Grid) -> GeoDataFrame:
    """The points with everything but the identity of the sample; a person fills in the last two columns."""
    x, y = apply(grid.transform, points["col"].to_numpy() + 0.5, points["row"].to_numpy() + 0.5)
    weights = {stratum.name: stratum.weight for stratum in record.strata}
    names = [strata.parts[at].name for at in points["stratum"]]
    lon, lat = grid.to_degrees(x, y) if grid.is_georeferenced else np.full((2, len(points)), np.nan)
    columns = {
        "id": point_ids(len(points)),
        "stratum": names,
        "map_class": points["map_class"].to_numpy(),
        "probability": points["probability"].to_numpy(),
        "weight": [weights[name] for name in names],
        "row": points["row"].to_numpy(),
        "col": points["col"].to_numpy(),
        "lon": lon,
        "lat": lat,
        "reference": pd.Series([None] * len(points), dtype=object),
        "comment": pd.Series([None] * len(points), dtype=object),
    }
    return GeoDataFrame(columns, geometry=shapely.points(x, y), crs=grid.named_crs)


def _write(
    out: Path, record: SampleRecord, frame: GeoDataFrame, chips: ChipReader | None, progress: Progress
) -> Path | None:
    """All files of the sample, in place of those of an earlier one."""
    pictures = [] if chips is None else [*_pictures(frame["id"]), PAGE]
    earlier = sorted({*_earlier(out)} - {*pictures})
    with staged_files(out, (RECORD, POINTS, TO_FILL_IN, *pictures), optional=earlier) as folder:
        write_record(folder / RECORD, record)
        write_vector(frame, folder / POINTS)
        write_text(folder / TO_FILL_IN, table_to_fill_in(frame["id"], record.identity))
        if chips is None:
            return None
        write_page(folder / PAGE, record, _seen(frame, chips, folder, progress))
    return out / PAGE


def _seen(frame: GeoDataFrame, chips: ChipReader, folder: Path, progress: Progress) -> Iterator[Seen]:
    """Each point as the page shows it, after its pictures are written."""
    for done, point in enumerate(frame.itertuples(), start=1):
        seen = chips.read(point.row, point.col)
        for date, chip in seen:
            as_file(chip).save(folder / PICTURES / f"{point.id}_{date}.png", compress_level=1)
        yield Seen(point.id, None if np.isnan(point.lon) else (point.lon, point.lat), seen)
        progress(done, len(frame))


def _pictures(ids: Iterable[str]) -> list[str]:
    return [f"{PICTURES}/{id}_{date}.png" for id in ids for date in ("before", "after")]


def _earlier(out: Path) -> Iterator[str]:
    """Pictures and page that an earlier sample left."""
    if not (out / RECORD).exists():
        return
    if (out / PAGE).exists():
        yield PAGE
    for path in (out / PICTURES).glob("*.png"):
        if _OF_A_POINT.fullmatch(path.name):
            yield f"{PICTURES}/{path.name}"
