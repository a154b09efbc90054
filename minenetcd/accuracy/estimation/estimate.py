"""What a sample says of its map once its points are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.accuracy.classes import Legend
from minenetcd.accuracy.estimation.certified import certify
from minenetcd.accuracy.estimation.estimators import Estimated, StratifiedCounts
from minenetcd.accuracy.estimation.exact import ExactInterval, exact_interval, upper_bound
from minenetcd.accuracy.estimation.outcome import AccuracyEstimate, ClassEstimate, JudgedStratum, Measured
from minenetcd.accuracy.estimation.tabulated import read_counts
from minenetcd.accuracy.record import SampleRecord, StoredSample, read_sample
from minenetcd.accuracy.references import References, read_references
from minenetcd.display.words import counted, number, percent
from minenetcd.errors import DataError, OptionError

#: The share of wrong pixels that the certified zone stays below, unless another is asked for.
ERROR_BELOW = 0.1


def estimate_accuracy(
    samples: str | Path, *, labels: str | Path | None = None, error_below: float = ERROR_BELOW
) -> AccuracyEstimate:
    """What the sample in the folder `samples` says of its map, by the references in `labels`, or in its own files.

    `error_below`: of the certified zone. DataError where references are missing or not those of this sample, or a
    stratum has fewer than two that are judged.
    """
    if not 0 < error_below < 1:
        raise OptionError(
            f"A share of wrong pixels between 0 and 1 is needed (--error-below), got {error_below}: try 0.1."
        )
    sample = read_sample(samples)
    record = sample.record
    references = read_references(sample, Legend(record.classes), labels)
    names = [each.name for each in record.classes]
    places = {each.code: place for place, each in enumerate(record.classes)}
    change = None if record.change is None else places[record.change]
    judged = _judged(sample, references, places)
    strata = _judged_strata(record, judged)
    found = _estimate(
        _counts(judged, strata, len(names)), names, strata,
        mapped=[places[stratum.map_class] for stratum in record.strata],
        pixels=[stratum.pixels for stratum in record.strata],
    )  # fmt: skip
    if_unsure = {
        name: _areas(_counts(judged, strata, len(names), unsure_as=place), strata)
        for place, name in enumerate(names)
        if found.unsure
    }
    looked_at = judged[(judged["mapped"] == change) & ((judged["said"] >= 0) | judged["unsure"])]
    return replace(
        found,
        change=change,
        if_unsure=if_unsure,
        certified=certify(record, looked_at.assign(wrong=looked_at["said"] != change), error_below),
        about={**record.about, "References": references.source.name},
        warnings=(*_about_references(references), *found.warnings),
    )


def estimate_from_counts(
    counts: str | Path, areas: str | Path, *, pixel_hectares: float | None = None
) -> AccuracyEstimate:
    """The same from an error matrix of points and the areas of the map's classes, the strata (`tabulated`)."""
    table = read_counts(counts, areas, pixel_hectares)
    points = table.matrix.sum(axis=1)
    strata = tuple(
        JudgedStratum(name, area, size, size)
        for name, area, size in zip(table.names, table.hectares, points.tolist(), strict=True)
    )
    by_stratum = np.eye(len(points), dtype=np.int64)[:, :, np.newaxis] * table.matrix[np.newaxis]
    about = {"Counts": Path(counts).name, "Areas": Path(areas).name}
    found = _estimate(by_stratum, table.names, strata, mapped=range(len(points)), pixels=[None] * len(points))
    return replace(found, about=about)


def _judged(sample: StoredSample, references: References, places: Mapping[int, int]) -> pd.DataFrame:
    """The points with the place of the class that is `mapped`, that was `said` (-1: none), and who was `unsure`."""
    return sample.points.assign(
        mapped=sample.points["map_class"].map(places).to_numpy(),
        said=[-1 if place is None else place for place in references.places],
        unsure=references.unsure,
    )


def _judged_strata(record: SampleRecord, judged: pd.DataFrame) -> tuple[JudgedStratum, ...]:
    known = (judged["said"] >= 0).groupby(judged["stratum"]).sum()
    unsure = judged["unsure"].groupby(judged["stratum"]).sum()
    return tuple(
        JudgedStratum(each.name, each.hectares, each.points, int(known[each.name]), int(unsure[each.name]))
        for each in record.strata
    )


