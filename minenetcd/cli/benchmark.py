"""minenetcd benchmark SUITE, minenetcd benchmark report DIR, minenetcd benchmark list"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Exit, Option, Typer
from typer.core import TyperGroup

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import print_rich, table
from minenetcd.cli.options import Device
from minenetcd.display.words import counted, duration

if TYPE_CHECKING:
    from minenetcd.benchmark.run import Benchmark
    from minenetcd.benchmark.suite.plan import PlannedCell


class SuiteOrCommand(TyperGroup):
    """A first word that is no command is the suite to run."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = Typer(
    cls=SuiteOrCommand,
    no_args_is_help=True,
    help="Train and test the methods of a suite, and write the paper's tables and figures: "
    "minenetcd benchmark SUITE is short for minenetcd benchmark run SUITE.",
)


@app.command()
def run(
    suite: Annotated[
        str, Argument(help="Name of a suite (see: minenetcd benchmark list), or a YAML file.", show_default=False)
    ],
    overrides: Annotated[list[str] | None, Argument(help="Changes to it, e.g. weights=published seeds=[1,2].")] = None,
    out: Annotated[Path | None, Option(help="Folder for the results.", show_default="results/SUITE")] = None,
    runs: Annotated[
        Path | None, Option(help="Folder of the training runs; suites may share one.", show_default="OUT/runs")
    ] = None,
    jobs: Annotated[int, Option(help="Trainings and tests that run side by side.", min=1)] = 1,
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan and what it costs, and stop.")] = False,
    device: Device = "auto",
) -> None:
    """Train what is not trained, test everything, write results, tables, figures and a report.

    After a stop, the same command goes on where it was. What fails is reported, and the rest goes on.

    Example: minenetcd benchmark paper-table2 weights=published --dry-run

    Example: minenetcd benchmark synthetic-small --jobs 2
    """
    from minenetcd.benchmark.suite.suites import read_suite
    from minenetcd.configs.reading import parse_overrides

    wanted = read_suite(suite, **parse_overrides(overrides or ()))
    out = out or Path("results") / wanted.name
    check_early(device=device, out=out)
    # from here on torch is needed
    from minenetcd.benchmark.run import plan_suite, run_suite

    if dry_run:
        _print_plan(plan_suite(wanted, out, runs), jobs)
        return
    from minenetcd.cli.benchmark_progress import SuiteProgress

    _print_outcome(run_suite(wanted, out, runs=runs, jobs=jobs, device=device, reporter=SuiteProgress()))


@app.command()
def report(
    folder: Annotated[Path, Argument(help="Folder of a benchmark.", show_default=False)],
) -> None:
    """Make the tables, figures and report again from the results on disk, without the models.

    Example: minenetcd benchmark report results/synthetic-small
    """
    from minenetcd.benchmark.folder import BenchmarkFolder
    from minenetcd.benchmark.report.write import write_report

    print(f"Report: {write_report(BenchmarkFolder(folder))}")


@app.command("list")
def list_() -> None:
    """List the suites that come with the package, and what they are for."""
    from minenetcd.benchmark.suite.cells import expand
    from minenetcd.benchmark.suite.suites import list_suites, read_suite

    for name in list_suites():
        suite = read_suite(name)
        print(f"{name} ({len(expand(suite))} cells)\n  {suite.title}. {suite.description}\n")


def _print_plan(planned: "list[PlannedCell]", jobs: int) -> None:
    numbers = ("MACs [G]", "Training pairs", "Test pairs", "MACs in all", "Time")
    shown = table("Row", "Data", "Recipe", "Seed", "Weights", *numbers, "State", right=numbers)
    for cell in planned:
        shown.add_row(*_plan_row(cell))
    print_rich(shown)
    _print_sums(planned, jobs)


def _plan_row(planned: "PlannedCell") -> list[str]:
    cell, cost = planned.cell, planned.cost
    about = "~" if cost.is_estimate else ""
    return [
        cell.label,
        cell.dataset,
        cell.recipe,
        "" if cell.seed is None else str(cell.seed),
        cell.weights,
        "" if cost.complexity is None else f"{cost.complexity.macs / 1e9:.2f}",
        "" if not cell.is_trained_here else "?" if cost.train_pairs is None else f"{about}{cost.train_pairs:,}",
        "?" if cost.test_pairs is None else f"{about}{cost.test_pairs:,}",
        "" if cost.complexity is None else "?" if cost.macs is None else f"{about}{_macs(cost.macs)}",
        "?" if planned.seconds is None else duration(planned.seconds),
        planned.state,
    ]


def _print_sums(planned: "list[PlannedCell]", jobs: int) -> None:
    todo = [cell for cell in planned if cell.state != "finished" and cell.cell.is_available]
    macs = [cell.cost.macs for cell in todo if cell.cost.macs is not None]
    total = f"{_macs(sum(macs))} multiply-adds (G 10^9, T 10^12, P 10^15)" if macs else "of unknown cost"
    total += f" and {len(todo) - len(macs)} more of unknown cost" if 0 < len(macs) < len(todo) else ""
    print(f"{len(todo)} of {len(planned)} cells to do, {total}: per cell, MACs of one pair x (3 x training pairs, each")
    print("epoch anew, + validation and test pairs). ~ is estimated from the description of the data.")
    seconds = [cell.seconds for cell in todo if cell.seconds is not None]
    if todo and len(seconds) == len(todo):
        print(f"At the speed measured so far: {duration(sum(seconds) / min(jobs, len(todo)))} with {jobs} at a time.")
    elif todo:
        print("No time is told before a cell was measured: ? becomes a time when one has been, here.")


def _print_outcome(outcome: "Benchmark") -> None:
    print(f"{counted(len(outcome.finished), 'cell')} measured, {len(outcome.failed)} failed")
    for missing in outcome.not_published:
        print(f"  There are no published weights of {missing.label} for {missing.dataset}: train it (weights: train)")
    print(f"  {'Report':<8} {outcome.report}")
    print(f"  {'Results':<8} {outcome.report.parent / 'results.csv'}, .parquet; tables/, figures/")
    if outcome.failed:
        for cell, error in outcome.failed.items():
            print(
                f"Failed: {cell}: {error} (see {outcome.report.parent / 'cells' / cell / 'log.txt'})", file=sys.stderr
            )
        raise Exit(1)


def _macs(number: float) -> str:
    size, unit = (1e15, "P") if number >= 1e15 else (1e12, "T") if number >= 1e12 else (1e9, "G")
    return f"{number / size:,.1f} {unit}"
