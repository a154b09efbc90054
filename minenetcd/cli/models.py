"""minenetcd models"""

from typing import Annotated, Any

from typer import Argument

from minenetcd.cli.console import is_terminal, print_rich, print_rows, table

_HEADINGS = {"accuracy": "OA", "f1": "F1", "precision": "Precision", "recall": "Recall", "iou": "cIoU"}
_UNITS = "Parameters in 2^20, multiply-adds (MACs) for one pair of 256 x 256 in 2^30: measured (published)."


def models(
    name: Annotated[str | None, Argument(help="One method, in detail.", show_default=False)] = None,
) -> None:
    """List the methods, or tell all about one: options, citation, published weights and scores.

    Example: minenetcd models bit
    """
    if name is None:
        _print_overview()
    else:
        _print_detail(name)


def _print_overview() -> None:
    from minenetcd.models.catalog import list_models
    from minenetcd.weights.published import published_ids

    columns = ("Name", "Paper", "Venue", "Parameters", "MACs", "Pretrained trunk", "Published weights")
    rows = [(*_facts(name), published_ids(name)) for name in list_models()]
    if not is_terminal():
        print_rows(columns, [[*facts, ", ".join(ids)] for *facts, ids in rows])
        return
    shown = table(
        *("Name", "Paper, published weights", "Venue", "Params", "MACs", "Trunk"),
        right=("Params", "MACs"),
        whole=("Name",),
        narrow={"Venue": 15, "Trunk": 13},
    )
    for name, paper, *facts, ids in rows:
        paper = "\n".join([paper, *(f"[cyan]{line}[/cyan]" for line in _shortened(ids))])
        shown.add_row(name, paper, *(fact.replace(" (", "\n(") for fact in facts))
        shown.add_section()
    print_rich(shown)
    print(_UNITS)
    print("Weights are in HZDR-FWGEL/ where no owner stands; * is each of " + ", ".join(_data_sets()) + ".")
    print("All about one: minenetcd models NAME")


def _facts(name: str) -> list[str]:
    """Name, paper, venue, parameters, MACs and trunk of a method, as shown."""
    from minenetcd.models.catalog import model_class
    from minenetcd.models.complexity import default_complexity

    about, measured = model_class(name).about, default_complexity(name)
    return [
        name,
        about.title if about else "-",
        f"{about.venue} {about.year}" if about else "-",
        _beside(measured.parameters_mi, about.parameters_mi if about else None),
        _beside(measured.macs_gi, about.macs_gi if about else None),
        (about.pretrained_trunk if about else None) or "-",
    ]


def _print_detail(name: str) -> None:
    import inspect

    from minenetcd.models.catalog import model_class
    from minenetcd.weights.published import published_ids
    from minenetcd.weights.scores import METRICS, published_scores

    architecture = model_class(name)
    _, title, venue, parameters, macs, trunk = _facts(name)
    about = architecture.about
    print(f"{name}\n\n{inspect.getdoc(architecture)}\n")
    if about is not None:
        doi = f" https://doi.org/{about.doi}" if about.doi else ""
        print(f"Cite: {about.authors}. {title}. {venue}.{doi}\n")
    print(f"Parameters {parameters}, MACs {macs}, pretrained trunk: {trunk}.\n{_UNITS}\n")
    options = table("Option", "Default", "Values", whole=("Option",))
    for option in inspect.signature(architecture).parameters.values():
        options.add_row(option.name, repr(option.default), _values(option.annotation))
    print_rich(options)
    scores = published_scores(name)
    if scores:
        headings = [_HEADINGS[metric] for metric in METRICS]
        rows = table(
            "Published weights", "Data set", *headings, right=headings, whole=("Published weights", "Data set")
        )
        for score in scores:
            rows.add_row(score.weights, score.data_set, *score.printed.values())
        print_rich(rows)
    for score in scores:
        if score.note:
            print(f"{score.data_set}: {score.note}.")
    for weights in published_ids(name)[len(scores) :]:
        print(f"Also: {weights}")


def _beside(measured: float, published: float | None) -> str:
    return f"{measured:.2f}" if published is None else f"{measured:.2f} ({published:g})"


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
