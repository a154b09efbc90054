"""minenetcd models: the detectors without training."""

from dataclasses import fields
from typing import Any, TypedDict

from minenetcd.cli.console import print_rich, table


class WithoutTraining(TypedDict):
    """A detector without training, its paper, and its options by their defaults."""

    name: str
    needs_training: bool
    measures: str
    title: str
    authors: str
    venue: str
    year: int
    doi: str
    options: dict[str, Any]


def list_without_training() -> list[WithoutTraining]:
    """All of them."""
    from minenetcd.classical.catalog import CLASSICAL

    return [about(name) for name in CLASSICAL]


def about(name: str) -> WithoutTraining:
    """What is known of the detector `name`. UnknownNameError for one that is none."""
    from minenetcd.classical.catalog import CLASSICAL

    detector = CLASSICAL[name]
    paper = detector.paper
    return {
        "name": name,
        "needs_training": False,
        "measures": detector.measures,
        "title": paper.title,
        "authors": paper.authors,
        "venue": paper.venue,
        "year": paper.year,
        "doi": paper.doi,
        "options": {field.name: field.default for field in fields(detector)},
    }


def print_all(detectors: list[WithoutTraining]) -> None:
    """A section of the list of methods."""
    from rich.markup import escape

    rows = table("Without training", "What it measures, paper", "Venue", whole=("Without training",))
    for each in detectors:
        name, measures, title, venue = (escape(each[key]) for key in ("name", "measures", "title", "venue"))
        rows.add_row(name, f"{measures}\n[dim]{title}[/dim]", f"{venue} {each['year']}")
        rows.add_section()
    print_rich(rows, markup=True)


def print_one(detector: WithoutTraining) -> None:
    """What it is, whom to cite, and its options."""
    each = detector
    print(f"{each['name']}, a detector without training: {each['measures']}.\n")
    print(f"Cite: {each['authors']}. {each['title']}. {each['venue']} {each['year']}. https://doi.org/{each['doi']}\n")
    print("It reads all bands of both dates and learns each pair anew; it has no weights.")
    print(f"minenetcd predict before.tif after.tif --model {each['name']}\n")
    from minenetcd.classical.detector import THRESHOLD_RULES

    values = {"threshold_rule": ", ".join(THRESHOLD_RULES), "smooth": "pixels"}
    rows = table("Option", "Default", "Values", whole=("Option",))
    for option, default in each["options"].items():
        rows.add_row(option, repr(default), values.get(option, type(default).__name__))
    print_rich(rows)
