"""minenetcd models"""

import inspect
from typing import Annotated, Any, Literal, NotRequired, TypedDict, get_args, get_origin

from typer import Argument, Option

from minenetcd.cli.console import is_terminal, print_json, print_rich, print_rows, table, warn
from minenetcd.cli.models_without_training import (
    WithoutTraining,
    about,
    list_without_training,
    print_all,
    print_one,
)
from minenetcd.cli.options import Json, Quiet
from minenetcd.detectors.by_name import is_classical
from minenetcd.display.words import MEASURES
from minenetcd.errors import InputError, OptionError, UnknownNameError

_UNITS = (
    "Parameters in 2^20 (those that train, and of how many where some are frozen), MACs (multiply-adds) for a pair of "
    "256 x 256 in 2^30: measured (published)."
)


class Sizes(TypedDict):
    """Of a method, with the values of the options in `form` where these are not the defaults' or those published.

    `parameters_mi` are those that train; `all_parameters_mi`, of what was measured, the frozen ones too.
    """

    all_parameters_mi: NotRequired[float]
    parameters_mi: float | None
    macs_gi: float | None
    form: dict[str, Any]


class OptionFacts(TypedDict):
    name: str
    default: Any
    values: str


class Method(TypedDict):
    """A method at a glance, and with all that is known: `about`, `options` and `scores` are there for one alone."""

    name: str
    needs_training: bool
    title: str | None
    authors: str | None
    venue: str | None
    year: int | None
    doi: str | None
    pretrained_trunk: str | None
    measured: Sizes
    published: Sizes
    weights: list[str]
    embedded: list[str]  # names of trained detectors that ship with the package
    about: NotRequired[str | None]
    options: NotRequired[list[OptionFacts]]
    scores: NotRequired[list[dict[str, str | None]]]


