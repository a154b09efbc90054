"""minenetcd train"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def train(
    config: Annotated[str, Argument(help="Name of a shipped configuration, or a YAML file.", show_default=False)],
    out: Annotated[Path, Option(help="Folder for the trained detector.")] = Path("runs/detector"),
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Train a detector on synthetic scenes.

    Example: minenetcd train minenetcd-nano --out runs/nano
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from minenetcd.training.train import train as run_training

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, int] = {}

        def progress(stage: str, done: int, of: int, loss: float | None) -> None:
            task = tasks.setdefault(stage, bars.add_task(stage)) if stage not in tasks else tasks[stage]
            label = stage if loss is None else f"{stage}, loss {loss:.3f}"
            bars.update(task, completed=done, total=of, description=label)

        detector = run_training(config, out, device=device, progress=progress)
    print(f"{detector.name}: threshold {detector.threshold:.2f}, saved in {out}")
