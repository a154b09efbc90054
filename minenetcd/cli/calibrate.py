"""minenetcd calibrate"""

from pathlib import Path
from typing import Annotated

from typer import Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import print_json, progress_bar, warn
from minenetcd.cli.options import DATA, BatchSize, Detector, Json, Quiet, Split, Workers


def calibrate(
    model: Detector,
    data: Annotated[str, DATA],
    out: Annotated[Path, Option(help="Folder for the calibrated detector.")],
    split: Split = "val",
    batch_size: BatchSize = 8,
    workers: Workers = 2,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a network's probabilities mean what they say; it marks the same pixels as before.

    One temperature, fitted on a validation split, divides its logits, and its threshold moves with it. The detector is
    saved with it.

    Example: minenetcd calibrate runs/bit --data levir-cd --out bit-calibrated
    """
    check_early(detectors=[model], data=data, out=out)
    # from here on torch is needed
    from minenetcd.datasets.catalog import load_dataset
    from minenetcd.detectors.by_name import open_detector
    from minenetcd.evaluation.calibration import calibrate as fit

    detector, dataset = open_detector(model), load_dataset(data, split)
    with progress_bar(f"Calibrating on {data}", quiet=quiet) as progress:
        found = fit(detector, dataset, batch_size=batch_size, workers=workers, progress=progress)
    found.detector.save_pretrained(out)
    if found.is_at_its_limit and not quiet:
        warn([
            f"The temperature is as far from 1 as is looked for: what the network says fits {dataset.facts.source} "
            "badly, or there are too few pairs."
        ])  # fmt: skip
    if as_json:
        print_json(
            {
                "temperature": found.temperature,
                "expected_calibration_error": {"before": found.error_before, "after": found.error_after},
                "threshold": found.detector.threshold,
                "folder": str(out),
            }
        )
        return
    print(
        f"Temperature {found.temperature:.3g}: the expected calibration error on {dataset.facts.source}, {split}, goes "
        f"from {found.error_before:.4f} to {found.error_after:.4f}, and the threshold from {detector.threshold:.3g} to "
        f"{found.detector.threshold:.3g}"
    )
    print(f"  Saved in {out}")
