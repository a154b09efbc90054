"""report.pdf: the report on paper, with all that it says."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from fixtures.scene_files import utm_grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

pytestmark = [pytest.mark.needs("weasyprint"), pytest.mark.needs("pypdfium2")]


@pytest.fixture
def out(write_scene: WriteScene, tmp_path: Path) -> Path:
    """A result with a second opinion and more changes than a page of it lists."""
    try:
        import weasyprint  # noqa: F401
    except OSError:
        pytest.skip("Pango is not installed")
    before = np.full((200, 240), 20, np.uint8)
    after = before + 40
    for row in range(10, 190, 20):
        after[row : row + 8, 20:50] = 200
    grid = utm_grid(200, 240)
    images = write_scene("b.tif", before, grid), write_scene("a.tif", after, grid)
    second = Difference(threshold=0.6, name="other")
    predict_scene(Difference(), *images, tmp_path / "out", options=PredictOptions(also=("pdf",)), second=second).close()
    return tmp_path / "out"


def test_it_says_all_that_the_report_says(out: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(out / "report.pdf")
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    on_paper = re.sub(r"\W", "", text)
    page = (out / "report.html").read_text(encoding="utf-8").partition("<main>")[2]
    for said in re.findall(r">([^<>]+)<", page):
        words = re.sub(r"\W", "", unescape(said))
        # a word that is broken at the end of a page goes on behind the page's number
        assert words.lower() in on_paper.lower() or len(words) > 200, said
    assert 2 <= len(document) <= 4


def test_no_picture_is_cut_by_the_end_of_a_page(out: Path) -> None:
    import pypdfium2

    for page in pypdfium2.PdfDocument(out / "report.pdf"):
        for image in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
            _, bottom, _, top = image.get_bounds()
            assert 0 < bottom < top < page.get_height()
