"""minenetcd data check, minenetcd data stats"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import digits, print_json, print_rich, progress_bar, table, warn
from minenetcd.cli.options import Json, Quiet, Workers
from minenetcd.display.words import counted
from minenetcd.files import write_json

if TYPE_CHECKING:
    from minenetcd.examining.audit import Audit, Normalisation
    from minenetcd.examining.audit.finding import Finding
    from minenetcd.examining.statistics import Statistics
    from minenetcd.examining.statistics.figures.write import WrittenStatistics

_SHOWN = 5  # details of a finding, unless all are asked for
_NOT_FIT = 1  # exit code; 2 says that there was nothing to check


def check(
    source: Annotated[str, Argument(metavar="PATH", help="Folder, file or name of a data set.", show_default=False)],
    workers: Workers = 2,
    everything: Annotated[
        bool, Option("--all", help="List every pair that a finding is about, not only the first few.")
    ] = False,
    strict: Annotated[bool, Option("--strict", help="Count warnings as errors.")] = False,
    out: Annotated[
        Path | None, Option(help="Write the whole result to this file, as JSON.", show_default=False)
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Audit a data set before training: exit code 0 where it is fit, 1 where it is not, 2 where it cannot be opened.

    Example: minenetcd data check my_pairs --workers 4
    """
    check_early(data=source)
    # from here on torch is needed
    from minenetcd.examining.audit import audit

    with progress_bar("Reading pairs", quiet=quiet) as progress:
        result = audit(source, workers=workers, progress=progress)
    if out is not None:
        write_json(out, result.as_dict())
    fit = result.is_fit and not (strict and result.findings)
    if as_json:
        print_json(result.as_dict())
    else:
        _print_audit(result, most=None if everything else _SHOWN, quiet=quiet)
        print(_verdict(result, fit=fit))
    if not fit:
        raise Exit(_NOT_FIT)


def stats(
    source: Annotated[str, Argument(metavar="PATH", help="Folder, file or name of a data set.", show_default=False)],
    out: Annotated[Path, Option(help="Folder for the figures and numbers.")] = Path("statistics"),
    workers: Workers = 2,
) -> None:
    """Draw where the sites of a data set lie, what changed there, when it was seen and how its images look.

    Example: minenetcd data stats patches --out statistics
    """
    check_early(data=source, out=out)
    # from here on torch is needed
    from minenetcd.examining.statistics import dataset_statistics
    from minenetcd.examining.statistics.figures.write import write_statistics

    with progress_bar("Reading pairs") as progress:
        statistics = dataset_statistics(source, workers=workers, progress=progress)
    _print_statistics(statistics, write_statistics(statistics, out))


def _print_audit(audit: "Audit", *, most: int | None, quiet: bool) -> None:
    """Counts, bands and findings, of each finding `most` details."""
    if audit.splits:
        _print_splits(audit)
    if audit.normalisation is not None:
        _print_normalisation(audit.normalisation)
        if not quiet:
            _print_tone(audit.dates_told_apart)
    for finding in audit.findings:
        _print_finding(finding, most)


def _print_splits(audit: "Audit") -> None:
    numbers_of = ("Pairs", "Unusable", "Changed", "Empty masks", "Full masks")
    rows = table("Split", *numbers_of, "Height x width, bands", right=numbers_of)
    for name, counts in audit.splits.items():
        numbers = (counts.pairs, counts.unusable_pairs, counts.empty_masks, counts.full_masks)
        pairs, unusable, empty, full = (f"{number:,}" for number in numbers)
        share = digits(counts.changed_share, ".2%", unknown="-")
        rows.add_row(name, pairs, unusable, share, empty, full, _shapes(counts.sizes, counts.bands))
    print_rich(rows)
    print()


def _shapes(sizes: dict[str, int], bands: dict[str, int]) -> str:
    most = next(iter(sizes), "-")
    others = f" and {counted(len(sizes) - 1, 'other size')}" if len(sizes) > 1 else ""
    return f"{most}{others}, {' and '.join(bands) or '-'}"


def _print_normalisation(normalisation: "Normalisation") -> None:
    print(f"Bands of {normalisation.split}, of values 0 to 1 (before, after):")
    for what in ("mean", "std"):
        both, before, after = (
            ", ".join(f"{value:.4f}" for value in getattr(dates, what))
            for dates in (normalisation.both, normalisation.before, normalisation.after)
        )
        print(f"  {what:<5} [{both}]   ({before}; {after})")
    if normalisation.value_range is not None:
        from minenetcd.configs.value_range import range_in_words

        print(f"  0 to 1 stands for {range_in_words(normalisation.value_range)} (?range=LOW,HIGH chooses)")


def _print_tone(told_apart: float | None) -> None:
    """What stands behind the search for exchanged dates, so that finding none is not taken for proof."""
    from minenetcd.examining.audit.date_order import LEAST_AGREEMENT, LEAST_PAIRS

    if told_apart is None:
        print(f"Exchanged dates were not looked for by tone: that takes {LEAST_PAIRS} pairs.")
    elif told_apart < LEAST_AGREEMENT:
        print(f"Exchanged dates cannot be told by tone: it tells before from after in {told_apart:.0%} of pairs only.")
    else:
        print(f"Tone tells before from after in {told_apart:.0%} of pairs.")
    print()


def _print_finding(finding: "Finding", most: int | None) -> None:
    colour = {"error": "red", "warning": "yellow"}[finding.level]
    print_rich(f"[{colour} bold]{finding.level.capitalize()}:[/]", markup=True, end=" ")
    print_rich(finding.message)
    lines = finding.details or finding.names
    for line in lines[:most]:
        print_rich(f"  {line}")
    if most is not None and len(lines) > most:
        print(f"  and {len(lines) - most:,} more (--all names them)")


def _verdict(audit: "Audit", *, fit: bool) -> str:
    errors = sum(finding.level == "error" for finding in audit.findings)
    warnings = len(audit.findings) - errors
    counts = " and ".join(
        counted(number, what) for number, what in ((errors, "error"), (warnings, "warning")) if number
    )
    return f"{audit.source} is {'fit' if fit else 'not fit'} to train and test on{f': {counts}' if counts else ''}."


def _print_statistics(statistics: "Statistics", written: "WrittenStatistics") -> None:
    warn(f"{name} was left out: {reason}" for name, reason in statistics.unusable.items())
    print(f"  {'Numbers':<26} {written.numbers}")
    for name, paths in written.figures.items():
        print(f"  {name.replace('_', ' ').capitalize():<26} {paths['png']}, .svg")
    for name, reason in statistics.not_known.items():
        print(f"  {name.replace('_', ' ').capitalize():<26} not drawn: {reason[0].lower()}{reason[1:]}")
    for note in statistics.notes:
        print(note)
