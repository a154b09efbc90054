"""What commands refuse before torch, which takes seconds, is imported: names, paths and options that cannot work."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from minenetcd.constants import check_threshold
from minenetcd.errors import CostError
from minenetcd.files import check_writable
from minenetcd.runtime.device import check_device
from minenetcd.runtime.execution import AS_TRAINED, Execution

if TYPE_CHECKING:
    from minenetcd.prediction.options import PredictOptions

Made = TypeVar("Made")


def check_early(
    *,
    detectors: Sequence[str] = (),
    data: str | None = None,
    device: str | None = None,
    execution: Execution = AS_TRAINED,
    threshold: float | None = None,
    out: Path | None = None,
) -> None:
    """InputError for what would be refused later all the same; of the hub nothing is asked.

    `detectors` and `data` are names, folders or ids; `out` is the folder for results.
    """
    if device is not None:
        check_device(device)
        execution.check_here(device)
    if threshold is not None:
        check_threshold(threshold)
    if detectors:
        from minenetcd.detectors.sources import check_detectors

        check_detectors(detectors)
    if data is not None:
        from minenetcd.datasets.source import read_source

        read_source(data)
    if out is not None:
        check_writable(out, ())


def unless_refused(run: "Callable[[PredictOptions], Made]", options: "PredictOptions") -> Made:
    """What `run` makes; where it costs too much unasked, whoever sits at a terminal is asked, and it begins anew."""
    try:
        return run(options)
    except CostError as error:
        if not (sys.stdin.isatty() and typer.confirm(f"{error} Go on?", err=True)):
            raise
    return run(replace(options, yes=True))
