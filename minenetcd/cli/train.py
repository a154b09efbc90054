"""minenetcd train"""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Exit, Option

from minenetcd.cli.checks import check_early
from minenetcd.constants import TrainedOn


def train(
    config: Annotated[str, Argument(help="Name of a shipped configuration, or a YAML file.", show_default=False)],
    overrides: Annotated[list[str] | None, Argument(help="Changes to it, e.g. data=levir-cd recipe=paper.")] = None,
    out: Annotated[Path | None, Option(help="Folder of the run and its detector.", show_default="runs/CONFIG")] = None,
    resume: Annotated[bool, Option("--resume", help="Go on with the run in --out.")] = False,
    device: Annotated[str | None, Option(help="auto, cpu, cuda or mps; wins over the configuration.")] = None,
    processes: Annotated[int, Option(help="Processes that train together on this machine.", min=1)] = 1,
) -> None:
    """Train a detector from one configuration.

    Example: minenetcd train bit data=levir-cd recipe.epochs=50 --out runs/bit

    Example: minenetcd train minenetcd-compact data="synthetic:mines?sites=40&size=512" --processes 2
    """
    from minenetcd.configs.reading import parse_overrides
    from minenetcd.runtime.launch import is_launched, run_processes

    out, changes = out or Path("runs") / Path(config).stem, parse_overrides(overrides or ())
    if not is_launched():  # those that are were started by one that did
        _check(config, changes, device, out)
    if processes > 1 and not is_launched():
        raise Exit(run_processes(sys.argv[1:], processes))

    # from here on torch is needed
    from minenetcd.cli.training_progress import RunProgress
    from minenetcd.training.train import train as run_training

    detector = run_training(config, out, device=device, resume=resume, reporter=RunProgress(), **changes)
    score = next(iter(detector.provenance.metrics.values()))
    print(
        f"{detector.name}: F1 {score:.4f} on the validation split, threshold {detector.threshold:.2f}, saved in {out}"
    )
    print(f"Next: minenetcd {_next_words(detector.provenance.trained_on, out)}")


def _next_words(trained_on: TrainedOn | None, out: Path) -> str:
    """A test on what it was trained on, where that has a test split; else a map of what it has not seen."""
    from minenetcd.datasets.drawn import drawn_kind

    source = trained_on.source if trained_on else "NAME"
    kind = drawn_kind(source)
    if kind is not None and "test" not in kind.splits:
        return f"predict BEFORE AFTER --model {out}"
    return f"test {out} --data {shlex.quote(source)}"


def _check(config: str, changes: dict[str, Any], device: str | None, out: Path) -> None:
    """Refuse what the configuration names and cannot be had."""
    from minenetcd.configs.schema import HANDED_OVER
    from minenetcd.training.settings import parse_settings

    settings = parse_settings(config, **changes)
    start = settings.start_from
    check_early(
        detectors=[start] if start and not start.startswith(HANDED_OVER) else [],
        data=settings.data.name,
        device=device,
        out=out,
    )
    check_early(data=settings.data.val_name)
