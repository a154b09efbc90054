"""Results found in folders, and what they are called."""

import shutil
from pathlib import Path

import pytest

from minenetcd.errors import InputError
from minenetcd.web.serving.found import catalogue as looking
from minenetcd.web.serving.found.catalogue import Catalogue, check_roots, find
from minenetcd.web.serving.options import ServeOptions
from minenetcd.web.serving.problems import NotThere


def test_every_kind_is_found_from_above_and_by_itself(results: Path) -> None:
    found = find([results])
    assert set(found.series) == {"results-mine"} and set(found.tables) == {"results-mines"}
    assert {id for id, each in found.results.items() if not each.of_series} == {
        "results-one", "results-picture", "results-mines-north", "results-mines-south",
    }  # fmt: skip
    assert set(find([results / "mine"]).series) == {"mine"}
    assert set(find([results / "one"]).results) == {"one"}


def test_results_of_one_name_have_ids_of_their_own_that_stay(tmp_path: Path, results: Path) -> None:
    for place in ("a", "b"):
        shutil.copytree(results / "one", tmp_path / place / "change")
    roots = [tmp_path / "a/change", tmp_path / "b/change"]
    found = find(roots)
    assert len(found.results) == 2 and all(id.startswith("change-") for id in found.results)
    again = find(roots[::-1])
    assert {id: each.folder for id, each in found.results.items()} == {
        id: each.folder for id, each in again.results.items()
    }
    assert len(find([roots[0], roots[0]]).results) == 1


def test_a_result_that_comes_is_found(tmp_path: Path, results: Path) -> None:
    catalogue = Catalogue([tmp_path])
    with pytest.raises(NotThere):
        catalogue.result(f"{tmp_path.name}-new")
    shutil.copytree(results / "one", tmp_path / "new")
    catalogue.look_again()
    id = next(iter(catalogue.contents.results))
    assert catalogue.result(id).folder == tmp_path / "new"


def test_of_too_many_folders_the_upper_ones_are_looked_through_and_that_is_said(
    tmp_path: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / "a" / f"{number}").mkdir(parents=True)
    shutil.copytree(results / "one", tmp_path / "z")
    assert find([tmp_path]).is_all and not find([tmp_path]).warnings
    monkeypatch.setattr(looking, "MOST_FOLDERS", 10)
    found = find([tmp_path])
    assert [each.folder for each in found.results.values()] == [tmp_path / "z"]
    assert not found.is_all and "the first 10 were looked through" in found.warnings[0]


def test_what_is_known_is_given_without_looking_and_what_is_gone_is_not(tmp_path: Path, results: Path) -> None:
    shutil.copytree(results / "one", tmp_path / "one")
    catalogue = Catalogue([tmp_path])
    (id,) = catalogue.contents.results
    shutil.copytree(results / "one", tmp_path / "two")
    catalogue.look_again()
    assert catalogue.result(id).folder == tmp_path / "one"
    assert len(catalogue.contents.results) == 2
    shutil.rmtree(tmp_path / "one")
    catalogue.look_again()
    with pytest.raises(NotThere):
        catalogue.result(id)


def test_what_holds_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds none"):
        check_roots([tmp_path])
    with pytest.raises(InputError, match="there is no folder"):
        check_roots([tmp_path / "none"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": "short"}, "A token needs 16"),
        ({"token": "with a blank in the middle"}, "A token needs 16"),
        ({"port": 70_000}, "A port is a number"),
        ({"host": "http://x"}, "A name or address"),
        ({"max_upload_mb": float("nan")}, "must be positive"),
        ({"max_pixels": 0}, "must be positive"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        ServeOptions(**options)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.1.2.3", True),
        ("0.0.0.0", False),
        ("mine.example", False),
    ],
)
def test_this_machine_is_told_from_others(host: str, is_here: bool) -> None:
    assert ServeOptions(host=host).is_for_this_machine == is_here
