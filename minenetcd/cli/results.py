"""How a prediction is printed on the command line."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from minenetcd.cli.console import digits, print_json, warn
from minenetcd.display.escaping import in_terminal
from minenetcd.display.words import counted, duration, in_words, percent, size
from minenetcd.prediction.where.rows import labelled

if TYPE_CHECKING:
    from pathlib import Path

    from minenetcd.evaluation.confusion import Confusion
    from minenetcd.prediction.forecast import Forecast
    from minenetcd.prediction.result import ScenePrediction

#: A smaller share is told with as many digits as it takes.
LEAST_TOLD = 0.001


def print_prediction(result: "ScenePrediction", *, as_json: bool = False, quiet: bool = False) -> None:
    """Warnings to the error stream; what changed and where it is written to the output."""
    if not quiet:
        warn(result.warnings)
    if as_json:
        print_json(_as_json(result))
        return
    print(_outcome(result))
    _print_lines((*_reading(result), *_told(_files(result)), *_next_commands(result)))


def print_forecast(forecast: "Forecast", *, as_json: bool = False) -> None:
    """What mapping a scene would take."""
    if as_json:
        disk = {str(folder): count for folder, count in forecast.disk.items()}
        print_json({**asdict(forecast), "disk": disk})
        return
    rows, columns = forecast.pixels
    print(f"Nothing was written: this would take about {duration(forecast.seconds)}")
    _print_lines(
        [
            ("detector", " and ".join(forecast.detectors)),
            ("pixels", f"{rows:,} x {columns:,}"),
            ("tiles", f"{forecast.tiles:,}"),
            *(("disk", f"about {size(count)}, at most, in {folder}") for folder, count in forecast.disk.items()),
            ("memory", f"about {size(forecast.memory)}"),
            *([] if forecast.not_counted is None else [("not counted", forecast.not_counted)]),
        ]
    )


def _print_lines(lines: Iterable[tuple[str, Any]]) -> None:
    for what, words in lines:
        print(f"  {what.capitalize():<12} {in_terminal(str(words))}")


def _as_json(result: "ScenePrediction") -> dict[str, Any]:
    """Areas in hectares are None for a picture; `kinds` only where asked for; `files` by what they hold."""
    return {
        "hectares": result.hectares,
        "changed_pixels": result.changed_pixels,
        "valid_pixels": result.valid_pixels,
        "changed_share": result.changed_share,
        "places": len(result.polygons),
        "detector": result.facts.model,
        "chosen_because": result.facts.reason,
        "trained_on": result.facts.provenance.trained_on_in_words,
        "measured": result.facts.expectation,
        "computed_by": result.facts.computed_by.as_json(),
        "detector_options": dict(result.facts.detector_options),
        "dates": {"before": result.facts.before.date, "after": result.facts.after.date},
        "bands": {"before": result.facts.before.read.as_json(), "after": result.facts.after.read.as_json()},
        "adjustments": {name.lower(): words for name, words in result.facts.adjustments},
        "second_opinion": result.facts.second,
        "second_share": result.second_share,
        "agreement": result.agreement,
        "threshold": result.threshold,
        "where": result.where.as_json(result.facts.where),
        **({} if result.kinds is None else {"kinds": result.kinds.as_json()}),
        "seconds": result.seconds,
        "warnings": result.warnings,
        "files": {name: str(path) for name, path in _files(result).items()},
    }


def _outcome(result: "ScenePrediction") -> str:
    """What changed, in a line; of a detector that does not fit the images, nothing found is no result."""
    if not result.changed_pixels and not result.facts.fits:
        return f"{result.facts.model} found nothing, and is not made for such images: that says nothing about change"
    if not result.changed_pixels:
        return f"No change was found. {result.about_nothing}".rstrip()
    changed = f"{result.changed_pixels:,} pixels" if result.hectares is None else f"{result.hectares:,.2f} ha"
    places = counted(len(result.polygons), "place")
    share = f"{result.changed_share:.1%}" if result.changed_share >= LEAST_TOLD else percent(result.changed_share)
    whole = "what was analysed" if result.facts.options.is_limited else "what both images show"
    return f"{changed} changed in {places}, {share} of {whole}"


def _reading(result: "ScenePrediction") -> Iterator[tuple[str, str]]:
    """Who read the images, why, and what may be expected of the map."""
    facts = result.facts
    yield "detector", facts.detector_in_words
    yield "threshold", _threshold(result)
    if result.unsure_in_words is not None:
        yield "seeds", result.unsure_in_words
    yield "dates", f"before {facts.before.acquired.in_words}; after {facts.after.acquired.in_words}"
    read = facts.before.read.in_words(), facts.after.read.in_words()
    yield "bands", read[0] if read[0] == read[1] else f"before {read[0]}; after {read[1]}"
    if facts.detector_options:
        yield "options", in_words(facts.detector_options)
    yield "trained on", facts.provenance.trained_on_in_words or "nothing that is stated"
    yield "measured", facts.expectation
    yield "computed by", facts.computed_by.in_words
    yield from facts.adjustments
    yield from labelled(facts.where)
    yield from result.where.rows()
    if result.kinds is not None:
        yield from result.kinds.rows()
    if result.second_in_words:
        yield "opinion 2", result.second_in_words


def _threshold(result: "ScenePrediction") -> str:
    """The probability from which a pixel counts as changed here, and how to choose another."""
    if result.saved is None:
        return f"{result.threshold:.3g}"
    folder = shlex.quote(str(result.saved.raster.parent))
    return f"{result.threshold:.3g}; for another: minenetcd rethreshold {folder} --threshold NUMBER"


def _files(result: "ScenePrediction") -> dict[str, "Path"]:
    """What was saved, if anything was: by what it is, or by its format where that was asked for."""
    saved = result.saved
    return {} if saved is None else saved.by_what_they_are()


def _told(files: "dict[str, Path]") -> "Iterator[tuple[str, Path]]":
    """Those that somebody opens; QGIS finds styles by itself."""
    return ((what, path) for what, path in files.items() if path.suffix != ".qml")


def _next_commands(result: "ScenePrediction") -> "Iterator[tuple[str, str]]":
    """How what was saved is explored and judged."""
    if result.saved is not None:
        folder = shlex.quote(str(result.saved.raster.parent))
        yield "explore", f"minenetcd view {folder}; to judge each change, minenetcd serve {folder}"


def print_scores(counts: "Confusion") -> None:
    """F1 and cIoU against a truth."""
    for name, value in (("F1", counts.f1), ("cIoU", counts.ciou)):
        print(f"  {name:<12} {digits(value)}")
