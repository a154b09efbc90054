"""Draw the points of a map that a person is to judge, and write all that is needed for that."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from minenetcd.accuracy.record import COLUMNS, SampleRecord, Stratum
from minenetcd.accuracy.sampling.drawing import Counted, count, draw
from minenetcd.accuracy.sampling.mapped import ClassMap, open_map
from minenetcd.accuracy.sampling.options import MOST_POINTS, STANDARD_ERROR, SampleOptions
from minenetcd.accuracy.sampling.outputs import check_out, points_frame, write_sample
from minenetcd.accuracy.sampling.pictures import open_chips
from minenetcd.accuracy.sampling.size import allocate, foreseen_error, least_points, needed_points
from minenetcd.accuracy.sampling.strata import Stratification
from minenetcd.constants import VERSION, Progress, no_progress
from minenetcd.display.words import percent
from minenetcd.errors import OptionError, RasterError
from minenetcd.secrets import without_secrets


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
    check_out(out, Path(source))
    with open_map(source, options) as mapped, open_chips(mapped, options) as chips:
        strata = Stratification(mapped, options)
        counted = count(strata, progress)
        _check_strata(strata, counted)
        sizes = _points_of_strata(strata, counted, options)
        drawn = draw(strata, counted, sizes, np.random.default_rng(options.seed), progress)
        record = _record(strata, counted, sizes, options)
        points = points_frame(drawn, strata, record, mapped.grid)
        record = record.identified(points)
        points = points.assign(sample=record.identity)[[*COLUMNS, "geometry"]]
        page = write_sample(out, record, points, chips, picture_progress)
    return DrawnSample(out, record, points, page)


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
