"""minenetcd explain and minenetcd compare, as their commands are called."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from minenetcd.cli.compare import compare
from minenetcd.cli.explain import explain
from minenetcd.constants import Provenance
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import InputError

app = typer.Typer()
for command in (explain, compare):
    app.command()(command)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Before, after and truth: a bright rectangle appears."""
    rng = np.random.default_rng(0)
    before = rng.integers(60, 120, (61, 72, 3), dtype=np.uint8)
    after, truth = before.copy(), np.zeros((61, 72), np.uint8)
    after[20:40, 10:40] = (230, 220, 200)
    truth[20:40, 10:40] = 255
    paths = tuple(tmp_path / f"{name}.png" for name in ("before", "after", "truth"))
    for path, image in zip(paths, (before, after, truth), strict=True):
        Image.fromarray(image).save(path)
    return paths


@pytest.fixture
def other(tmp_path: Path) -> Path:
    detector = ChangeDetector.from_config({"model": {"name": "fc_ef"}})
    detector.provenance = Provenance(name="another")
    detector.save_pretrained(tmp_path / "other")
    return tmp_path / "other"


@pytest.mark.parametrize("command", ["explain", "compare"])
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: minenetcd {command}" in " ".join(run(command, "--help").output.split())


@pytest.mark.slow
@pytest.mark.needs("captum")
def test_explain_shows_detectors_side_by_side(pictures: tuple[Path, Path, Path], other: Path, tmp_path: Path) -> None:
    before, after, truth = pictures
    out = tmp_path / "out"
    done = run(
        *("explain", "minenetcd-nano", before, after, "--beside", other, "--level", "1..2"),
        *("--truth", truth, "--window", "0,0,61", "--out", out, "--device", "cpu"),
    )
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"sheet.png", "explanation.json", "maps"}
    assert len(list((out / "maps").iterdir())) == 2 + 2
    for word in ("minenetcd-nano", "another", "Level 1", "Level 2", "sheet.png", "Heat where the truth has change"):
        assert word in done.output
    assert "Level 3" not in done.output and "spectra" not in done.output


@pytest.mark.needs("captum")
def test_explain_has_spectra_of_a_network_with_change_fft(pictures: tuple[Path, Path, Path], tmp_path: Path) -> None:
    ChangeDetector.from_config("minenetcd-compact").save_pretrained(tmp_path / "compact")
    options = ("--level", "2", "--out", tmp_path / "out", "--device", "cpu")
    done = run("explain", tmp_path / "compact", *pictures[:2], *options)
    assert done.exit_code == 0, done.output
    assert {"spectra.png", "spectra.csv"} < {path.name for path in (tmp_path / "out").iterdir()}
    assert "spectra.png" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--level", "fine"], "--level needs all, one level, some or a range"),
        (["--level", "4..2"], "--level needs all, one level, some or a range"),
        (["--level", "7"], "There is no level 7: minenetcd-nano has levels 1 to 3"),
        (["--target", "mine"], "target needs one of change, no-change"),
        (["--window", "1,2"], "--window needs 3 whole numbers with commas between, got '1,2': e.g. 512,512,256"),
        (["--window", "50,50,40"], "inside the 61 x 72 grid"),
        (["--bands", "4,,2"], "--bands needs band numbers or names with commas between, got '4,,2': e.g. 4,3,2."),
        (["--beside", "minenetcd-nano"], "is given twice"),
        (["--beside", "minenetcd-nanno"], "did you mean 'minenetcd-nano'"),
        (["--truth", "missing.tif"], "missing.tif"),
    ],
)
def test_explain_refuses_bad_input_in_one_line(
    pictures: tuple[Path, Path, Path], tmp_path: Path, options: list[str], message: str
) -> None:
    done = run("explain", "minenetcd-nano", *pictures[:2], "--out", tmp_path / "out", *options)
    assert isinstance(done.exception, InputError) and message in str(done.exception)
    assert "\n" not in str(done.exception) and not (tmp_path / "out").exists()


def images_of(command: str, before: object, after: object) -> list[object]:
    if command == "explain":
        return [command, "minenetcd-nano", before, after]
    return [command, "minenetcd-nano", "irmad", "--before", before, "--after", after]


