"""The corpus: odd images, data sets, detectors and configurations end in a right result, or in one line and exit 2.

Each run of the suite takes a sample; all of it: `poe robustness` (docs/reliability.md).
"""

import sys
from pathlib import Path

import pytest

from robustness.cases import SAMPLED, Case
from robustness.corpus import CORPUS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="limits of time and memory are those of POSIX"),
]

CASES = [
    pytest.param(case, id=f"{kind}-{case.name}", marks=[] if number % SAMPLED == 0 else [pytest.mark.long])
    for kind, cases in CORPUS.items()
    for number, case in enumerate(cases)
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case, tmp_path: Path) -> None:
    case.run(tmp_path)
