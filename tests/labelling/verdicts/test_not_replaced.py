"""A new result does not replace verdicts: predict, predict --pairs, monitor, rethreshold and save refuse it."""

from pathlib import Path

import pytest

from minenetcd.errors import MineNetCDError, OutputError, OutputPathError
from minenetcd.files import in_turn
from minenetcd.files.locks import Lock
from minenetcd.files.sets import LOCK
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.monitoring.dates.monitor import monitor
from minenetcd.monitoring.pairs.predict_pairs import predict_pairs
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.rethreshold import rethreshold
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

OTHER = PredictOptions(threshold=0.7)


@pytest.fixture
def images(made_result: Path) -> tuple[Path, Path]:
    return made_result.parent / "2019-06-01.tif", made_result.parent / "2023-06-01.tif"


@pytest.fixture
def judged(result: Path) -> Path:
    Verdicts(result).give(1, "accepted", by="Ann")
    return result


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_predict_and_rethreshold_refuse(judged: Path, images: tuple[Path, Path]) -> None:
    before, detector = contents(judged), Difference()
    for again in (
        lambda: predict_scene(detector, *images, judged, options=OTHER),
        lambda: rethreshold(judged, threshold=0.7),
    ):
        with pytest.raises(OutputPathError, match="holds 1 verdict that somebody gave") as refused:
            again()
        assert "\n" not in str(refused.value)
        assert refused.value.exit_code == 2
    assert detector.asked == []  # before anything was computed
    assert contents(judged) == before


@pytest.mark.parametrize("damaged", [slice(0, 16), slice(100, None)], ids=["its head", "all but its head"])
def test_a_damaged_geopackage_is_not_replaced(judged: Path, images: tuple[Path, Path], damaged: slice) -> None:
    content = bytearray((judged / "change.gpkg").read_bytes())
    content[damaged] = b"x" * len(content[damaged])
    (judged / "change.gpkg").write_bytes(content)
    for again in (
        lambda: predict_scene(Difference(), *images, judged, options=OTHER),
        lambda: rethreshold(judged, threshold=0.7),
    ):
        with pytest.raises(OutputPathError, match=r"may hold verdicts.* move change\.gpkg away first") as refused:
            again()
        assert "\n" not in str(refused.value)
    assert (judged / "change.gpkg").read_bytes() == content
    (judged / "change.gpkg").rename(judged.parent / "kept.gpkg")
    predict_scene(Difference(), *images, judged, options=OTHER).close()


def test_a_verdict_that_came_meanwhile_is_not_lost(result: Path, images: tuple[Path, Path]) -> None:
    with predict_scene(Difference(), *images, options=OTHER) as prediction:
        Verdicts(result).give(1, "accepted", by="Ann")
        with pytest.raises(OutputPathError, match="holds 1 verdict"):
            prediction.save(result)
    assert Verdicts(result).statuses() == {1: "accepted"}


def test_undone_verdicts_and_those_that_were_moved_away_hold_nobody_up(judged: Path, images: tuple[Path, Path]) -> None:
    kept = judged.parent / "kept.gpkg"
    (judged / "change.gpkg").rename(kept)
    predict_scene(Difference(), *images, judged, options=OTHER).close()
    Verdicts(judged).give(1, "accepted", by="Ann")
    Verdicts(judged).undo(by="Ann")
    rethreshold(judged, threshold=0.5)
    assert Verdicts(judged).revision == 0


def test_pictures_are_refused_too(picture_result: Path, made_picture_result: Path) -> None:
    Verdicts(picture_result).give(1, "accepted", by="Ann")
    images = [made_picture_result.parent / f"{year}.png" for year in (2019, 2023)]
    with pytest.raises(OutputPathError, match="holds 1 verdict"):
        predict_scene(Difference(), *images, picture_result, options=OTHER)
    assert Verdicts(picture_result).statuses() == {1: "accepted"}


def test_a_pair_of_a_table_is_refused_and_the_rest_goes_on(tmp_path: Path, images: tuple[Path, Path]) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("id,before,after\n" + "".join(f"{id},{images[0]},{images[1]}\n" for id in "ab"), encoding="utf-8")
    predict_pairs(Difference(), table, tmp_path / "out")
    Verdicts(tmp_path / "out" / "a").give(1, "accepted", by="Ann")
    assert not predict_pairs(Difference(), table, tmp_path / "out").failed  # what is done is kept
    found = predict_pairs(Difference(), table, tmp_path / "out", options=OTHER)
    assert [*found.failed] == ["a"]
    assert "holds 1 verdict" in found.failed["a"]
    assert Verdicts(tmp_path / "out" / "a").statuses() == {1: "accepted"}


def test_monitor_keeps_what_was_judged(tmp_path: Path, images: tuple[Path, Path]) -> None:
    found = monitor(Difference(), images, tmp_path / "mine")
    folder = found.outcomes[0].folder
    Verdicts(folder).give(1, "accepted", by="Ann")
    with pytest.raises(MineNetCDError, match="holds 1 verdict"):
        monitor(Difference(), images, tmp_path / "mine", options=OTHER)
    assert Verdicts(folder).statuses() == {1: "accepted"}


def test_a_run_that_is_at_work_in_the_folder_is_waited_for_and_told_of(
    result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(in_turn.__wrapped__.__kwdefaults__, "seconds", 0.1)  # not ten
    lock = Lock.take(result / LOCK)
    assert lock is not None
    with pytest.raises(OutputError, match="at work"):
        Verdicts(result).give(1, "accepted", by="Ann")
    lock.release()
    assert Verdicts(result).give(1, "accepted", by="Ann").revision == 1
