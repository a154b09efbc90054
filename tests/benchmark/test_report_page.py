"""The report of a benchmark, made from what lies on disk."""

import hashlib
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.made_up import make_up, square_pairs
from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.record import Failure
from minenetcd.benchmark.report.write import write_report
from minenetcd.benchmark.run import plan_suite
from minenetcd.benchmark.suite.suites import read_suite
from minenetcd.display.figure_style import titled
from minenetcd.display.label_places import name_points
from minenetcd.errors import DataError, OptionError

SUITE = {
    "name": "made-up",
    "title": "Made up <&>",
    "methods": [
        "bit",
        "fc_ef",
        {"config": "minenetcd-compact", "label": "compact", "options": {"change_fft": ["channel", "none"]}},
    ],
    "datasets": ["MineNetCD256", "CLCD"],
    "recipes": ["paper"],
    "seeds": [1, 2],
    "published": "paper",
    "samples": {"kept": 6, "quantiles": [0.2, 0.8]},
}
SKILL = {"BIT": 0.9, "FC-EF": 0.3, "compact, ChangeFFT": 1.0, "compact, without ChangeFFT": 0.7}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> BenchmarkFolder:
    made = make_up(read_suite(SUITE), tmp_path_factory.mktemp("report") / "out", square_pairs(), skill=SKILL)
    write_report(made)
    return made


