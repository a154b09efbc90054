"""minenetcd test"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Exit, Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import digits, print_json, print_rich, progress_bar, table
from minenetcd.cli.options import DATA, BatchSize, Detector, Device, Json, Quiet, Split, Workers
from minenetcd.display.words import MEASURES, counted

if TYPE_CHECKING:
    from minenetcd.benchmark.suite.published import Printed
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.evaluation.evaluate import Evaluation


def test(
    model: Detector,
    data: Annotated[str, DATA],
    split: Split = "test",
    out: Annotated[Path | None, Option(help="Folder for the results.", show_default="tests/MODEL-DATA-SPLIT")] = None,
    batch_size: BatchSize = 8,
    workers: Workers = 2,
    threshold: Annotated[float | None, Option(help="Instead of the detector's own.")] = None,
    boundary: Annotated[float | None, Option(help="Add the boundary F-score, at this tolerance in pixels.")] = None,
    pictures: Annotated[bool, Option(help="Write masks and change maps.")] = True,
    device: Device = "auto",
    processes: Annotated[int, Option(help="Processes that share the pairs on this machine.", min=1)] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test a detector: counts and metrics, per site too, masks and change maps.

    Example: minenetcd test runs/bit --data levir-cd
    """
    out = out or Path("tests") / f"{_short(model)}-{_short(data)}-{split}"
    from minenetcd.runtime.launch import is_launched, is_main_process, run_processes

    if not is_launched():  # those that are were started by one that did
        check_early(detectors=[model], data=data, device=device, threshold=threshold, out=out)
    if processes > 1 and not is_launched():
        raise Exit(run_processes(sys.argv[1:], processes))

    # from here on torch is needed
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.evaluation.testing import run_test

    detector = ChangeDetector.from_pretrained(model)
    with progress_bar(f"Testing on {data}", quiet=quiet) as progress:
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
    if not is_main_process():
        return
    published = _published(detector, data) if split == "test" else None
    if as_json:
        print_json(_as_json(detector, result, published=published, out=out))
    else:
        _print_result(detector, result, published=published, out=out)


def _as_json(
    detector: "ChangeDetector", result: "Evaluation", *, published: "Printed | None", out: Path
) -> dict[str, Any]:
    """What metrics.json holds, the published row beside it, and whether these are pairs of the training."""
    from minenetcd.evaluation.outputs import METRICS_FILE
    from minenetcd.evaluation.testing import was_trained_on

    return {
        **json.loads((out / METRICS_FILE).read_text(encoding="utf-8")),
        "was_trained_on_these_pairs": was_trained_on(detector, result.facts),
        "published": published and asdict(published),
        "folder": str(out),
    }


def _print_result(detector: "ChangeDetector", result: "Evaluation", *, published: "Printed | None", out: Path) -> None:
    """The table of section 5.4, with intervals where sites are known, beside the published row where there is one."""
    from minenetcd.data.split_names import WHOLE
    from minenetcd.evaluation.outputs import MetricsRecord
    from minenetcd.evaluation.testing import was_trained_on

    record = MetricsRecord.of(result)
    print(f"{detector.name} on {result.facts.source}, {result.facts.split}: {counted(record.pairs, 'pair')}")
    known = any(record.intervals.values())
    numbers = ["Measured", *["95 % over sites"] * known, *["Published"] * (published is not None)]
    rows = table("Metric", *numbers, right=numbers)
    metrics, counts = record.counts.metrics(), asdict(record.counts)
    for name, heading in MEASURES.items():
        interval = record.intervals[name]
        row = [heading, digits(metrics[name])]
        row += ["-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"] if known else []
        row += [published.digits[name]] if published else []
        rows.add_row(*row)
    print_rich(rows)
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


def _short(source: str) -> str:
    """The part of a path, id or address that names it, and how a drawn data set is drawn."""
    from minenetcd.datasets.drawn import name_parts

    return "-".join(filter(None, name_parts(source)))
