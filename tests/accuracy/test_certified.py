"""The certified zone of change: it holds as often as it says, and is as wide as the points allow."""

import numpy as np
import pandas as pd
import pytest

from minenetcd.accuracy.classes import CHANGE, NO_CHANGE
from minenetcd.accuracy.estimation.certified import CertifiedZone, certify, least_points
from minenetcd.accuracy.record import SampleRecord, Stratum

HELD = np.bincount(np.arange(127, 255).repeat(500), minlength=255)  # pixels of change by steps of 254


def record(*strata: Stratum, confidence: tuple[int, ...] = tuple(HELD.tolist())) -> SampleRecord:
    rest = Stratum("no change", 0, 10**6, 1000.0, 300, 0.95)
    return SampleRecord(1, (NO_CHANGE, CHANGE), 1, (rest, *strata), {}, confidence)


def whole(points: int) -> Stratum:
    return Stratum("change", 1, int(HELD.sum()), 64.0, points, 0.7)


def judged(rng: np.random.Generator, points: int, wrong_at: np.ndarray) -> pd.DataFrame:
    """A random sample of change, wrong with the chance `wrong_at` (255,) of its step."""
    steps = rng.integers(127, 255, points)
    return pd.DataFrame(
        {"stratum": "change", "probability": steps / 254, "wrong": rng.random(points) < wrong_at[steps]}
    )


def error_of(found: CertifiedZone, wrong_at: np.ndarray) -> float:
    """The true error rate of the zone that holds; 0 without one."""
    if found.last is None:
        return 0.0
    return float(wrong_at[round(found.last.confidence * 254) :].mean())


@pytest.mark.parametrize(
    "wrong_at",
    [
        np.clip(np.linspace(0.5, -0.02, 255) ** 1, 0.02, 1),  # ever less: a zone in the middle
        np.full(255, 0.101),  # just above the bound everywhere
        np.where(np.arange(255) > 240, 0.3, 0.05),  # most wrong where it is surest
    ],
    ids=["falling", "flat", "rising"],
)
def test_a_zone_is_wrong_in_one_of_twenty_at_most(wrong_at: np.ndarray) -> None:
    rng, common = np.random.default_rng(3), record(whole(150))
    found = [certify(common, judged(rng, 150, wrong_at), 0.1) for _ in range(300)]
    false = [error_of(each, wrong_at) >= 0.1 for each in found if each is not None]
    assert len(false) == 300 and np.mean(false) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_points_without_an_error_certify_all_of_the_change() -> None:
    rng = np.random.default_rng(0)
    found = certify(record(whole(150)), judged(rng, 150, np.zeros(255)), 0.1)
    assert found is not None and found.last is not None and not found.by_strata
    assert found.last.confidence == pytest.approx(127 / 254) and found.last.hectares == pytest.approx(64)
    shares = [zone.hectares / 64 for zone in found.tested]
    assert shares == sorted(shares) and shares[0] == pytest.approx(0.3, abs=0.02)  # 1.5 x 29 of 150 points
    assert least_points(0.1) == 29


def test_too_few_points_certify_nothing() -> None:
    found = certify(record(whole(20)), judged(np.random.default_rng(0), 20, np.zeros(255)), 0.1)
    assert found is not None and found.last is None and found.tested[0].points == 20


def test_strata_of_confidence_are_tested_each_by_itself_the_surest_first() -> None:
    strata = [
        Stratum(f"change {low}", 1, 1000, 10.0, 60, 0.7, confidence=low)
        for low in (0.5, 0.9, 0.7)  # in no order
    ]
    wrong = {0.9: 0, 0.7: 1, 0.5: 9}
    points = pd.DataFrame(
        [
            {"stratum": f"change {low}", "probability": low + 0.01, "wrong": number < wrong[low]}
            for low in wrong
            for number in range(60)
        ]
    )
    found = certify(record(*strata), points, 0.1)
    assert found is not None and found.by_strata and found.last is not None
    assert [zone.confidence for zone in found.tested] == [0.9, 0.7, 0.5]
    assert (found.passed, found.last.confidence, found.last.hectares) == (2, 0.7, 20)


def test_without_a_confidence_there_is_no_zone() -> None:
    points = judged(np.random.default_rng(0), 90, np.zeros(255))
    assert certify(record(whole(90), confidence=()), points, 0.1) is None