def digests(folder: BenchmarkFolder) -> dict[str, str]:
    files = [*folder.tables.iterdir(), *folder.figures.iterdir(), *folder.path.glob("results.*")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_every_table_and_figure_is_there(folder: BenchmarkFolder) -> None:
    parts = ("minenetcd256", "clcd")
    tables = {f"{kind}-{part}" for kind in ("methods", "changefft") for part in parts} | {"datasets"}
    assert {path.name for path in folder.tables.iterdir()} == {
        *(f"{name}.{end}" for name in tables for end in ("md", "tex")),
        *(f"comparison-{part}.csv" for part in parts),
    }
    drawn = {f"{kind}-{part}" for kind in ("scores", "changefft", "cost", "comparison") for part in parts} | {
        "datasets"
    }
    expected = {f"{name}.{end}" for name in drawn for end in ("png", "svg")} | {f"maps-{part}.png" for part in parts}
    assert {path.name for path in folder.figures.iterdir()} == expected
    for path in folder.figures.glob("*.png"):
        with Image.open(path) as picture:
            assert picture.width > 800 and len(picture.convert("RGB").getcolors(2**24)) > 20


class Page(HTMLParser):
    """Tags that do not close, and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "br", "!doctype"):
            self.open.append(tag)
        assert tag != "script"
        self.sources += [value for name, value in attributes if name in ("src", "href") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_fetches_nothing(folder: BenchmarkFolder) -> None:
    page = Page()
    page.feed((folder.path / "report.html").read_text(encoding="utf-8"))
    assert not page.open
    assert len(page.sources) == 2 * 5 + 1 and all(source.startswith("data:image/") for source in page.sources)
    assert "Made up <&>" in page.text and "paired bootstrap" in page.text
    assert "compact, ChangeFFT is better than" in page.text or "Beyond chance" in page.text


@pytest.mark.slow
def test_it_is_made_again_from_the_disk_without_models_and_data(folder: BenchmarkFolder, tmp_path: Path) -> None:
    shutil.copytree(folder.path, tmp_path / "elsewhere")
    copy = BenchmarkFolder(tmp_path / "elsewhere")
    shutil.rmtree(copy.path / "runs")
    for place in (copy.tables, copy.figures):
        shutil.rmtree(place)
    write_report(copy)
    assert digests(copy) == digests(folder)


def test_maps_show_the_pairs_at_their_quantiles_in_the_colours_of_the_paper(folder: BenchmarkFolder) -> None:
    pixels = np.asarray(Image.open(folder.figures / "maps-clcd.png").convert("RGB"))
    colours = {tuple(colour) for colour in pixels.reshape(-1, 3)[::7].tolist()}
    assert {(0, 200, 0), (255, 0, 0), (0, 0, 255), (255, 255, 255)} <= colours
    text = (folder.path / "report.html").read_text(encoding="utf-8")
    assert "Of the pairs, at most 6, whose names come first by their SHA-256" in text


@pytest.mark.slow
def test_cells_that_failed_or_were_not_run_are_named(tmp_path: Path) -> None:
    suite = read_suite(SUITE | {"datasets": ["CLCD"], "seeds": [1], "beside": []})
    folder = make_up(suite, tmp_path / "out", square_pairs(), skill=SKILL, leave_out=["BIT", "FC-EF"])
    bit = next(cell for cell in folder.cells() if cell.label == "BIT")
    folder.write_failure(bit, Failure("CUDA out of memory <tried>", log="", when=""))
    page = Page()
    page.feed(write_report(folder).read_text(encoding="utf-8"))
    assert "1 of 4 cells failed." in page.text and "BIT, CLCD, paper, seed 1: CUDA out of memory <tried>" in page.text
    assert "1 of 4 cells have not been run yet." in page.text
    assert re.search(r"\| BIT \| failed \(", (folder.tables / "methods.md").read_text())


@pytest.mark.slow
def test_a_damaged_file_is_named_and_hides_no_other_cell(tmp_path: Path) -> None:
    suite = read_suite(SUITE | {"datasets": ["CLCD"], "seeds": [1], "beside": []})
    folder = make_up(suite, tmp_path / "out", square_pairs(), skill={})
    bit, fc_ef, compact, plain = folder.cells()

    def cut(path: Path, share: float) -> None:
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    record = folder.cell(bit) / "record.json"
    whole = record.read_text()
    for text in ("", "[]", "{}", whole.replace('"tp": ', '"tp": "x", "was": '), whole[:200]):
        record.write_text(text)
        with pytest.raises(DataError, match=r"^[^\n]*a record\.json that [^\n]*: remove its folder, and run again\.$"):
            folder.record(bit)
    cut(folder.cell(fc_ef) / "masks.npz", 0.9)
    cut(folder.cell(compact) / "per_site.csv", 0.7)
    folder.write_failure(plain, Failure("earlier", log="", when=""))
    (folder.cell(plain) / "failure.json").write_text("[]")
    page = Page()
    page.feed(write_report(folder).read_text(encoding="utf-8"))
    assert "3 of 4 cells failed." in page.text and page.text.count("remove its folder, and run again.") == 3
    for name in ("record.json that cannot be read", "masks.npz that", "counts of pairs or sites that do not add up"):
        assert name in page.text
    planned = [cell.state for cell in plan_suite(suite, folder.path)]
    assert planned == ["failed, to be tried again", "finished", "finished", "finished"]


@pytest.mark.parametrize("name", ["suite.yaml", "plan.json"])
@pytest.mark.parametrize("text", ["", "[", "{", "5", '[{"id": 3}]', "name: 3"])
def test_a_damaged_suite_or_plan_is_one_line(tmp_path: Path, name: str, text: str) -> None:
    folder = make_up(read_suite(SUITE), tmp_path / "out", [], skill={}, leave_out=[*SKILL])
    (folder.path / name).write_text(text)
    with pytest.raises(DataError, match=rf"^[^\n]*a {name} that [^\n]*: remove it, and run the suite again\.$"):
        write_report(folder)


def test_nothing_measured_still_makes_a_page(tmp_path: Path) -> None:
    folder = make_up(read_suite(SUITE), tmp_path / "out", [], skill={}, leave_out=[*SKILL])
    assert "28 of 28 cells have not been run yet." in write_report(folder).read_text(encoding="utf-8")
    assert not list(folder.figures.iterdir())


@pytest.mark.slow
def test_scores_on_drawn_pairs_are_set_beside_what_they_are_not(tmp_path: Path) -> None:
    data = ["synthetic:mines?sites=3", "pasted:images?pairs=3", "pasted:others?pairs=3", "CLCD"]
    suite = read_suite({"name": "drawn", "methods": ["bit"], "datasets": data})
    page = write_report(make_up(suite, tmp_path / "out", square_pairs(2, sites=1), skill={})).read_text(
        encoding="utf-8"
    )
    cautions = re.findall(r"<p>([^<]*): scores on them say nothing about real (?:mines|change)\.</p>", page)
    assert cautions == ["Synthetic scenes were drawn by this package", "Changes were pasted into real images"]


def test_one_method_alone_is_compared_with_nobody(tmp_path: Path) -> None:
    suite = read_suite({"name": "one", "methods": ["bit"], "datasets": ["CLCD"]})
    folder = make_up(suite, tmp_path / "out", square_pairs(), skill={})
    write_report(folder)
    assert {path.stem for path in folder.figures.iterdir()} == {"scores", "maps"}


def test_what_a_later_report_does_not_have_is_removed_and_what_is_not_its_own_stays(
    folder: BenchmarkFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = BenchmarkFolder(shutil.copytree(folder.path, tmp_path / "copy"))
    (copy.tables / "notes.md").write_text("of the user")
    shutil.rmtree(copy.path / "cells")
    before = digests(copy)
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(
            "minenetcd.benchmark.report.write.render_report", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        write_report(copy)
    assert digests(copy) == before
    (copy.path / "report.html").unlink()
    write_report(copy)
    assert {path.name for path in copy.tables.iterdir()} == {"notes.md", "datasets.md", "datasets.tex"}
    assert not list(copy.figures.iterdir())


def test_a_folder_without_a_benchmark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no benchmark: run one with"):
        write_report(BenchmarkFolder(tmp_path))


def test_a_folder_of_another_suite_is_refused(folder: BenchmarkFolder) -> None:
    with pytest.raises(OptionError, match="holds the results of the suite 'made-up': choose another --out"):
        folder.prepare(read_suite(SUITE | {"name": "other"}), [])


@pytest.mark.slow
def test_the_backbones_of_figure_13_stand_in_families(tmp_path: Path) -> None:
    folder = make_up(read_suite("paper-backbones"), tmp_path / "out", square_pairs(5), skill={"Swin-T": 0.9})
    write_report(folder)
    drawn = (folder.figures / "scores.svg").read_text(encoding="utf-8")
    for words in ("Swin Transformer", "VMamba", "ResNet", "Tiny", "Base", "published"):
        assert f"<!-- {words} -->" in drawn


def test_names_of_crowded_points_do_not_cover_each_other() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = titled(6, 4, "t")
    axes = figure.add_subplot()
    rng = np.random.default_rng(0)
    x, y = rng.random(12), rng.random(12)
    axes.scatter(x, y)
    figure.draw_without_rendering()
    name_points(axes, x, y, [3.0] * 12, [f"method {index}" for index in range(12)], fontsize=8)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_text()]
    assert len(boxes) == 12
    overlaps = sum(a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[index + 1 :])
    assert overlaps == 0
