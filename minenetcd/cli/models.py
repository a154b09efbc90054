"""minenetcd models"""

import inspect
from dataclasses import asdict
from typing import Annotated, Any

from typer import Argument

from minenetcd.cli.console import is_terminal, print_json, print_rich, print_rows, table
from minenetcd.cli.options import Json, Quiet
from minenetcd.display.words import MEASURES

_UNITS = "Parameters in 2^20, multiply-adds (MACs) for one pair of 256 x 256 in 2^30: measured (published)."


def models(
    name: Annotated[str | None, Argument(help="One method, in detail.", show_default=False)] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the methods, or tell all about one: options, citation, published weights and scores.

    Example: minenetcd models bit
    """
    from minenetcd.models.catalog import list_models

    if name is not None:
        details = _record(name) | _details(name)
        print_json(details) if as_json else _print_details(details, quiet=quiet)
        return
    records = [_record(each) for each in list_models()]
    if as_json:
        print_json(records)
    elif is_terminal():
        _print_overview(records, quiet=quiet)
    else:
        columns = ("Name", "Paper", "Venue", "Parameters", "MACs", "Pretrained trunk", "Published weights")
        print_rows(columns, [[*_facts(record), ", ".join(record["weights"])] for record in records])


def _record(name: str) -> dict[str, Any]:
    """A method at a glance. Its sizes are those of the default options, but for what `form` holds."""
    from minenetcd.models.base import About
    from minenetcd.models.catalog import model_class
    from minenetcd.models.complexity import default_complexity
    from minenetcd.weights.published import published_ids

    architecture, measured = model_class(name), default_complexity(name)
    about = asdict(architecture.about or About(title="", authors="", venue="", year=0))
    published = {size: about.pop(size) for size in ("parameters_mi", "macs_gi")}
    form, options = about.pop("published_form"), inspect.signature(architecture).parameters
    return {
        "name": name,
        **{fact: value or None for fact, value in about.items()},
        "measured": {
            **{size: getattr(measured, size) for size in published},
            "form": {option: options[option].default for option in form},
        },
        "published": {**published, "form": form},
        "weights": published_ids(name),
    }


def _details(name: str) -> dict[str, Any]:
    """What is known beyond `_record`; scores are the digits of the published tables."""
    from minenetcd.models.catalog import model_class
    from minenetcd.weights.scores import published_scores

    architecture = model_class(name)
    return {
        "about": inspect.getdoc(architecture),
        "options": [
            {"name": option.name, "default": _default(option.default), "values": _values(option.annotation)}
            for option in inspect.signature(architecture).parameters.values()
        ],
        "scores": [
            {"weights": score.weights, "data_set": score.data_set, **score.printed, "note": score.note}
            for score in published_scores(name)
        ],
    }


def _print_overview(records: list[dict[str, Any]], *, quiet: bool) -> None:
    rows = table(
        *("Name", "Paper, published weights", "Venue", "Params", "MACs", "Trunk"),
        right=("Params", "MACs"),
        whole=("Name",),
        narrow={"Venue": 15, "Trunk": 13},
    )
    for record in records:
        name, paper, *facts = _facts(record)
        paper = "\n".join([paper, *(f"[cyan]{line}[/cyan]" for line in _shortened(record["weights"]))])
        rows.add_row(name, paper, *(fact.replace(" (", "\n(") for fact in facts))
        rows.add_section()
    print_rich(rows)
    if not quiet:
        print(" ".join([_UNITS, *filter(None, map(_forms, records))]))
        print("Weights are in HZDR-FWGEL/ where no owner stands; * is each of " + ", ".join(_data_sets()) + ".")
        print("All about one: minenetcd models NAME")


def _print_details(record: dict[str, Any], *, quiet: bool) -> None:
    from minenetcd.weights.scores import METRICS

    name, title, venue, parameters, macs, trunk = _facts(record)
    print(f"{name}\n\n{record['about']}\n")
    if record["title"]:
        doi = f" https://doi.org/{record['doi']}" if record["doi"] else ""
        print(f"Cite: {record['authors']}. {title}. {venue}.{doi}\n")
    print(f"Parameters {parameters}, MACs {macs}, pretrained trunk: {trunk}.")
    if not quiet:
        print(" ".join(filter(None, [_UNITS, _forms(record)])))
    print()
    options = table("Option", "Default", "Values", whole=("Option",))
    for option in record["options"]:
        options.add_row(option["name"], repr(option["default"]), option["values"])
    print_rich(options)
    headings = [MEASURES[ours] for ours in METRICS.values()]
    rows = table("Published weights", "Data set", *headings, right=headings, whole=("Published weights", "Data set"))
    for score in record["scores"]:
        rows.add_row(score["weights"], score["data_set"], *(score[metric] for metric in METRICS))
    if record["scores"]:
        print_rich(rows)
    for score in record["scores"]:
        if score["note"]:
            print(f"{score['data_set']}: {score['note']}.")
    for weights in record["weights"][len(record["scores"]) :]:
        print(f"Also: {weights}")


def _facts(record: dict[str, Any]) -> list[str]:
    """Name, paper, venue, parameters, MACs and trunk of a method, as shown."""
    return [
        record["name"],
        record["title"] or "-",
        f"{record['venue']} {record['year']}" if record["venue"] else "-",
        _beside(record, "parameters_mi"),
        _beside(record, "macs_gi"),
        record["pretrained_trunk"] or "-",
    ]


def _beside(record: dict[str, Any], size: str) -> str:
    """A size as measured, and in brackets as published; with the values of the options in which the two differ."""
    measured, published = record["measured"], record["published"]
    if published[size] is None:
        return f"{measured[size]:.2f}"
    here, there = (" ".join(["", *map(str, each["form"].values())]) for each in (measured, published))
    return f"{measured[size]:.2f}{here} ({published[size]:g}{there})"


def _forms(record: dict[str, Any]) -> str:
    """The options in which what was measured differs from what is published, as a sentence; nothing without any."""
    measured, published = (
        ", ".join(f"{option}={value}" for option, value in record[kind]["form"].items())
        for kind in ("measured", "published")
    )
    return (
        f"{record['name']} is measured with {measured} (the default), published with {published}." if measured else ""
    )


def _default(value: Any) -> Any:
    """A default as JSON holds it; what it does not hold (of a plug-in, or none) in words."""
    return value if value is None or isinstance(value, bool | int | float | str | list | tuple) else str(value)


def _values(annotation: Any) -> str:
    from typing import Literal, get_args, get_origin

    if get_origin(annotation) is Literal:
        return ", ".join(map(str, get_args(annotation)))
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)


def _data_sets() -> list[str]:
    """The data sets as they stand inside hub ids."""
    from minenetcd.weights.scores import published_scores

    return sorted({score.weights.split("-")[-2] for score in published_scores()})


def _shortened(ids: list[str]) -> list[str]:
    """Ids without their usual owner; those of one method on every data set as one pattern."""
    short = [weights.removeprefix("HZDR-FWGEL/") for weights in ids]
    patterns = {"-".join(["UCD", "*", weights.split("-")[-1]]) for weights in short if weights.startswith("UCD-")}
    for pattern in patterns:
        every = {pattern.replace("*", data_set) for data_set in _data_sets()}
        if every <= set(short):
            short = [pattern, *(weights for weights in short if weights not in every)]
    return short if len(short) <= 2 else [short[0], f"and {len(short) - 1} more"]
