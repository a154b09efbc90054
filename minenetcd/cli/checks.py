"""What commands refuse before torch, which takes seconds, is imported: names, paths and options that cannot work."""

from collections.abc import Sequence
from pathlib import Path

from minenetcd.constants import check_threshold
from minenetcd.files import check_writable
from minenetcd.runtime.device import check_device


def check_early(
    *,
    detectors: Sequence[str] = (),
    data: str | None = None,
    device: str | None = None,
    threshold: float | None = None,
    out: Path | None = None,
) -> None:
    """InputError for what would be refused later all the same; of the hub nothing is asked.

    `detectors` and `data` are names, folders or ids; `out` is the folder for results.
    """
    if device is not None:
        check_device(device)
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
