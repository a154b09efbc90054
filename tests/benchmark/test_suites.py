"""Suites as read, and the cells they come to."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.suites import list_suites, read_suite
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.evaluation.beside import list_beside
from minenetcd.models.catalog import list_models
from minenetcd.weights.published import published_ids

SIZES = {
    "all-datasets": 8 * 6, "paper-ablation": 9 * 2, "paper-backbones": 9, "paper-table2": 13, "synthetic-small": 5,
}  # fmt: skip


def small(**changes: Any) -> dict[str, Any]:
    shape = {"methods": ["bit", "tinycd"], "datasets": ["some/data"], "beside": []}
    return {"name": "small", **shape, **changes}


def cells(**changes: Any) -> list[Cell]:
    return expand(read_suite(small(**changes)))


def test_ready_suites_are_those_that_are_promised() -> None:
    assert {name: len(expand(read_suite(name, beside=[]))) for name in list_suites()} == SIZES


def test_beside_the_methods_of_each_data_set_stand_those_without_training_once() -> None:
    found = cells(datasets=["some/data", "other/pairs"], seeds=[1, 2], recipes=["paper", "strong"], beside=None)
    beside = [cell for cell in found if cell.beside]
    for dataset in ("some/data", "other/pairs"):
        assert [cell.label for cell in beside if cell.data == dataset] == list_beside()
    assert {(cell.weights, cell.seed, cell.recipe, cell.run_id) for cell in beside} == {("none", None, "", None)}
    assert len(found) == 2 * 2 * 2 * 2 + 2 * 6
    some = cells(beside=["irmad", "everything changed"])
    assert [cell.label for cell in some if cell.beside] == ["irmad", "everything changed"]
    with pytest.raises(UnknownNameError, match="There is no row to stand beside 'irmadd': did you mean 'irmad'"):
        cells(beside=["irmadd"])


def test_a_detector_without_training_is_a_method_like_any_other() -> None:
    rules = {"config": "irmad", "options": {"threshold_rule": ["otsu", "k-means"]}}
    found = cells(methods=["bit", rules, "cva"], beside=None, settings={"model": {"token_length": 2}}, weights="train")
    methods = [cell for cell in found if not cell.beside]
    assert [cell.label for cell in methods] == [
        "BIT", "irmad, threshold_rule otsu", "irmad, threshold_rule k-means", "cva",
    ]  # fmt: skip
    assert methods[1].model == {"name": "irmad", "threshold_rule": "otsu"} and methods[3].model == {"name": "cva"}
    assert [cell.label for cell in found if cell.beside] == [name for name in list_beside() if name != "cva"]
    assert len({cell.id for cell in found}) == len(found)
    with pytest.raises(OptionError, match="irmad needs no weights, got 'published': leave weights out"):
        cells(methods=[{"config": "irmad", "weights": "published"}])
    with pytest.raises(OptionError, match="cva takes the options threshold_rule, smooth"):
        cells(methods=[{"config": "cva", "options": {"passes": 3}}])


@pytest.mark.parametrize("name", ["paper-table2", "paper-backbones", "paper-ablation"])
def test_all_of_the_papers_rows_have_published_weights(name: str) -> None:
    found = expand(read_suite(name, weights="published", beside=[]))
    assert all(cell.weights in published_ids(cell.model["name"]) for cell in found)
    assert len({cell.weights for cell in found}) == len(found) == SIZES[name]


def test_published_weights_follow_trunk_and_change_fft() -> None:
    found = {cell.label: cell.weights for cell in expand(read_suite("paper-ablation", weights="published", beside=[]))}
    assert found["VMamba-S, without ChangeFFT"] == "ericyu/minenetcd-upernet-VSSM-S-ST-Diff-Pretrained"
    assert found["ResNet-50, ChangeFFT"].endswith("ResNet_Diff_50_Pretrained_ChannelMixing_Dropout")
    assert found["Swin-T, ChangeFFT"] == "HZDR-FWGEL/UCD-MNCD256-ChangeFFT"


def test_rows_of_the_ablation_stand_in_families() -> None:
    found = expand(read_suite("paper-ablation", beside=[]))
    assert list(dict.fromkeys(cell.group for cell in found)) == ["VMamba", "Swin Transformer", "ResNet"]
    assert found[0].label == "VMamba-T, ChangeFFT" and found[1].model["change_fft"] == "none"


def test_suites_share_what_they_train_in_common() -> None:
    runs = {name: {cell.run_id for cell in expand(read_suite(name, beside=[]))} for name in SIZES}
    assert runs["paper-backbones"] < runs["paper-ablation"]
    assert len(runs["paper-table2"] & runs["paper-backbones"]) == 1  # Swin-T with ChangeFFT


@given(
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
    recipes=st.lists(st.sampled_from(["paper", "strong"]), min_size=1, max_size=2, unique=True),
    methods=st.lists(st.sampled_from(list_models()), min_size=1, max_size=4, unique=True),
)
@settings(max_examples=15, deadline=None)
def test_a_suite_is_the_product_of_its_lists(seeds: list[int], recipes: list[str], methods: list[str]) -> None:
    configs = ["minenetcd-swin-t" if name == "minenetcd" else name for name in methods]
    found = cells(methods=configs, seeds=seeds, recipes=recipes)
    assert len({cell.id for cell in found}) == len({cell.run_id for cell in found}) == len(found)
    assert {(cell.model["name"], cell.seed, cell.recipe) for cell in found} == {
        (name, seed, recipe) for name in methods for seed in seeds for recipe in recipes
    }
    assert [cell.seed for cell in found] == sorted((cell.seed for cell in found), key=seeds.index)


def test_loaded_weights_are_tested_once_whatever_recipes_and_seeds_there_are() -> None:
    found = cells(
        methods=["bit", {"config": "tinycd", "weights": "runs/tiny"}], seeds=[1, 2], recipes=["paper", "strong"]
    )
    loaded = [cell for cell in found if not cell.is_trained_here]
    assert len(found) == 2 * 2 + 1 and loaded[0].seed is None and loaded[0].recipe == ""


def test_ids_change_with_what_decides_the_result_alone() -> None:
    first = cells()[0]
    same = cells(
        settings={"data": {"workers": 7}, "device": "cuda", "trainer": {"keep": 5, "trackers": []}}, title="T"
    )[0]
    assert (same.id, same.run_id) == (first.id, first.run_id)
    for change in ({"seeds": [1]}, {"settings": {"recipe": {"epochs": 3}}}, {"datasets": ["other/data"]}):
        other = cells(**change)[0]
        assert other.run_id != first.run_id and other.hash != first.hash
    tested = cells(test={"threshold": 0.3})[0]
    assert tested.run_id == first.run_id and tested.hash != first.hash


def test_ids_are_those_of_0_2() -> None:
    """So that a folder of results begun then goes on."""
    digests = {name: expand(read_suite(name))[0] for name in ("paper-table2", "synthetic-small")}
    assert {name: (cell.hash, cell.run_id, cell.twin) for name, cell in digests.items()} == {
        "paper-table2": ("cde05de337", "a2net-7626e80e32", "d830629ec5"),
        "synthetic-small": ("e2c47aed09", "fc_ef-2ead576a18", "e33b2aecfa"),
    }


def test_labels_in_any_script_have_files_of_their_own() -> None:
    found = cells(methods=[{"config": "bit", "label": "矿山"}, {"config": "fc_ef", "label": "矿区"}])
    assert len({cell.row for cell in found}) == 2 and all(cell.row.isascii() for cell in found)


def test_rows_are_twins_where_they_differ_in_change_fft_alone() -> None:
    forms = {"config": "minenetcd-compact", "options": {"change_fft": ["channel", "none"]}}
    shorter = {"label": "shorter", "settings": {"recipe": {"steps": 3}}}
    embedded = {"config": "minenetcd-nano", "label": "embedded", "weights": "minenetcd-nano"}
    with_fft, without, *others = cells(methods=[forms, {**forms, **shorter}, embedded, "bit"])
    assert with_fft.twin == without.twin
    assert others[0].twin == others[1].twin != with_fft.twin
    assert len({cell.twin for cell in (with_fft, *others)}) == 4
    assert {cell.twin for cell in cells(methods=[forms], seeds=[5])} == {with_fft.twin}


def test_weights_in_a_folder_that_are_trained_anew_are_another_cell(tmp_path: Path) -> None:
    method = {"config": "bit", "weights": str(tmp_path)}
    ids = []
    for content in (b"first", b"second", b"first"):
        (tmp_path / "model.safetensors").write_bytes(content)
        ids.append(cells(methods=[method])[0].id)
    assert ids[0] == ids[2] != ids[1]


def test_own_choices_win_over_those_of_the_suite() -> None:
    method = {"config": "bit", "settings": {"trainer": {"patience": 3}}}
    shared = {"trainer": {"patience": 9, "validate_epochs": 2}, "recipe": {"epochs": 7, "batch_size": 2}}
    cell = cells(methods=[method], settings=shared, recipes=[{"name": "paper", "batch_size": 4, "label": "own"}])[0]
    assert (cell.settings.trainer.patience, cell.settings.trainer.validate_epochs) == (3, 2)
    recipe = cell.settings.recipe
    assert (recipe.name, recipe.epochs, recipe.batch_size, recipe.optimiser) == ("paper", 7, 4, "adam")
    assert cell.recipe == "own"


def test_cells_travel_as_json() -> None:
    import json

    for cell in expand(read_suite("synthetic-small")):
        assert Cell.from_json(json.loads(json.dumps(cell.as_json()))) == cell


def test_a_file_of_ones_own_is_read_and_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("methods: [bit]\ndatasets: [some/data]\n")
    assert read_suite(path).name == "mine"
    assert read_suite(path, seeds=[1, 2]).seeds == (1, 2)


def test_what_does_not_fit_is_told_in_one_line() -> None:
    with pytest.raises(UnknownNameError, match="There is no suite 'paper-tabel2': did you mean 'paper-table2'"):
        read_suite("paper-tabel2")
    with pytest.raises(UnknownNameError, match="There is no configuration key 'wieghts': did you mean 'weights'"):
        read_suite(small(wieghts="published"))
    with pytest.raises(UnknownNameError, match=r"'methods\.0\.lable': did you mean 'methods\.0\.label'"):
        read_suite(small(methods=[{"config": "bit", "lable": "B"}]))
    with pytest.raises(OptionError, match=r"A suite needs a list of seeds, got 3: write seeds: \[3\]"):
        read_suite(small(seeds=3))
    with pytest.raises(OptionError, match="seeds holds a value twice"):
        read_suite(small(seeds=[1, 1]))
    with pytest.raises(OptionError, match="Two rows of the suite have the label 'BIT'"):
        cells(methods=["bit", {"config": "bit", "settings": {"seed": 3}}])
    with pytest.raises(OptionError, match="Two data sets of the suite have the label 'pairs': give each"):
        cells(datasets=["p/pairs", "q/pairs"])
    with pytest.raises(OptionError, match=r"Two data sets .* the label 'CD a' and 'CD \(a\)', which name one file"):
        cells(datasets=[{"name": "p", "label": "CD (a)"}, {"name": "q", "label": "CD a"}])
    with pytest.raises(OptionError, match="Two recipes of the suite have the label 'short'"):
        cells(recipes=[{"label": "short", "steps": 5}, {"label": "short", "steps": 6}])
    with pytest.raises(OptionError, match="quantiles"):
        read_suite(small(samples={"quantiles": [1.5]}))
    with pytest.raises(UnknownNameError, match="no configuration 'bitt'"):
        cells(methods=["bitt"])
    with pytest.raises(OptionError, match="test split is read by 'minenetcd test' only"):
        cells(datasets=[{"name": "some/data", "val_split": "test"}])
