"""Summary and report of a reviewed result, and `minenetcd review`, which brings them to its verdicts."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minenetcd.cli.main import run
from minenetcd.files import sha256
from minenetcd.labelling.verdicts.refreshing import is_stale, refresh
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.formats.summary import summary_schema
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def report(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_summary_says_what_was_accepted_and_its_schema_knows_it(result: Path) -> None:
    verdicts = Verdicts(result)
    better = verdicts.polygons().set_index("id").geometry[3].buffer(40)
    verdicts.give(1, "accepted", by="Ann")
    verdicts.give(2, "unsure", by="Ben")
    last = verdicts.give(3, "accepted", by="Ann", geometry=better)
    before = summary(result)
    review = refresh(result)
    said = summary(result)
    assert {key: value for key, value in said.items() if key != "review"} == before
    areas = verdicts.polygons().set_index("id")["area_ha"]
    assert said["review"]["accepted"] == {"places": 2, "hectares": pytest.approx(areas[1] + areas[3]), "pixels": None}
    assert said["review"]["unsure"]["places"] == 1
    assert said["review"]["unreviewed"]["places"] == 3
    assert said["review"]["reviewers"] == ["Ann", "Ben"]
    assert said["review"]["last"] == last.at.isoformat(timespec="seconds")
    assert (said["review"]["edited"], said["review"]["revision"]) == (1, 3)
    assert review.counts == verdicts.counts()
    pytest.importorskip("jsonschema").validate(said, json.loads(summary_schema()))


def test_pictures_are_counted_in_pixels(picture_result: Path) -> None:
    Verdicts(picture_result).give(1, "accepted", by="Ann")
    refresh(picture_result)
    said = summary(picture_result)
    assert said["review"]["accepted"] == {"places": 1, "hectares": None, "pixels": 900.0}
    assert "900" in report(picture_result)
    pytest.importorskip("jsonschema").validate(said, json.loads(summary_schema()))


def test_the_report_has_one_section_that_goes_with_the_last_verdict(result: Path) -> None:
    untouched, verdicts = report(result), Verdicts(result)
    verdicts.give(1, "accepted", by="<b>Ann & Ben</b>")
    refresh(result)
    verdicts.give(2, "rejected", by="Zoe")
    refresh(result)
    page = report(result)
    assert page.count("<h2>Review</h2>") == 1
    assert "&lt;b&gt;Ann &amp; Ben&lt;/b&gt;, Zoe" in page
    assert "<b>Ann" not in page
    for name in ("Zoe", "<b>Ann & Ben</b>"):
        verdicts.undo(by=name)
    refresh(result)
    assert report(result) == untouched
    assert summary(result)["review"]["accepted"]["places"] == 0


def test_a_report_of_an_earlier_version_has_a_place_for_it(result: Path) -> None:
    path = result / "report.html"
    path.write_text(report(result).replace("<!-- review --><!-- end of review -->\n", ""), encoding="utf-8")
    Verdicts(result).give(1, "accepted", by="Ann")
    for _ in range(2):
        refresh(result)
    page = report(result)
    assert page.count("<h2>Review</h2>") == 1
    assert page.index("<h2>Review</h2>") < page.index("<h2>How it was read</h2>")


def test_a_result_that_nobody_judged_is_not_touched(result: Path) -> None:
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in result.iterdir()}
    assert refresh(result).counts.reviewed == 0
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in result.iterdir()} == before


def test_it_is_known_whether_the_summary_is_of_now(result: Path) -> None:
    verdicts = Verdicts(result)
    assert not is_stale(result, verdicts.counts())
    verdicts.give(1, "accepted", by="Ann")
    assert is_stale(result, verdicts.counts())
    assert not is_stale(result, refresh(result).counts)


@pytest.mark.needs("pystac")
def test_the_stac_item_names_the_files_as_they_are(made_result: Path, tmp_path: Path) -> None:
    images = [made_result.parent / f"{year}-06-01.tif" for year in (2019, 2023)]
    predict_scene(Difference(), *images, tmp_path, options=PredictOptions(also=("stac",))).close()
    Verdicts(tmp_path).give(1, "accepted", by="Ann")
    refresh(tmp_path)
    assets = json.loads((tmp_path / "item.json").read_text(encoding="utf-8"))["assets"]
    for name in ("change.gpkg", "summary.json", "report.html"):
        (asset,) = (each for each in assets.values() if Path(each["href"]).name == name)
        assert asset["file:checksum"] == f"1220{sha256(tmp_path / name)}"
        assert asset["file:size"] == (tmp_path / name).stat().st_size


def called(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["minenetcd", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0)


def test_the_command_prints_and_refreshes(
    result: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = Verdicts(result)
    verdicts.give(1, "accepted", by="Ann\u202e")
    assert called(monkeypatch, "review", result) == 0
    out = capsys.readouterr().out
    assert "9.01 ha accepted in 1 place; 1 of 6 reviewed" in out
    assert "\u202e" not in out
    assert called(monkeypatch, "review", result, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["review"] == summary(result)["review"] == verdicts.counts().as_json()
    assert [*printed["files"]] == ["summary.json", "report.html"]


def test_the_command_refuses_a_folder_without_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "review", tmp_path) == 2
    assert capsys.readouterr().err.count("\n") == 1


REFRESHING = """
import sys
from minenetcd.labelling.verdicts.refreshing import refresh
from minenetcd.labelling.verdicts.store import Verdicts
verdicts = Verdicts(sys.argv[1])
print("ready", flush=True)
while True:
    verdicts.give(1, "accepted", by="Ann")
    refresh(sys.argv[1])
"""


@pytest.mark.slow  # processes import the package
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_after_a_kill_summary_and_report_are_of_one_moment(result: Path) -> None:
    for wait in (0.03, 0.041, 0.057, 0.083, 0.11):
        process = subprocess.Popen([sys.executable, "-c", REFRESHING, str(result)], stdout=subprocess.PIPE, text=True)
        assert process.stdout and process.stdout.readline() == "ready\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        verdicts = Verdicts(result)  # brings to its end what was being brought out
        said, page = summary(result).get("review"), report(result)
        assert (said is not None) == ("<h2>Review</h2>" in page)
        assert said is None or said["revision"] <= verdicts.revision
        assert said is None or f"{said['last'][:10]} {said['last'][11:16]} UTC" in page
    assert refresh(result).counts.as_json() == summary(result)["review"]
    assert not [path.name for path in result.iterdir() if path.name.startswith(".")]
