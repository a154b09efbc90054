"""minenetcd train"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def train(
    config: Annotated[str, Argument(help="Name of a shipped configuration, or a YAML file.", show_default=False)],
    overrides: Annotated[list[str] | None, Argument(help="Changes to it, e.g. recipe.steps=100.")] = None,
    out: Annotated[Path, Option(help="Folder for the trained detector.")] = Path("runs/detector"),
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Train a detector on synthetic scenes.

    Example: minenetcd train minenetcd-nano --out runs/nano

    Example: minenetcd train minenetcd-resnet18 recipe.steps=500 pretrained_backbone=false
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from minenetcd.configs.reading import parse_overrides
    from minenetcd.training.train import train as run_training

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, int] = {}

        def progress(stage: str, done: int, of: int, loss: float | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage)
            label = stage if loss is None else f"{stage}, loss {loss:.3f}"
            bars.update(tasks[stage], completed=done, total=of, description=label)

        detector = run_training(config, out, device=device, progress=progress, **parse_overrides(overrides or ()))
    print(f"{detector.name}: threshold {detector.threshold:.2f}, saved in {out}")
