"""What SECURITY.md and docs/reliability.md say of the tests is what the tests are."""

import re
from pathlib import Path

from robustness.cases import MEBIBYTES, SAMPLED, SECONDS
from robustness.corpus import CORPUS
from robustness.kill_checks import ALL, FEW
from robustness.works import WORKS

ROOT = Path(__file__).parents[2]
LEAST = {"rasters and pairs": 300, "data sets": 80, "detector folders": 100, "configurations": 100}


def test_the_counts_in_the_text_are_those_of_the_corpus() -> None:
    page, security = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/reliability.md", "SECURITY.md"))
    counts = {kind: len(cases) for kind, cases in CORPUS.items()}
    assert {kind: int(count) for kind, count in re.findall(r"\| ([a-z ]+) \| (\d+) \|", page)} == counts
    assert all(f"{count} {kind}" in security for kind, count in counts.items())
    assert f"{ALL} kills of each of {len(WORKS)} commands" in security
    assert f"is killed {ALL} times" in page and f"one case in {SAMPLED} and {FEW} kills" in page
    assert f"a limit of {SECONDS:g} s and {MEBIBYTES:,} MiB a case" in page


def test_there_are_enough_of_each_kind_under_names_of_their_own() -> None:
    for kind, cases in CORPUS.items():
        assert len({case.name for case in cases}) == len(cases) >= LEAST[kind]
