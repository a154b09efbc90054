"""The tables of an estimate as text, for the terminal and the page."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minenetcd.accuracy.estimation.certified import CertifiedZone
from minenetcd.accuracy.estimation.outcome import AccuracyEstimate, Measured
from minenetcd.display.words import counted, number, percent

#: What is not defined, e.g. the producer's accuracy of a class that no point shows.
UNDEFINED = "\N{EN DASH}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"

Row = tuple[str, ...]


class TextTable(NamedTuple):
    """A first row and the others; the first cell of each names it."""

    title: str
    head: Row
    body: Sequence[Row]


def areas_table(found: AccuracyEstimate) -> TextTable:
    """Hectares of each class: as mapped, and as estimated."""
    head = ("", "mapped, ha", "estimated, ha", f"{PLUS_MINUS} (95 %), ha", "from, ha", "to, ha", "of the map")
    body = [
        (
            each.name,
            number(each.mapped_hectares),
            _number(each.hectares.value),
            *(_as_precise(side, each.hectares.value) for side in (each.hectares.margin, *each.hectares[2:])),
            UNDEFINED if each.hectares.value is None else percent(each.hectares.value / found.hectares),
        )
        for each in found.classes
    ]
    return TextTable("Areas", head, body)


def accuracies_table(found: AccuracyEstimate) -> TextTable:
    """Overall, user's and producer's accuracies."""
    head = ("", "user's", "95 % interval", "exact 95 %", "producer's", "95 % interval")
    body = [
        (
            each.name,
            _with_margin(each.users),
            _interval(each.users.low, each.users.high),
            UNDEFINED if each.users_exact is None else _interval(*each.users_exact),
            _with_margin(each.producers),
            _interval(each.producers.low, each.producers.high),
        )
        for each in found.classes
    ]
    overall = ("overall", _with_margin(found.overall), _interval(found.overall.low, found.overall.high), "", "", "")
    return TextTable("Accuracies", head, [*body, overall])


def matrix_table(found: AccuracyEstimate) -> TextTable:
    """Judged points by map (row) and reference (column)."""
    head = ("map \\ reference", *found.names, "points")
    body = [
        (name, *(f"{count:,}" for count in row), f"{sum(row):,}")
        for name, row in zip(found.names, found.matrix.tolist(), strict=True)
    ]
    return TextTable("Error matrix, points", head, body)


def proportions_table(found: AccuracyEstimate) -> TextTable:
    """The same in shares of the map."""
    head = ("map \\ reference", *found.names, "of the map")
    body = [
        (name, *(f"{share:.4f}" for share in row), f"{sum(row):.4f}")
        for name, row in zip([*found.names, "all"], [*found.proportions, found.proportions.sum(axis=0)], strict=True)
    ]
    return TextTable("Error matrix, shares of the map", head, body)


def strata_table(found: AccuracyEstimate) -> TextTable:
    """What was sampled, and how much of it was judged."""
    head = ("stratum", "hectares", "of the map", "points", "judged", "unsure")
    body = [
        (
            each.name,
            number(each.hectares),
            percent(each.hectares / found.hectares),
            *(f"{count:,}" for count in (each.points, each.judged, each.unsure)),
        )
        for each in found.strata
    ]
    return TextTable("Strata", head, body)


def unsure_table(found: AccuracyEstimate) -> TextTable | None:
    """Hectares of the classes if what a person could not tell were of one; None where everything was told."""
    if not found.if_unsure:
        return None
    head = ("", *(f"{name}, ha" for name in found.names))
    left_out: Row = ("unsure points left out", *(_number(each.hectares.value) for each in found.classes))
    body = [(f"all unsure points are {name!r}", *map(number, areas)) for name, areas in found.if_unsure.items()]
    return TextTable("If the unsure points were of one class", head, [left_out, *body])


def zones_table(found: CertifiedZone) -> TextTable:
    """The zones of change that were tested, in their order."""
    head = ("confidence from", "change, ha", "points", "wrong", "wrong, less than", "")
    body = [
        (
            f"{zone.confidence:.3f}",
            number(zone.hectares),
            f"{zone.points:,}",
            f"{zone.wrong:,}",
            f"{100 * zone.bound:.1f} %",
            "holds" if place < found.passed else "does not hold",
        )
        for place, zone in enumerate(found.tested)
    ]
    return TextTable("Certified zone of change", head, body)


def zone_in_words(found: CertifiedZone) -> str:
    """What holds, in a sentence."""
    wanted = percent(found.error_below)
    if found.last is None:
        first = f", with {counted(found.tested[0].points, 'point')} in the surest part" if found.tested else ""
        return (
            f"No zone of change can be certified to be less than {wanted} wrong{first}: judge more points of change, "
            "or allow more (--error-below)."
        )
    zone = found.last
    from_here = f"with a confidence of {zone.confidence:.3f} or more" if zone.confidence else "as it is mapped"
    return (
        f"Change {from_here} ({number(zone.hectares)} ha) is wrong in less than {wanted} of its pixels, with 95 % "
        "certainty."
    )


def headline(found: AccuracyEstimate) -> Iterator[str]:
    """The areas in a sentence each; of a map of change that of change alone."""
    for place, each in enumerate(found.classes):
        if found.change in (None, place):
            yield (
                f"{each.name}: {area_with_margin(each.hectares)} ha (95 %), mapped {number(each.mapped_hectares)} ha"
            )


def area_with_margin(area: Measured) -> str:
    """Value and half the 95 % interval, both to the same digit, without their unit."""
    return f"{_number(area.value)} {PLUS_MINUS} {_as_precise(area.margin, area.value)}"


def _as_precise(value: float | None, like: float | None) -> str:
    """With as many decimals as `number` gives another value."""
    if value is None or like is None:
        return UNDEFINED
    return f"{value:,.{len(number(like).partition('.')[2])}f}"


def _number(value: float | None) -> str:
    return UNDEFINED if value is None else number(value)


def _with_margin(found: Measured) -> str:
    if found.value is None or found.margin is None:
        return UNDEFINED
    return f"{100 * found.value:.1f} {PLUS_MINUS} {100 * found.margin:.1f} %"


def _interval(low: float | None, high: float | None) -> str:
    return UNDEFINED if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f} %"
