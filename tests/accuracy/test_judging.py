"""Points judged one by one, into samples.gpkg, which an estimate takes as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import minenetcd
from accuracy.conftest import drawn
from minenetcd.accuracy.judging import Judging, Said
from minenetcd.errors import DataError, OptionError, OutputPathError


@pytest.fixture
def sample(result: Path, tmp_path: Path) -> Path:
    return drawn(result, tmp_path / "accuracy", points=20, least=10, pictures=False).folder


def test_what_is_said_is_kept_and_taken_back(sample: Path) -> None:
    judging = Judging(sample)
    first, second = judging.sample.points["id"].iloc[:2]
    judging.say({first: Said("1", "a  new\npit"), second: Said("unsure", "")})
    assert Judging(sample).said() == {first: Said("1", "a new pit"), second: Said("u", "")}
    judging.say({first: Said("", "")})
    assert judging.said() == {second: Said("u", "")}


def test_an_estimate_takes_the_folder_as_it_is(sample: Path) -> None:
    judging = Judging(sample)
    points = judging.sample.points
    codes = [str(code) for code in points["map_class"]]
    judging.say({id: Said(code, "") for id, code in zip(points["id"], codes, strict=True)})
    found = minenetcd.estimate_accuracy(sample)
    assert found.overall.value == 1
    assert sqlite_is_whole(sample / "samples.gpkg")
    again = gpd.read_file(sample / "samples.gpkg").drop(columns=["reference", "geometry"])
    assert again["weight"].sum() > 0
    with pytest.raises(OutputPathError, match="holds references"):
        drawn(sample.parent / "change", sample, points=20, least=10, pictures=False)


@pytest.mark.parametrize(
    ("point", "said", "says"),
    [
        ("9999", Said("1", ""), "no point '9999'"),
        ("", Said("2", ""), "An answer is"),
        ("", Said("1", "x" * 501), "501"),
    ],
)
def test_what_is_no_answer_is_refused(sample: Path, point: str, said: Said, says: str) -> None:
    judging = Judging(sample)
    with pytest.raises(OptionError, match=says):
        judging.say({point or judging.sample.points["id"].iloc[0]: said})
    assert judging.said() == {}


def test_answers_in_two_tables_are_refused(sample: Path) -> None:
    table = pd.read_csv(sample / "samples.csv", dtype=str)
    table.loc[0, "reference"] = "1"
    table.to_csv(sample / "samples.csv", index=False)
    with pytest.raises(DataError, match="One table of references"):
        Judging(sample)


def test_a_damaged_sample_is_one_line_that_says_how_to_go_on(sample: Path) -> None:
    judging = Judging(sample)
    (sample / "samples.gpkg").write_bytes(b"no database" * 1000)
    for ask in (judging.said, lambda: judging.say({judging.sample.points["id"].iloc[0]: Said("1", "")})):
        with pytest.raises(DataError, match="damaged or no sample; take the one that was written") as refused:
            ask()
        assert "\n" not in str(refused.value) and "predict" not in str(refused.value)


def sqlite_is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))
