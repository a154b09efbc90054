"""One page that shows an estimate to people."""

from html import escape

from minenetcd.accuracy.estimation.figure import areas_drawing
from minenetcd.accuracy.estimation.outcome import AccuracyEstimate
from minenetcd.accuracy.estimation.tables import (
    UNDEFINED,
    TextTable,
    accuracies_table,
    area_with_margin,
    areas_table,
    matrix_table,
    proportions_table,
    strata_table,
    unsure_table,
    zone_in_words,
    zones_table,
)
from minenetcd.constants import VERSION
from minenetcd.display.page import drawing_source, key_figures, render_page
from minenetcd.display.tables import html_table
from minenetcd.display.words import counted, number

_METHOD = (
    "Points were drawn at random in each stratum. Areas, accuracies and their standard errors are those of a "
    "stratified random sample: Olofsson et al., Remote Sensing of Environment 148, 2014, equations 1 to 11; where "
    "strata are not the classes of the map, Stehman, International Journal of Remote Sensing 35, 2014. Intervals are "
    "1.96 standard errors to either side, cut at 0 and at the whole; exact ones are Clopper and Pearson's (Biometrika "
    "26, 1934), and are to be preferred where a class has few points."
)
_LIMITS = (
    "The intervals hold what comes from looking at a sample instead of at every pixel. They do not hold the mistakes "
    "of the person who judged, nor what the images cannot show; let a second person judge some of the points. Ground "
    "outside of the map, or without data in it, is not part of any area here."
)
_ZONE_METHOD = (
    "Tested one after the other, the surest first, in an order that the map alone gives, each by an exact binomial "
    "bound (one-sided, 95 %), until the first that does not hold (fixed-sequence testing: Maurer, Hothorn and "
    "Lehmacher, 1995; Angelopoulos et al., Learn then test, 2021). Points at which a person could not tell count as "
    "wrong."
)


def render_report(found: AccuracyEstimate) -> str:
    """The page as HTML. All text that comes from outside is escaped."""
    return render_page(
        kind="Accuracy and areas",
        heading=_heading(found),
        subtitle=f"By {counted(found.judged, 'judged point')} in {counted(len(found.strata), 'stratum', 'strata')}, "
        f"which stand for {number(found.hectares)} ha",
        sections=_sections(found),
        made="Estimated from a stratified random sample",
        software=f"minenetcd {VERSION}",
    )


def _heading(found: AccuracyEstimate) -> str:
    if found.change is None:
        return "How much there is of each class"
    change = found.classes[found.change]
    return f"{change.name.capitalize()}: {area_with_margin(change.hectares)} ha"


def _sections(found: AccuracyEstimate) -> list[str]:
    sections = [f'<p class="warning"><b>Note.</b> {escape(text)}</p>' for text in found.warnings]
    sections.append(_key_figures(found))
    drawing = f'<figure><img alt="" src="{drawing_source(areas_drawing(found))}"></figure>'
    sections.append(f"{drawing}{_table(areas_table(found))}")
    if (unsure := unsure_table(found)) is not None:
        sections.append(_table(unsure))
    accuracies = accuracies_table(found)
    sections.append(_table(accuracies, emphasised=len(accuracies.body)))
    if found.certified is not None:
        sections.append(_table(zones_table(found.certified), told=zone_in_words(found.certified)))
        sections.append(f'<p class="note">{escape(_ZONE_METHOD)}</p>')
    sections.extend(map(_table, (matrix_table(found), proportions_table(found), strata_table(found))))
    facts = [(name, words) for name, words in found.about.items()]
    sections.append(f"<h2>Where it comes from</h2>{html_table((), facts, kind='facts')}")
    sections.append(f'<p class="limits"><b>Method.</b> {escape(_METHOD)}</p>')
    sections.append(f'<p class="limits"><b>Limits.</b> {escape(_LIMITS)}</p>')
    return sections


def _key_figures(found: AccuracyEstimate) -> str:
    overall = UNDEFINED if found.overall.value is None else f"{100 * found.overall.value:.1f}"
    of_all = [
        ("Overall accuracy", overall, "%"),
        ("Judged points", f"{found.judged:,}", f"{found.unsure:,} unsure" if found.unsure else ""),
    ]
    if found.change is None:
        return key_figures([*of_all, ("Classes", f"{len(found.classes)}", ""), ("Map", number(found.hectares), "ha")])
    change = found.classes[found.change]
    name = change.name.capitalize()
    areas = [
        (f"{name}, estimated", area_with_margin(change.hectares), "ha"),
        (f"{name}, mapped", number(change.mapped_hectares), "ha"),
    ]
    return key_figures([*areas, *of_all])


def _table(table: TextTable, *, emphasised: int = 0, told: str = "") -> str:
    """Under its title, and what is `told` of it."""
    shown = html_table(table.head, table.body, emphasised=emphasised)
    words = f"<p>{escape(told)}</p>" if told else ""
    return f'<h2>{escape(table.title)}</h2>{words}<div class="wide">{shown}</div>'