@pytest.mark.parametrize("command", ["explain", "compare"])
def test_files_on_the_network_are_read_where_that_is_allowed(
    command: str, pictures: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """A port without a server tells that somebody asked there."""
    asset = {"href": "http://127.0.0.1:9/image.tif", "type": "image/tiff"}
    item = {"type": "Feature", "stac_version": "1.0.0", "properties": {}, "assets": {"visual": asset}}
    (tmp_path / "item.json").write_text(json.dumps(item))
    asked = [*images_of(command, tmp_path / "item.json", pictures[1]), "--out", tmp_path / "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GDAL_HTTP_MAX_RETRY", "0")
        refused, tried = run(*asked), run(*asked, "--remote")
    assert isinstance(refused.exception, InputError) and "allow that (--remote)" in str(refused.exception)
    assert isinstance(tried.exception, InputError) and "cannot be opened as an image" in str(tried.exception)


@pytest.mark.parametrize("command", ["explain", "compare"])
@pytest.mark.parametrize("option", ["--date-before", "--date-after"])
def test_stated_dates_need_to_be_days(command: str, option: str, pictures: tuple[Path, Path, Path]) -> None:
    done = run(*images_of(command, *pictures[:2]), option, "last year")
    assert isinstance(done.exception, InputError)
    assert ", got 'last year': e.g. 2019-06-01." in str(done.exception)


@pytest.mark.slow
def test_compare_two_images(pictures: tuple[Path, Path, Path], other: Path, tmp_path: Path) -> None:
    before, after, truth = pictures
    out = tmp_path / "out"
    scene = ("--before", before, "--after", after, "--out", out, "--device", "cpu")
    done = run("compare", "minenetcd-nano", other, *scene, "--truth", truth)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {
        *("minenetcd-nano", "another", "difference.png", "comparison.json", "differences.png", "groups.png"),
        *("per_part.csv", "per_group.csv"),
    }
    for word in ("minenetcd-nano (A) and another (B) differ in", "cIoU", "McNemar", "They are not: trust the table"):
        assert word in done.output
    without = run("compare", "minenetcd-nano", other, *scene)
    assert "Change seen by A alone" in without.output and not (out / "groups.png").exists()


def test_compare_on_a_data_set(pictures: tuple[Path, Path, Path], other: Path, tmp_path: Path) -> None:
    for number in range(2):
        for role, path in zip(("A", "B", "label"), pictures, strict=True):
            folder = tmp_path / "data" / "test" / role
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.png").write_bytes(path.read_bytes())
    done = run(
        *("compare", "minenetcd-nano", other, "--data", tmp_path / "data", "--workers", "0"),
        *("--out", tmp_path / "out", "--examples", "1", "--device", "cpu"),
    )
    assert done.exit_code == 0, done.output
    assert "intervals and p over 2 pairs" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "needs --data, or --before and --after"),
        (["--before", "{before}"], "needs --data, or --before and --after"),
        (["--data", "levir-cd", "--before", "{before}", "--after", "{after}"], "needs --data, or --before and --after"),
        (["--data", "levir-cd", "--truth", "{truth}"], "--truth belongs to --before and --after"),
        (["--data", "/no/such/folder"], "There is no file or folder"),
        (["--before", "{before}", "--after", "{before}"], "are the same image"),
    ],
)
def test_compare_refuses_bad_input_in_one_line(
    pictures: tuple[Path, Path, Path], other: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    names = dict(zip(("before", "after", "truth"), pictures, strict=True))
    filled = [option.format(**names) for option in options]
    done = run("compare", "minenetcd-nano", other, "--out", tmp_path / "out", *filled)
    assert isinstance(done.exception, InputError) and message in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_compare_reads_files_of_one_band_each_without_what_is_stated_as_no_data(
    pictures: tuple[Path, Path, Path], other: Path, tmp_path: Path
) -> None:
    dates = []
    for path in pictures[:2]:
        for band, pixels in enumerate(np.moveaxis(np.asarray(Image.open(path)), -1, 0)):
            Image.fromarray(np.where(np.arange(72) < 9, np.uint8(7), pixels)).save(
                tmp_path / f"{path.stem}-x{band}.png"
            )
        dates.append(str(tmp_path / f"{path.stem}-x?.png"))
    options = ("--before", dates[0], "--after", dates[1], "--nodata", 7, "--out", tmp_path / "out", "--device", "cpu")
    done = run("compare", "minenetcd-nano", other, *options, "--date-before", "2019-06-01")
    assert done.exit_code == 0, done.output
    assert "Warning: The images do not say which of their bands are red" in done.stderr
    record = json.loads((tmp_path / "out/comparison.json").read_text())
    assert record["counted_pixels"] == 61 * (72 - 9)
    assert "2019-06-01 (as stated)" in (tmp_path / "out/another/report.html").read_text()
