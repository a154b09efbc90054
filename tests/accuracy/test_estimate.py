"""From a judged sample to hectares: what is read, what is refused, and what is written."""

import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import minenetcd
from accuracy.conftest import OF_CHANGE, drawn, judged
from minenetcd.accuracy.classes import MapClass
from minenetcd.accuracy.estimation.outputs import as_json, write_estimate
from minenetcd.errors import DataError, OptionError


@pytest.fixture
def truth(change: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What the ground shows: change lies two pixels to the right of where the map has it."""
    truth = np.roll(change, 2, axis=1)
    truth[change == 255] = 0
    truth[truth == 255] = 0
    return truth


@pytest.fixture
def sample(raster: Path, tmp_path: Path) -> Path:
    drawn(raster, tmp_path / "s", points=400, least=100, buffer=40.0, **OF_CHANGE)
    return tmp_path / "s"


def test_hectares_hold_the_truth(
    sample: Path, truth: NDArray[np.uint8], change: NDArray[np.uint8], tmp_path: Path
) -> None:
    found = minenetcd.estimate_accuracy(sample, labels=judged(sample, truth, tmp_path / "labels.csv"))
    area, true_area = found.classes[1].hectares, 0.01 * np.count_nonzero((truth == 1) & (change != 255))
    assert area.low < true_area < area.high and area.margin < 0.2 * true_area
    assert found.classes[1].mapped_hectares == pytest.approx(0.01 * np.count_nonzero(change == 1), rel=1e-3)
    assert found.matrix.sum() == found.judged == 400 and found.proportions.sum() == pytest.approx(1)
    assert sum(each.hectares.value for each in found.classes) == pytest.approx(found.hectares)
    assert found.classes[1].users_exact is not None  # one stratum is all of mapped change
    assert found.classes[0].users_exact is None  # no change lies in two
    assert found.certified is None and not found.if_unsure


def test_what_a_person_could_not_tell_is_left_out_and_told(
    sample: Path, truth: NDArray[np.uint8], tmp_path: Path
) -> None:
    labels = judged(sample, truth, tmp_path / "labels.csv", unsure=tuple(range(0, 400, 20)))
    found = minenetcd.estimate_accuracy(sample, labels=labels)
    assert (found.judged, found.unsure) == (380, 20)
    least, most = (found.if_unsure[name][1] for name in ("no change", "change"))
    assert least < found.classes[1].hectares.value < most
    assert "20 points of 400 left out, because it could not be told" in found.warnings[0]


def test_points_that_nobody_judged_are_left_out_and_told(
    sample: Path, truth: NDArray[np.uint8], tmp_path: Path
) -> None:
    labels = judged(sample, truth, tmp_path / "labels.csv")
    table = pd.read_csv(labels, dtype=str)
    table.loc[300:, "reference"] = ""
    table.to_csv(labels, index=False)
    found = minenetcd.estimate_accuracy(sample, labels=labels)
    assert found.judged == 300 and "100 points of 400 not judged" in found.warnings[0]
    table.loc[(gpd.read_file(sample / "samples.gpkg")["stratum"] == "change").to_numpy(), "reference"] = ""
    table.to_csv(labels, index=False)
    with pytest.raises(DataError, match="At least 2 judged points are needed in each stratum, 'change' has 0 of"):
        minenetcd.estimate_accuracy(sample, labels=labels)


def test_a_stratum_without_an_error_is_told(sample: Path, change: NDArray[np.uint8], tmp_path: Path) -> None:
    found = minenetcd.estimate_accuracy(sample, labels=judged(sample, change, tmp_path / "labels.csv"))
    assert found.overall.value == 1 and found.overall.standard_error == 0
    assert len(found.warnings) == 3 and "take that as certain; up to 3 % of it" in " ".join(found.warnings)


def in_csv_of_the_sample(sample: Path, labels: Path) -> None:
    shutil.copy(labels, sample / "samples.csv")


def in_the_geopackage(sample: Path, labels: Path) -> None:
    points = gpd.read_file(sample / "samples.gpkg")
    points["reference"] = pd.read_csv(labels)["reference"]  # numbers, as a GIS makes of them
    points.to_file(sample / "samples.gpkg")


@pytest.mark.parametrize("fill_in", [in_csv_of_the_sample, in_the_geopackage])
def test_references_may_stand_in_the_samples_own_files(
    sample: Path, truth: NDArray[np.uint8], tmp_path: Path, fill_in: Callable[[Path, Path], None]
) -> None:
    labels = judged(sample, truth, tmp_path / "labels.csv")
    wanted = minenetcd.estimate_accuracy(sample, labels=labels)
    with pytest.raises(DataError, match="References are needed, nothing is filled in"):
        minenetcd.estimate_accuracy(sample)
    fill_in(sample, labels)
    found = minenetcd.estimate_accuracy(sample / "samples.gpkg")
    assert found.classes == wanted.classes
    in_csv_of_the_sample(sample, labels)
    in_the_geopackage(sample, labels)
    with pytest.raises(DataError, match=r"have some: say which \(--labels\)"):
        minenetcd.estimate_accuracy(sample)


def test_a_table_that_went_through_a_spreadsheet(sample: Path, truth: NDArray[np.uint8], tmp_path: Path) -> None:
    labels = judged(sample, truth, tmp_path / "labels.csv", unsure=(3,))
    wanted = minenetcd.estimate_accuracy(sample, labels=labels)
    table = pd.read_csv(labels, dtype=str).sample(frac=1, random_state=0)
    table["id"] = table["id"].astype(int)  # zeros in front are lost
    table["reference"] = table["reference"].map({"0": "No change", "1": "1.0", "u": "UNSURE"})
    table["comment"] = '\'=1, or "more"'
    table.to_csv(labels, index=False, sep=";", encoding="utf-8-sig", lineterminator="\r\n")
    assert minenetcd.estimate_accuracy(sample, labels=labels).classes == wanted.classes


Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.assign(reference=""), "has none: judge the points"),
        (lambda table: table.assign(reference="9"), r"References need to be 0 \(no change\), 1 \(change\) or u"),
        (lambda table: table.iloc[1:], "One row for each of 400 points is needed, .* lacks 0001"),
        (lambda table: pd.concat([table, table.iloc[:2]]), "repeats 0001, 0002"),
        (lambda table: pd.concat([table, table.iloc[:1].assign(id="9999")]), "has the unknown 9999"),
        (lambda table: table.assign(sample="s0123"), "References of the sample s.* has some of 's0123'"),
        (lambda table: table.assign(sample=""), "References of the sample s.* has some of 'none'"),
        (lambda table: table.drop(columns="sample"), "lacks 'sample'"),
        (lambda table: table.drop(columns="reference"), "lacks 'reference'"),
        (lambda table: table.iloc[:0, :0], "lacks 'id'"),
    ],
)
def test_tables_that_are_refused(
    sample: Path, truth: NDArray[np.uint8], tmp_path: Path, spoil: Change, message: str
) -> None:
    labels = judged(sample, truth, tmp_path / "labels.csv")
    spoil(pd.read_csv(labels, dtype=str)).to_csv(labels, index=False)
    with pytest.raises(DataError, match=message) as told:
        minenetcd.estimate_accuracy(sample, labels=labels)
    assert "\n" not in str(told.value)


def test_a_sample_that_was_changed_or_is_none(sample: Path, truth: NDArray[np.uint8], tmp_path: Path) -> None:
    labels = judged(sample, truth, tmp_path / "labels.csv")
    with pytest.raises(OptionError, match=r"between 0 and 1 is needed \(--error-below\), got 1"):
        minenetcd.estimate_accuracy(sample, labels=labels, error_below=1)
    with pytest.raises(DataError, match=r"labels.csv' cannot be read \(it is not there\)|there is no|is not there"):
        minenetcd.estimate_accuracy(sample, labels=tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"A sample is needed, .* holds no sample\.json"):
        minenetcd.estimate_accuracy(tmp_path)
    points = gpd.read_file(sample / "samples.gpkg")
    points.assign(map_class=1 - points["map_class"]).to_file(sample / "samples.gpkg")
    with pytest.raises(DataError, match="The points that were drawn are needed"):
        minenetcd.estimate_accuracy(sample, labels=labels)
    points.drop(columns="weight").to_file(sample / "samples.gpkg")
    with pytest.raises(DataError, match="needs the column 'weight', which was removed"):
        minenetcd.estimate_accuracy(sample, labels=labels)
    (sample / "samples.gpkg").write_bytes(b"no database")
    with pytest.raises(DataError, match=r"samples\.gpkg cannot be read"):
        minenetcd.estimate_accuracy(sample, labels=labels)
    for text in ("[]", '{"format": 1}', '{"format": 9}', "{"):
        (sample / "sample.json").write_text(text)
        with pytest.raises(DataError, match=r"sample\.json"):
            minenetcd.estimate_accuracy(sample, labels=labels)


def test_the_surest_change_is_certified(result: Path, tmp_path: Path) -> None:
    """Change of 0.7 and more is right, below it is all wrong."""
    found = drawn(result, tmp_path / "s", points=300, least=150, pictures=False)
    truth = np.zeros((60, 80), np.uint8)
    points = found.points
    truth[points["row"], points["col"]] = points["probability"] >= 0.7
    labels = judged(tmp_path / "s", truth, tmp_path / "labels.csv")
    estimate = minenetcd.estimate_accuracy(tmp_path / "s", labels=labels, error_below=0.1)
    assert estimate.certified is not None and estimate.certified.last is not None
    assert 0.65 < estimate.certified.last.confidence < 0.8
    assert 0 < estimate.certified.last.hectares < estimate.classes[1].mapped_hectares


class Links(HTMLParser):
    """What a page would fetch, and its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href")]


def test_what_is_written(raster: Path, truth: NDArray[np.uint8], tmp_path: Path) -> None:
    classes = (MapClass(0, "=no <b>change</b>"), MapClass(1, "change & more"))
    drawn(raster, tmp_path / "s", points=300, least=60, classes=classes, change=1)
    labels = judged(tmp_path / "s", truth, tmp_path / "labels.csv", unsure=(1, 2))
    found = minenetcd.estimate_accuracy(tmp_path / "s", labels=labels)
    written = write_estimate(found, tmp_path / "out")
    assert [path.name for path in written] == ["accuracy.json", "accuracy.html", "areas.csv", "error_matrix.csv"]
    stored = json.loads(written[0].read_text())
    assert stored == json.loads(json.dumps(as_json(found)))
    assert stored["classes"]["change & more"]["hectares"]["value"] == found.classes[1].hectares.value
    assert stored["points"] == {"judged": 298, "unsure": 2, "drawn": 300}
    page = written[1].read_text(encoding="utf-8")
    links = Links()
    links.feed(page)
    assert all(link.startswith("data:") for link in links.fetched) and "script" not in links.tags
    assert "&lt;b&gt;change" in page and "<b>change" not in page and "change &amp; more" in page
    areas = pd.read_csv(written[2])
    assert areas["class"].tolist() == ["'=no <b>change</b>", "change & more"]
    assert areas["estimated_ha"].tolist() == pytest.approx([each.hectares.value for each in found.classes])
    matrix = pd.read_csv(written[3])
    assert matrix.iloc[:, 1:3].to_numpy().tolist() == found.matrix.tolist()
