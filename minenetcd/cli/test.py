"""minenetcd test"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Exit, Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import digits, print_json, print_rich, progress_bars, table
from minenetcd.cli.options import (
    DATA,
    BatchSize,
    Detector,
    Device,
    Engine,
    Json,
    Precision,
    Quiet,
    Smooth,
    Split,
    ThresholdRule,
    Workers,
)
from minenetcd.display.words import MEASURES, counted, duration, in_words

if TYPE_CHECKING:
    from minenetcd.benchmark.suite.published import Printed
    from minenetcd.detectors.contract import Detector as AnyDetector
    from minenetcd.evaluation.beside import Beside
    from minenetcd.evaluation.tally import Evaluation
    from minenetcd.evaluation.testing import Tested


def test(
    model: Detector,
    data: Annotated[str, DATA],
    split: Split = "test",
    out: Annotated[Path | None, Option(help="Folder for the results.", show_default="tests/MODEL-DATA-SPLIT")] = None,
    batch_size: BatchSize = 8,
    workers: Workers = 2,
    threshold: Annotated[float | None, Option(help="Instead of the detector's own.")] = None,
    threshold_rule: ThresholdRule = None,
    smooth: Smooth = None,
    boundary: Annotated[float | None, Option(help="Add the boundary F-score, at this tolerance in pixels.")] = None,
    pictures: Annotated[bool, Option(help="Write masks and change maps.")] = True,
    beside: Annotated[
        int,
        Option(help="Pairs on which detectors without training stand beside it, at most; 0: none.", min=0),
    ] = 500,
    device: Device = "auto",
    engine: Engine = "torch",
    precision: Precision = "float32",
    processes: Annotated[int, Option(help="Processes that share the pairs on this machine.", min=1)] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test a detector: counts and metrics, per site too, masks and change maps.

    Beside it stand "everything changed" and the detectors without training, which need about two seconds for each pair
    of 256 x 256 pixels: on all pairs, or on --beside of them.

    Example: minenetcd test runs/bit --data levir-cd
    """
    out = out or Path("tests") / f"{_short(model)}-{_short(data)}-{split}"
    from minenetcd.detectors.by_name import OWN_CHOICE, DetectorOptions, is_classical, open_detector
    from minenetcd.runtime.execution import Execution
    from minenetcd.runtime.launch import is_launched, is_main_process, run_processes

    wanted, execution = DetectorOptions(threshold_rule=threshold_rule, smooth=smooth), Execution(engine, precision)
    if not is_launched():  # those that are were started by one that did
        check_early(detectors=[model], data=data, device=device, execution=execution, threshold=threshold, out=out)
        if wanted != OWN_CHOICE or is_classical(model):
            open_detector(model, wanted)  # what does not fit is refused; no torch yet
    if processes > 1 and not is_launched():
        raise Exit(run_processes(sys.argv[1:], processes))

    # from here on torch is needed
    from minenetcd.evaluation.testing import run_test

    detector = open_detector(model, wanted)
    with progress_bars(f"Testing on {data}", "Beside it", quiet=quiet) as (progress, beside_progress):
        tested = run_test(
            detector,
            data,
            out,
            split=split,
            batch_size=batch_size,
            workers=workers,
            device=device,
            execution=execution,
            threshold=threshold,
            pictures=pictures,
            boundary_tolerance=boundary,
            beside=beside,
            progress=progress,
            beside_progress=beside_progress,
        )
    if not is_main_process():
        return
    published = _published(detector, data) if split == "test" else None
    if as_json:
        print_json(_as_json(detector, tested.result, published=published, out=out))
    else:
        _print_tested(detector, tested, published=published, out=out)


def _as_json(
    detector: "AnyDetector", result: "Evaluation", *, published: "Printed | None", out: Path
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


def _print_tested(detector: "AnyDetector", tested: "Tested", *, published: "Printed | None", out: Path) -> None:
    from minenetcd.data.split_names import WHOLE
    from minenetcd.evaluation.testing import was_trained_on

    result = tested.result
    print(f"{detector.name} on {result.facts.source}, {result.facts.split}: {counted(len(result.names), 'pair')}")
    if detector.provenance.learns_each_scene:
        print(f"Options: {in_words(detector.describe()['options'])}")
    if tested.bands_note:
        print(tested.bands_note)
    _print_measures(result, published)
    if tested.beside is not None:
        _print_beside(tested.beside)
    if was_trained_on(detector, result.facts):
        why = "this data set is not divided" if result.facts.split == WHOLE else "this is the split of the training"
        print(f"Careful: {why}, and the detector was trained on it: this is no test of it.")
    if result.refused:
        print(_refused(detector.name, len(result.refused), len(result.names)))
    print("  ".join(f"{name.upper()} {count:,}" for name, count in asdict(result.confusion).items()))
    print(f"Threshold {result.threshold:g}. All of it: {out / 'metrics.json'}")
    if published:
        print(f"Published: {published.source}." + (f" It is doubtful: {published.note}." if published.note else ""))


def _print_measures(result: "Evaluation", published: "Printed | None") -> None:
    """The table of section 5.4, with intervals where sites are known, beside the published row where there is one."""
    from minenetcd.evaluation.outputs import MetricsRecord

    record = MetricsRecord.of(result)
    known = any(record.intervals.values())
    numbers = ["Measured", *["95 % over sites"] * known, *["Published"] * (published is not None)]
    rows = table("Metric", *numbers, right=numbers)
    metrics = record.counts.metrics()
    for name, heading in MEASURES.items():
        interval = record.intervals[name]
        row = [heading, digits(metrics[name])]
        row += ["-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"] if known else []
        row += [published.digits[name]] if published else []
        rows.add_row(*row)
    print_rich(rows)


def _print_beside(beside: "Beside") -> None:
    """The detector and those without training, a row each."""
    on = "all pairs" if beside.pairs == beside.of else f"{beside.pairs:,} of {counted(beside.of, 'pair')}, spread over"
    print(f"Beside what needs no training, on {on} ({duration(beside.seconds)}):")
    numbers = [*MEASURES.values(), "AP", "s a pair"]
    rows = table("Detector", *numbers, right=numbers, whole=["Detector"])
    for name, row in beside.rows.items():
        seconds = "" if row.seconds_per_pair is None else f"{row.seconds_per_pair:.3f}"
        precision = digits(row.average_precision, unknown="-")
        rows.add_row(name, *(digits(getattr(row.counts, measure)) for measure in MEASURES), precision, seconds)
    print_rich(rows)
    for name, row in list(beside.rows.items())[1:]:
        if row.refused_pairs:
            print(_refused(name, row.refused_pairs, beside.pairs))


def _refused(name: str, pairs: int, of: int) -> str:
    why = "a date without variance, or too few valid pixels"
    return f"{name} could not work on {pairs:,} of {counted(of, 'pair')} ({why}): there it counts as unchanged."


def _published(detector: "AnyDetector", data: str) -> "Printed | None":
    """What is published of exactly this detector's network on this data set."""
    if detector.provenance.learns_each_scene:
        return None
    from minenetcd.benchmark.suite.published import printed_score
    from minenetcd.datasets.catalog import published_table

    return printed_score(detector.describe()["model"], published_table(data), "framework")


def _short(source: str) -> str:
    """The part of a path, id or address that names it, and how a drawn data set is drawn."""
    from minenetcd.datasets.drawn import name_parts

    return "-".join(filter(None, name_parts(source)))
