from pathlib import Path

import pytest

from minenetcd.backbones.catalog import BACKBONES
from minenetcd.configs.reading import list_configs, merge, parse_overrides, read_config
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.models.catalog import KNOWN_CONFIGURATIONS, list_models


@pytest.mark.parametrize("name", [*list_configs(), *KNOWN_CONFIGURATIONS])
def test_every_shipped_configuration_is_whole(name: str) -> None:
    config = read_config(name, KNOWN_CONFIGURATIONS)
    assert {"model", "preprocessing", "threshold"} <= set(config) and "base" not in config


def test_a_known_name_is_the_base_with_its_model_alone() -> None:
    base = read_config("base")
    for name in set(list_models()) - {"minenetcd"}:
        assert read_config(name, KNOWN_CONFIGURATIONS) == {**base, "model": {"name": name}}
    for backbone in BACKBONES:
        model = {"name": "minenetcd", "backbone": backbone, "change_fft": "channel"}
        name = f"minenetcd-{backbone.replace('_', '-')}"
        assert read_config(name, KNOWN_CONFIGURATIONS) == {**base, "model": model}


def test_a_file_inherits_from_a_shipped_one_key_by_key(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: minenetcd-compact\nmodel: {num_classes: 1}\nthreshold: 0.3\n")
    config = read_config(path)
    assert config["model"]["backbone"] == "resnet_nano" and config["model"]["num_classes"] == 1
    detector = ChangeDetector.from_config(path)
    assert detector.threshold == 0.3 and detector.model.config["num_classes"] == 1


def test_a_file_called_as_the_shipped_one_it_changes_is_not_its_own_base(tmp_path: Path) -> None:
    (tmp_path / "bit.yaml").write_text("base: bit\nthreshold: 0.3\n")
    known = KNOWN_CONFIGURATIONS
    assert read_config(tmp_path / "bit.yaml", known) == {**read_config("bit", known), "threshold": 0.3}
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.yaml").write_text(f"base: {other}\n")
    with pytest.raises(OptionError, match=r"cannot be its own base, got a\.yaml -> b\.yaml -> a\.yaml"):
        read_config(tmp_path / "a.yaml")


def test_naming_another_model_drops_the_options_of_the_base() -> None:
    merged = merge(read_config("base"), {"model": {"name": "snunet", "width": 16}})
    assert merged["model"] == {"name": "snunet", "width": 16}


def test_another_data_set_or_a_share_leaves_out_what_the_base_chooses_on() -> None:
    base = {"data": {"name": "one", "val_name": "other", "workers": 1}}
    assert merge(base, {"data": {"name": "new"}})["data"] == {"name": "new", "workers": 1}
    assert merge(base, {"data": {"val_share": 0.1}})["data"] == {"name": "one", "val_share": 0.1, "workers": 1}
    assert merge(base, {"data": {"workers": 0}})["data"] == {**base["data"], "workers": 0}
    named = {"name": "new", "val_name": "new other"}
    assert merge(base, {"data": named})["data"] == {**named, "workers": 1}
    assert merge({"data": {"val_name": "other"}}, {"data": {"name": "one"}})["data"]["val_name"] == "other"


def test_what_is_wrong_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'minenetcd-nano'"):
        read_config("minenetcd-nanno")
    for text, message in (("a: [1, 2", "needs to be YAML"), ("- 1\n- 2\n", "keys and values, got list")):
        path = tmp_path / "wrong.yaml"
        path.write_text(text)
        with pytest.raises(OptionError, match=message) as caught:
            read_config(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(OptionError, match="no option 'bakbone'"):
        ChangeDetector.from_config("minenetcd-compact", model={"bakbone": "swin_t"})


def test_overrides_are_read_as_yaml_by_dotted_path() -> None:
    parsed = parse_overrides(["recipe.steps=5", "recipe.loss=bce", "threshold=0.4", "pretrained_backbone=false"])
    assert parsed == {"recipe": {"steps": 5, "loss": "bce"}, "threshold": 0.4, "pretrained_backbone": False}
    with pytest.raises(OptionError, match="form key=value"):
        parse_overrides(["recipe.steps"])
