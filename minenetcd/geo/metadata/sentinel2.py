"""By how much a Sentinel-2 product's numbers are raised: since processing baseline 04.00 (2022-01-25) by 1000.

Source: ESA, Sentinel-2 Products Specification Document (RADIO_ADD_OFFSET, BOA_ADD_OFFSET), and the names of products,
whose N0400 is the baseline. Products of earlier dates that were processed anew have it, too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minenetcd.geo.bands.sensors import MSI, sensor_in

#: What is to be added to the numbers before they are reflectances, and the first baseline of which that holds.
OFFSET, FIRST_RAISED = -1000, "04.00"
BASELINE_TAG = "PROCESSING_BASELINE"

_NAME = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N(\d\d)(\d\d)_", re.IGNORECASE)
_BASELINE = re.compile(r"\d\d\.\d\d")
_IN_METADATA = re.compile(r"<PROCESSING_BASELINE>\s*(\d\d\.\d\d)\s*</PROCESSING_BASELINE>")
#: What products have that were processed outside of the usual chain.
_NO_BASELINE = "99.99"


@dataclass(frozen=True)
class Processing:
    """`baseline`: 04.00, say; `offset`: what is to be added to the numbers."""

    baseline: str

    @property
    def offset(self) -> int:
        return OFFSET if self.baseline >= FIRST_RAISED else 0


def processing(tags: Mapping[str, Any], *names: str) -> Processing | None:
    """By a file's tags, else by a product's name in them or among `names`; None where neither says it."""
    texts = [*map(str, tags.values()), *names]
    stated = str(tags.get(BASELINE_TAG, "")).strip()
    if _BASELINE.fullmatch(stated) and sensor_in(texts) is MSI:
        return _known(stated)
    found = next(filter(None, map(_NAME.search, texts)), None)
    return None if found is None else _known(f"{found[1]}.{found[2]}")


def baseline_in_metadata(text: str) -> str | None:
    """Of a product's MTD_MSIL1C.xml or MTD_MSIL2A.xml."""
    found = _IN_METADATA.search(text)
    return None if found is None else found[1]


def _known(baseline: str) -> Processing | None:
    return None if baseline == _NO_BASELINE else Processing(baseline)
