"""minenetcd test"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

if TYPE_CHECKING:
    from minenetcd.benchmark.suite.published import Printed
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.evaluation.evaluate import Evaluation


def test(
    model: Annotated[str, Argument(help="Folder of a trained detector, hub id, or embedded name.", show_default=False)],
    data: Annotated[str, Option(help="A named data set, a hub id, a folder, or synthetic:NAME.", show_default=False)],
    split: Annotated[str, Option(help="train, val or test.")] = "test",
    out: Annotated[Path | None, Option(help="Folder for the results.", show_default="tests/MODEL-DATA-SPLIT")] = None,
    batch_size: Annotated[int, Option(help="Pairs per forward pass and process.", min=1)] = 8,
    workers: Annotated[int, Option(help="Processes that read images.", min=0)] = 2,
    threshold: Annotated[float | None, Option(help="Instead of the detector's own.")] = None,
    boundary: Annotated[float | None, Option(help="Add the boundary F-score, at this tolerance [pixels].")] = None,
    pictures: Annotated[bool, Option(help="Write masks and change maps.")] = True,
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
    processes: Annotated[int, Option(help="Processes that share the pairs on this machine.", min=1)] = 1,
) -> None:
    """Test a detector: counts and metrics, per site too, masks and change maps.

    Example: minenetcd test runs/bit --data levir-cd
    """
    from minenetcd.runtime.launch import is_launched, run_processes

    if processes > 1 and not is_launched():
        raise Exit(run_processes(sys.argv[1:], processes))

    from minenetcd.cli.progress import progress_bar
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.evaluation.testing import run_test

    out = out or Path("tests") / f"{_short(model)}-{_short(data)}-{split}"
    detector = ChangeDetector.from_pretrained(model)
    with progress_bar(f"Testing on {data}") as progress:
        result = run_test(
            detector,
            data,
            out,
            split=split,
            batch_size=batch_size,
            workers=workers,
            device=device,
            threshold=threshold,
            pictures=pictures,
            boundary_tolerance=boundary,
            progress=progress,
        )
    _print_result(detector, result, published=_published(detector, data) if split == "test" else None, out=out)


def _print_result(detector: "ChangeDetector", result: "Evaluation", *, published: "Printed | None", out: Path) -> None:
    """The table of section 5.4, with intervals where sites are known, beside the published row where there is one."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from minenetcd.benchmark.suite.labels import MEASURES
    from minenetcd.cli.results import counted
    from minenetcd.data.split_names import WHOLE
    from minenetcd.evaluation.outputs import MetricsRecord
    from minenetcd.evaluation.testing import was_trained_on

    record = MetricsRecord.of(result)
    print(f"{detector.name} on {result.facts.source}, {result.facts.split}: {counted(record.pairs, 'pair')}")
    table = Table()
    table.add_column("Metric")
    table.add_column("Measured", justify="right")
    known = any(record.intervals.values())
    if known:
        table.add_column("95 % over sites", justify="right")
    if published:
        table.add_column("Published", justify="right")
    metrics, counts = record.counts.metrics(), asdict(record.counts)
    for name, heading in MEASURES.items():
        interval = record.intervals[name]
        row = [heading, _digits(metrics[name])]
        row += ["-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"] if known else []
        row += [published.digits[name]] if published else []
        table.add_row(*row)
    Console().print(table)
    if was_trained_on(detector, result.facts):
        why = "this data set is not divided" if result.facts.split == WHOLE else "this is the split of the training"
        print(f"Careful: {why}, and the detector was trained on it: this is no test of it.")
    print("  ".join(f"{name.upper()} {counts[name]:,}" for name in ("tp", "fp", "fn", "tn")))
    print(f"Threshold {result.threshold:g}. All of it: {out / 'metrics.json'}")
    if published:
        print(f"Published: {published.source}." + (f" It is doubtful: {published.note}." if published.note else ""))


def _published(detector: "ChangeDetector", data: str) -> "Printed | None":
    """What is published of exactly this detector's network on this data set."""
    from minenetcd.benchmark.suite.published import printed_score
    from minenetcd.datasets.catalog import published_table

    return printed_score(detector.describe()["model"], published_table(data), "framework")


def _digits(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _short(source: str) -> str:
    """The part of a path, id or address that names it."""
    return source.partition("?")[0].replace("synthetic:", "synthetic-").rstrip("/").split("/")[-1]
