import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from minenetcd.cli.main import app
from minenetcd.configs.reading import list_configs, parse_overrides
from minenetcd.configs.schema import Settings
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.models.catalog import KNOWN_CONFIGURATIONS, list_models
from minenetcd.training.schedules import learning_rate
from minenetcd.training.settings import read_settings


def test_a_method_needs_no_file_and_minenetcd_has_one_name_a_backbone() -> None:
    assert set(list_models()) <= set(KNOWN_CONFIGURATIONS)
    assert read_settings("bit").model.model_dump() == {"name": "bit"}
    assert read_settings("minenetcd-vmamba-s").model.model_dump() == {
        "name": "minenetcd", "backbone": "vmamba_s", "change_fft": "channel",
    }  # fmt: skip
    with pytest.raises(UnknownNameError, match="did you mean 'minenetcd-swin-t'"):
        read_settings("minenetcd-swin-tt")


@pytest.mark.parametrize("name", [*list_configs(), *KNOWN_CONFIGURATIONS])
def test_every_shipped_configuration_is_complete(name: str) -> None:
    settings = read_settings(name)
    assert settings.data.name and settings.recipe.name == "strong" and settings.seed == 8888


def test_the_recipe_of_the_paper_is_one_word() -> None:
    recipe = read_settings("minenetcd-swin-t", **parse_overrides(["recipe=paper"])).recipe
    assert (recipe.optimiser, recipe.learning_rate, recipe.betas) == ("adam", 1e-4, (0.9, 0.99))
    assert (recipe.schedule, recipe.final_learning_rate, recipe.warmup_share) == ("cosine", 1e-7, 0)
    assert (recipe.batch_size, recipe.loss, recipe.augmentation, recipe.threshold) == (32, "bce", "none", 0.5)
    assert recipe.ema_decay is None and recipe.clip_norm is None and not recipe.auxiliary


def test_naming_a_recipe_brings_its_values_and_keys_beside_it_win() -> None:
    both = read_settings("minenetcd-compact", **parse_overrides(["recipe=paper", "recipe.batch_size=4"])).recipe
    assert both.learning_rate == 1e-4 and both.batch_size == 4 and both.steps is None
    assert read_settings("minenetcd-compact", **parse_overrides(["recipe.batch_size=4"])).recipe.steps == 4000


@pytest.mark.parametrize("typed", ["no", "'no'"])
def test_no_mixed_precision_needs_no_quotes(typed: str) -> None:
    settings = read_settings("minenetcd-nano", **parse_overrides([f"trainer.mixed_precision={typed}"]))
    assert settings.trainer.mixed_precision == "no"


def test_the_data_set_is_one_key() -> None:
    assert read_settings("bit", **parse_overrides(["data=levir-cd"])).data.name == "levir-cd"
    data = read_settings("bit", **parse_overrides(["data=x", "data.workers=0"])).data
    assert data.name == "x" and data.workers == 0


def test_the_embedded_detector_chooses_on_other_pairs_until_others_are_named() -> None:
    data = read_settings("minenetcd-nano").data
    assert data.val_name not in (None, data.name) and data.val_name.startswith("pasted:imagery")
    for changes in (["data=levir-cd"], ["data.name=levir-cd"], ["data.val_share=0.1"]):
        assert read_settings("minenetcd-nano", **parse_overrides(changes)).data.val_name is None
    both = ["data.val_name=b", "data.name=a"]
    assert read_settings("minenetcd-nano", **parse_overrides(both)).data.val_name == "b"


@pytest.mark.parametrize(
    ("override", "error", "message"),
    [
        ("recipe.lerning_rate=1", UnknownNameError, r"recipe\.lerning_rate.*did you mean 'recipe\.learning_rate'"),
        ("preprocessing.meen=[0,0,0]", UnknownNameError, r"'preprocessing\.meen': did you mean 'preprocessing\.mean'"),
        ("preprocessing.std=[0,1,1]", OptionError, "above 0"),
        ("trainr.keep=1", UnknownNameError, r"no configuration key 'trainr': did you mean 'trainer'"),
        ("recipe.loss=dize", UnknownNameError, "no loss 'dize': did you mean 'dice'"),
        ("recipe.optimiser=adamv", UnknownNameError, "no optimiser 'adamv': did you mean 'adam"),
        ("recipe.schedule=polly", UnknownNameError, "no schedule 'polly': did you mean 'poly'"),
        ("recipe.augmentation=stong", UnknownNameError, "no augmentation 'stong': did you mean 'strong'"),
        ("recipe.loss=my_losses:huber", OptionError, "'my_losses:huber' needs my_losses:huber .*: install or mend"),
        (
            "recipe.batch_size=0",
            OptionError,
            r"recipe\.batch_size .*greater than 0; got 0\): correct it, or leave it out",
        ),
        ("data.name=3", OptionError, r"data\.name \(.*; got 3\): correct it\."),
        ("threshold=1.5", OptionError, r"another threshold \(Threshold must .*, got 1\.5: try 0\.5\)\."),
        ("recipe=weak", OptionError, r"recipe\.name"),
        ("data.val_split=test", OptionError, "test split is read by 'minenetcd test' only"),
        ("data.train_split=test", OptionError, "test split is read by 'minenetcd test' only"),
        ("data.val_split=train", OptionError, "both 'train': name two splits, or set val_share"),
        (
            "data={name: a, val_name: b, val_share: 0.1}",
            OptionError,
            "val_name and val_share both say which pairs choose: leave one out",
        ),
        ("data={name: a, val_name: a, val_split: train}", OptionError, "both 'train': name two splits"),
        ("recipe.betas=[0.9,1]", OptionError, r"recipe\.betas\.1 .*less than 1; got 1\)"),
        ("recipe.learning_rate=.inf", OptionError, r"recipe\.learning_rate .*finite number; got inf\)"),
        ("recipe.weight_decay=.nan", OptionError, r"recipe\.weight_decay .*finite number; got nan\)"),
        ("recipe.milestones=[0.5,1]", OptionError, "between 0 and 1"),
        ("recipe.threshold=1.5", OptionError, "between 0 and 1"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(override: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        read_settings("bit", **parse_overrides([override]))
    assert "\n" not in str(caught.value)


def test_the_schema_describes_every_key(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    result = CliRunner().invoke(app, ["config", "schema", "--out", str(path)])
    assert result.exit_code == 0, result.output
    schema = json.loads(path.read_text())
    assert set(schema["properties"]) == set(Settings.model_fields)
    recipe = schema["$defs"]["Recipe"]["properties"]
    assert "learning_rate" in recipe and "dice" in recipe["loss"]["anyOf"][0]["enum"]


def test_a_configuration_is_shown_whole() -> None:
    result = CliRunner().invoke(app, ["config", "show", "bit", "recipe=paper"])
    assert "name: bit" in result.output and "final_learning_rate: 1.0e-07" in result.output
    assert "minenetcd-nano" in CliRunner().invoke(app, ["config", "list"]).output


def test_the_recipe_of_bit_in_the_documentation_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/training.md").read_text(encoding="utf-8")
    text = next(block for block in re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL) if "optimiser: sgd" in block)
    (tmp_path / "bit.yaml").write_text(text)
    recipe = read_settings(tmp_path / "bit.yaml").recipe
    rates = [learning_rate(epoch, 201, recipe) for epoch in range(200)]
    assert rates == pytest.approx([0.01 * (1 - epoch / 200) for epoch in range(200)])
    assert (recipe.optimiser, recipe.momentum, recipe.loss) == ("sgd", 0.99, "ce")
