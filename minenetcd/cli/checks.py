"""What commands refuse before torch, which takes seconds, is imported: names, paths and options that cannot work."""

from collections.abc import Sequence
from pathlib import Path

from minenetcd.errors import OptionError
from minenetcd.files import check_writable
from minenetcd.runtime.device import check_device


def check_early(
    *,
    detectors: Sequence[str] = (),
    data: str | None = None,
    device: str | None = None,
    out: Path | None = None,
) -> None:
    """InputError for what would be refused later all the same; of the hub nothing is asked.

    `detectors` and `data` are names, folders or ids; `out` is the folder for results.
    """
    if device is not None:
        check_device(device)
    if detectors:
        from minenetcd.detectors.sources import check_detectors

        check_detectors(detectors)
    if data is not None:
        from minenetcd.datasets.source import read_source

        read_source(data)
    if out is not None:
        check_writable(out, ())


def check_threshold(threshold: float | None) -> None:
    if threshold is not None and not 0 < threshold < 1:
        raise OptionError(f"Threshold must lie between 0 and 1, got {threshold}: try 0.5.")
