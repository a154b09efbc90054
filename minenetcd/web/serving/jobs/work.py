"""What a worker does for a job: `minenetcd predict` of two uploads."""

import os
import time
from pathlib import Path
from typing import Any

from minenetcd.files.locks import Lock
from minenetcd.files.sets import LOCK
from minenetcd.runtime.reporting import Reporter

#: Drivers that lead to the network, which no upload needs.
_NETWORK = "HTTP,WMS,WMTS,WCS,OGCAPI,EEDAI,DAAS,PLMOSAIC,STACTA,STACIT,NGW,VICAR"
#: For the process of an earlier start, whose server was killed, to leave the folder. [seconds]
PATIENCE = 150.0


def predict_uploads(
    before: str, after: str, out: str, options: dict[str, Any], detector: str, *, reporter: Reporter
) -> dict[str, Any]:
    """Map what changed between the images `before` and `after` into the folder `out`, going on with what is there."""
    os.environ["GDAL_SKIP"] = _NETWORK  # of this process, before GDAL is loaded
    from minenetcd.detectors.by_name import OWN_CHOICE
    from minenetcd.monitoring.pairs.asked import Asked
    from minenetcd.prediction.kept.unfinished import WorkOptions
    from minenetcd.prediction.options import PredictOptions

    reporter.progress("preparing", 0, 1)
    _wait_for_earlier(Path(out))
    asked = Asked.named(None if detector == "auto" else detector, OWN_CHOICE, second_opinion=None, device="auto")

    def progress(done: int, total: int) -> None:
        reporter.progress("detecting change", done, total)

    work = WorkOptions(None, resume=True, replace=True)
    with asked.predict(
        before, after, out, PredictOptions(**options), work=work, progress=progress, note=reporter.note
    ) as result:
        return {"hectares": result.hectares, "places": len(result.polygons)}


def _wait_for_earlier(out: Path) -> None:
    until = time.monotonic() + PATIENCE
    while out.is_dir() and time.monotonic() < until:
        lock = Lock.take(out / LOCK)
        if lock is not None:
            lock.release()
            return
        time.sleep(0.5)
