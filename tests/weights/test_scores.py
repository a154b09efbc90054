"""The printed scores: every row is there, is what it says, and doubtful rows carry a note."""

import hashlib
from collections import Counter

import pytest

from minenetcd.weights.published import framework_models
from minenetcd.weights.scores import PRINTED, PUBLISHED_RESULTS, PublishedScore, methods, published_scores, score_of

ROWS = {"CLCD256": 7, "EGYBCD": 7, "GVLM256": 7, "LEVIRCD256": 7, "MineNetCD256": 20, "SYSUCD": 7}


def test_every_row_is_there() -> None:
    assert Counter(score.dataset for score in published_scores()) == ROWS
    assert {score.model for score in published_scores()} == set(methods().values()) == set(framework_models().values())


def test_ids_are_unique_and_name_their_data_set() -> None:
    scores = published_scores()
    assert len({score.weights for score in scores}) == len(scores) == 55
    for score in scores:
        place = "MNCD256" if score.dataset == "MineNetCD256" else score.dataset
        assert score.weights.startswith(f"HZDR-FWGEL/UCD-{place}-")


def test_digits_are_as_printed() -> None:
    score = score_of("HZDR-FWGEL/UCD-GVLM256-SiamUDiff")
    assert score is not None
    assert score.printed == {
        "accuracy": "0.9801",
        "f1": "0.8431",
        "precision": "0.8791",
        "recall": "0.81",
        "iou": "0.7288",
    }
    assert score["recall"] == 0.81


def test_rows_are_found_by_model_data_set_and_id() -> None:
    assert [score.dataset for score in published_scores("bit")] == sorted(ROWS)
    assert [score.method for score in published_scores("minenetcd")] == ["ChangeFFT"]
    assert len(published_scores(dataset="MineNetCD256")) == 20
    (score,) = published_scores("snunet", dataset="MineNetCD256")
    assert score_of("hzdr-fwgel/ucd-mncd256-snunet") == score
    assert score_of("somebody/else") is None
    assert published_scores("unet") == []


@pytest.mark.parametrize("score", published_scores(), ids=lambda score: score.weights.split("/")[1])
def test_a_row_whose_numbers_disagree_carries_a_note(score: PublishedScore) -> None:
    """F1 = 2PR / (P + R) and IoU = F1 / (2 - F1), within the rounding of four digits of each."""
    precision, recall, f1 = score["precision"], score["recall"], score["f1"]
    off = max(abs(2 * precision * recall / (precision + recall) - f1), abs(f1 / (2 - f1) - score["iou"]))
    if off > 3e-4:
        assert score.note is not None
        assert ("misprinted" in score.note) == (off > 2e-3)
        assert ("several processes" in score.note) == (off < 2e-3)
    assert all(0 < score[metric] < 1 for metric in PRINTED)


def test_the_doubtful_rows_are_the_known_ones() -> None:
    noted = {(score.method, score.dataset): score.note for score in published_scores() if score.note}
    assert [data for _, data in noted if data != "MineNetCD256"] == ["LEVIRCD256"]
    assert "F1 0.7822 and precision 0.907" in noted["SiamUNet-Diff", "LEVIRCD256"]
    assert sum("same five numbers" in note for note in noted.values()) == 2
    assert sum("test split" in note for note in noted.values()) == 12
    assert sum("several processes" in note for note in noted.values()) == 5
    copies = [published_scores(name, dataset="MineNetCD256")[0].printed for name in ("afcf3d", "tfi_gr")]
    assert copies[0] == copies[1]


def test_the_misprinted_rows_likely_values_agree_with_each_other() -> None:
    precision, recall, iou = 0.907, 0.6874, 0.6423
    f1 = 2 * precision * recall / (precision + recall)
    assert f1 == pytest.approx(0.7822, abs=5e-4)
    assert f1 / (2 - f1) == pytest.approx(iou, abs=5e-4)


def test_the_files_are_the_published_ones() -> None:
    """The digits of all rows, so that no slip of a finger changes a published number unseen."""
    text = "".join(path.read_text() for path in sorted(PUBLISHED_RESULTS.glob("*.csv")))
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "2bd8e92b6da2679896273b7526235d72805e3bdf314382402cf1d34208f4e145"
    )
