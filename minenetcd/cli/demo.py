"""minenetcd demo"""

from pathlib import Path
from typing import Annotated

from typer import Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import progress_bar
from minenetcd.cli.options import Device


def demo(
    out: Annotated[Path, Option(help="Folder for the images and results.")] = Path("demo"),
    device: Device = "auto",
) -> None:
    """Try the main job on a synthetic mine: two GeoTIFFs in, change map and report out.

    Example: minenetcd demo --out demo
    """
    check_early(device=device, out=out)
    # from here on torch is needed
    from minenetcd.cli.results import print_prediction, print_scores
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.prediction.demo import run_demo

    detector = ChangeDetector.from_pretrained("minenetcd-nano")
    with progress_bar("Detecting change") as progress:
        result = run_demo(detector, out, device=device, progress=progress)
    print_prediction(result.prediction)
    print_scores(result.counts)
    print(f"  {'Images':<12} {result.before}, {result.after} (truth: {result.truth})")