def _estimate(
    counts: NDArray[np.int64],
    names: Sequence[str],
    strata: tuple[JudgedStratum, ...],
    *,
    mapped: Sequence[int],
    pixels: Sequence[int | None],
) -> AccuracyEstimate:
    """Of `counts` (H, K, K); `mapped`: the map's class of each stratum; `pixels`: of each, where they are known."""
    is_whole = np.array([size == stratum.judged for size, stratum in zip(pixels, strata, strict=True)])
    _check_judged(strata, is_whole)
    areas = np.array([stratum.hectares for stratum in strata])
    of_map = StratifiedCounts.of(counts, areas, is_whole)
    hectares, users, producers = (
        _measured(estimated, most)
        for estimated, most in (
            (of_map.shares().times(areas.sum()), areas.sum()),
            (of_map.users_accuracy(), 1.0),
            (of_map.producers_accuracy(), 1.0),
        )
    )
    classes = tuple(
        ClassEstimate(
            name,
            sum(stratum.hectares for stratum, at in zip(strata, mapped, strict=True) if at == place),
            hectares[place],
            users[place],
            producers[place],
            _exact_users(counts, [*mapped], place),
        )
        for place, name in enumerate(names)
    )
    return AccuracyEstimate(
        classes=classes,
        matrix=counts.sum(axis=0),
        proportions=of_map.proportions(),
        overall=_measured(of_map.overall_accuracy(), 1.0)[0],
        strata=strata,
        warnings=tuple(_about_agreement(counts, mapped, strata, is_whole)),
    )


def _counts(
    judged: pd.DataFrame, strata: Sequence[JudgedStratum], classes: int, unsure_as: int | None = None
) -> NDArray[np.int64]:
    """Points by stratum, map class and reference (H, K, K); those that are unsure as one class, or not at all."""
    counts = np.zeros((len(strata), classes, classes), np.int64)
    said = judged["said"].to_numpy().copy()
    if unsure_as is not None:
        said[judged["unsure"].to_numpy()] = unsure_as
    known = said >= 0
    order = {stratum.name: at for at, stratum in enumerate(strata)}
    at = judged["stratum"].map(order).to_numpy()
    np.add.at(counts, (at[known], judged["mapped"].to_numpy()[known], said[known]), 1)
    return counts


def _areas(counts: NDArray[np.int64], strata: Sequence[JudgedStratum]) -> tuple[float, ...]:
    """Hectares of the classes (K,)."""
    areas = np.array([stratum.hectares for stratum in strata])
    return tuple((StratifiedCounts.of(counts, areas).proportions().sum(axis=0) * areas.sum()).tolist())


def _measured(estimated: Estimated, most: float) -> list[Measured]:
    """Of each class, or of the one value there is."""
    columns = np.atleast_2d(np.stack([*estimated, *estimated.interval(most)], axis=-1))
    return [Measured(*(None if np.isnan(value) else value for value in row)) for row in columns.tolist()]


def _exact_users(counts: NDArray[np.int64], mapped: list[int], place: int) -> ExactInterval | None:
    """Where one stratum is all that the map gives to the class."""
    if mapped.count(place) != 1:
        return None
    own = counts[mapped.index(place), place]
    return exact_interval(int(own[place]), int(own.sum()))


def _check_judged(strata: Sequence[JudgedStratum], is_whole: NDArray[np.bool_]) -> None:
    for stratum, whole in zip(strata, is_whole, strict=True):
        if stratum.judged < 2 and not whole:
            raise DataError(
                f"At least 2 judged points are needed in each stratum, {stratum.name!r} has {stratum.judged} of "
                f"{stratum.points}: judge more of them, or decide on those that are unsure."
            )


def _about_references(references: References) -> tuple[str, ...]:
    of = len(references.places)
    told = []
    if references.missing:
        told.append(
            f"{counted(references.missing, 'point')} of {of:,} not judged: the others stand for them, which holds if "
            "points were judged in their order, or all that could be."
        )
    if unsure := sum(references.unsure):
        told.append(
            f"{counted(unsure, 'point')} of {of:,} left out, because it could not be told what they show; what the "
            "areas would be if all of them were of one class is told beside them."
        )
    return tuple(told)


def _about_agreement(
    counts: NDArray[np.int64], mapped: Sequence[int], strata: Sequence[JudgedStratum], is_whole: NDArray[np.bool_]
) -> list[str]:
    """Strata in which no error was seen: the variance of what was never seen is 0, not the thing itself."""
    told = []
    for at, (place, stratum) in enumerate(zip(mapped, strata, strict=True)):
        if not is_whole[at] and counts[at, place, place] == stratum.judged:
            share = upper_bound(0, stratum.judged)
            told.append(
                f"All {stratum.judged:,} judged points of {stratum.name!r} agree with the map, and the intervals take "
                f"that as certain; up to {percent(share)} of it, {number(share * stratum.hectares)} ha, may be "
                "otherwise (exact bound, 95 % sure)."
            )
    return told