def models(
    name: Annotated[str | None, Argument(help="One method, in detail.", show_default=False)] = None,
    as_json: Json = False,
    stac: Annotated[
        bool,
        Option("--stac", help="Print the trained detector NAME (also a folder or a hub id) as a STAC item (MLM)."),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """List the methods, or show all about one: options, citation, published weights and scores.

    Example: minenetcd models bit
    """
    if stac:
        _print_item(name)
        return
    if name is not None and is_classical(name):
        found = about(name)
        print_json(found) if as_json else print_one(found)
        return
    from minenetcd.models.catalog import list_models

    if name is not None:
        details = _with_details(_glance_or_nearest(name))
        print_json(details) if as_json else _print_details(details, quiet=quiet)
        return
    methods = [method for name in list_models() if (method := _glance_or_warning(name))]
    others = list_without_training()
    if as_json:
        print_json([*methods, *others])
    elif is_terminal():
        _print_overview(methods, others, quiet=quiet)
    else:
        columns = ("Name", "Paper", "Venue", "Parameters", "MACs", "Pretrained trunk", "Published weights")
        rows = [[*_facts(method), ", ".join([*method["embedded"], *method["weights"]]) or "-"] for method in methods]
        nothing = ["-", "-", "-", "needs no training"]
        rows += [[one["name"], one["title"], f"{one['venue']} {one['year']}", *nothing] for one in others]
        print_rows(columns, rows)


def _print_item(name: str | None) -> None:
    """OptionError where nothing that has weights is named."""
    if name is None or is_classical(name):
        raise OptionError(
            f"A STAC item of a model (--stac) needs a trained detector, got {name or 'no name'}: name one, e.g. "
            "minenetcd models minenetcd-nano --stac."
        )
    from minenetcd.prediction.formats.stac.model import model_item

    print_json(model_item(name))


def _glance(name: str) -> Method:
    """A method in short. Its sizes are those of the default options, but for what `form` holds."""
    from minenetcd.detectors.sources import detectors_of
    from minenetcd.models.base import About
    from minenetcd.models.catalog import model_class
    from minenetcd.models.complexity import default_complexity
    from minenetcd.weights.published import published_ids

    architecture, measured = model_class(name), default_complexity(name)
    paper = architecture.about or About()
    options = inspect.signature(architecture).parameters
    default_form = {option: options[option].default for option in paper.published_form}
    return {
        "name": name,
        "needs_training": True,
        "title": paper.title or None,
        "authors": paper.authors or None,
        "venue": paper.venue or None,
        "year": paper.year or None,
        "doi": paper.doi,
        "pretrained_trunk": paper.pretrained_trunk,
        "measured": {
            "all_parameters_mi": measured.all_parameters_mi,
            "parameters_mi": measured.parameters_mi,
            "macs_gi": measured.macs_gi,
            "form": default_form,
        },
        "published": {
            "parameters_mi": paper.parameters_mi,
            "macs_gi": paper.macs_gi,
            "form": dict(paper.published_form),
        },
        "weights": published_ids(name),
        "embedded": detectors_of(name),
    }


def _glance_or_nearest(name: str) -> Method:
    """UnknownNameError with the nearest name of all, trained or not; InputError for a detector that is shipped."""
    from minenetcd.classical.catalog import CLASSICAL
    from minenetcd.detectors.sources import list_detectors
    from minenetcd.models.catalog import list_models

    if name in list_detectors():
        raise InputError(
            f"A method is needed, {name} is a trained detector: use it (predict --model {name}), or list the methods "
            "(minenetcd models)."
        )
    try:
        return _glance(name)
    except UnknownNameError as error:
        raise UnknownNameError("model", name, [*list_models(), *CLASSICAL]) from error


def _glance_or_warning(name: str) -> Method | None:
    """A plug-in that is broken hides no other method."""
    try:
        return _glance(name)
    except InputError as error:
        warn([str(error)])
        return None


def _with_details(method: Method) -> Method:
    """What else is known of it; scores are the digits of the published tables."""
    from minenetcd.models.catalog import model_class
    from minenetcd.weights.scores import published_scores

    architecture = model_class(method["name"])
    return {
        **method,
        "about": inspect.getdoc(architecture),
        "options": [
            {"name": option.name, "default": _default(option.default), "values": _values(option.annotation)}
            for option in inspect.signature(architecture).parameters.values()
        ],
        "scores": [
            {"weights": score.weights, "data_set": score.dataset, **score.printed, "note": score.note}
            for score in published_scores(method["name"])
        ],
    }


def _print_overview(methods: list[Method], others: list[WithoutTraining], *, quiet: bool) -> None:
    from rich.markup import escape

    rows = table(
        *("Name", "Paper, published weights", "Venue", "Params", "MACs", "Trunk"),
        right=("Params", "MACs"),
        whole=("Name",),
        narrow={"Venue": 15, "Trunk": 13},
    )
    for method in methods:
        name, paper, *facts = map(escape, _facts(method))
        paper = "\n".join([paper, *(f"[cyan]{escape(line)}[/cyan]" for line in _weights(method))])
        rows.add_row(name, paper, *(fact.replace(" (", "\n(") for fact in facts))
        rows.add_section()
    print_rich(rows, markup=True)
    print_all(others)
    if not quiet:
        print(" ".join([_UNITS, *filter(None, map(_forms, methods))]))
        print(*(f"{name} ships with the package." for method in methods for name in method["embedded"]))
        print("Other weights are in HZDR-FWGEL/ where no owner stands; * is each of " + ", ".join(_data_sets()) + ".")
        print("All about one: minenetcd models NAME")


def _print_details(method: Method, *, quiet: bool) -> None:
    from minenetcd.weights.scores import PRINTED

    name, title, venue, parameters, macs, trunk = _facts(method)
    print(f"{name}\n\n{method['about']}\n")
    if method["title"]:
        doi = f" https://doi.org/{method['doi']}" if method["doi"] else ""
        print(f"Cite: {method['authors']}. {title}. {venue}.{doi}\n")
    print(f"Parameters {parameters}, MACs {macs}, pretrained trunk: {trunk}.")
    if not quiet:
        print(" ".join(filter(None, [_UNITS, _forms(method)])))
    print()
    options = table("Option", "Default", "Values", whole=("Option",))
    for option in method["options"]:
        options.add_row(option["name"], repr(option["default"]), option["values"])
    print_rich(options)
    headings = [MEASURES[ours] for ours in PRINTED.values()]
    rows = table("Published weights", "Data set", *headings, right=headings, whole=("Published weights", "Data set"))
    for score in method["scores"]:
        rows.add_row(score["weights"], score["data_set"], *(score[metric] for metric in PRINTED))
    if method["scores"]:
        print_rich(rows)
    for score in method["scores"]:
        if score["note"]:
            print(f"{score['data_set']}: {score['note']}.")
    for name in method["embedded"]:
        print(f"Ships trained with the package: {name} (--model {name})")
    for weights in method["weights"][len(method["scores"]) :]:
        print(f"Also: {weights}")


def _facts(method: Method) -> list[str]:
    """Name, paper, venue, parameters, MACs and trunk of a method, as shown."""
    return [
        method["name"],
        method["title"] or "-",
        f"{method['venue']} {method['year']}" if method["venue"] else "-",
        _beside(method, "parameters_mi"),
        _beside(method, "macs_gi"),
        method["pretrained_trunk"] or "-",
    ]


def _beside(method: Method, size: Literal["parameters_mi", "macs_gi"]) -> str:
    """A size as measured, and in brackets as published; with the values of the options in which the two differ."""
    measured, published = method["measured"], method["published"]
    if size == "parameters_mi" and (total := measured["all_parameters_mi"]) != measured[size]:
        return f"{measured[size]:.2f} of {total:.2f}"
    if published[size] is None:
        return f"{measured[size]:.2f}"
    here, there = (" ".join(["", *map(str, each["form"].values())]) for each in (measured, published))
    return f"{measured[size]:.2f}{here} ({published[size]:g}{there})"


def _forms(method: Method) -> str:
    """The options in which what was measured differs from what is published, as a sentence; nothing without any."""
    measured, published = (
        ", ".join(f"{option}={value}" for option, value in method[kind]["form"].items())
        for kind in ("measured", "published")
    )
    return (
        f"{method['name']} is measured with {measured} (the default), published with {published}." if measured else ""
    )


def _default(value: Any) -> Any:
    """A default as JSON holds it; what it does not hold (of a plug-in, or none) in words."""
    return value if value is None or isinstance(value, bool | int | float | str | list | tuple) else str(value)


def _values(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, get_args(annotation)))
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)


def _data_sets() -> list[str]:
    """The data sets as they stand inside hub ids."""
    from minenetcd.weights.scores import published_scores

    return sorted({score.weights.split("-")[-2] for score in published_scores()})


def _weights(method: Method) -> list[str]:
    """What is trained already: what ships with the package, and ids of the hub."""
    return [*method["embedded"], *_shortened(method["weights"])]


def _shortened(ids: list[str]) -> list[str]:
    """Ids without their usual owner; those of one method on every data set as one pattern."""
    short = [weights.removeprefix("HZDR-FWGEL/") for weights in ids]
    patterns = {"-".join(["UCD", "*", weights.split("-")[-1]]) for weights in short if weights.startswith("UCD-")}
    for pattern in patterns:
        every = {pattern.replace("*", data_set) for data_set in _data_sets()}
        if every <= set(short):
            short = [pattern, *(weights for weights in short if weights not in every)]
    return short if len(short) <= 2 else [short[0], f"and {len(short) - 1} more"]
