"""Training files of the earlier framework are read as they are and mean the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from minenetcd.configs.schema import Settings
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.training.settings import read_settings


def file(folder: Path, **changes: Any) -> Path:
    """BIT on LEVIR-CD as the framework ships it, with changes."""
    config: dict[str, Any] = {
        "device": "cuda",
        "model_name": "BIT",
        "dataset_name": "LEVIRCD256",
        "data_type": "HG",
        "dataset_path": "ericyu/LEVIRCD_Cropped256",
        "input_nc": 3,
        "num_classes": 2,
        "push_to_hub": False,
        "train": {
            "epochs": 100,
            "batch_size": 16,
            "lr": 0.0001,
            "loss": "CrossEntropy",
            "optim": "Adam",
            "snapshots_dir": "./checkpoints/",
            "save_intervals": 10,
        },
        "eval": {"batch_size": 32},
        "test": {"batch_size": 32, "checkpoint": "x", "save_path": "./results/", "use_external_checkpoint": False},
    }
    for key, value in changes.items():
        config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
        if value is None:
            del config[key]
    path = folder / "their.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def read(folder: Path, **changes: Any) -> Settings:
    return read_settings(file(folder, **changes))


def test_a_file_means_what_it_meant(tmp_path: Path) -> None:
    settings = read(tmp_path)
    recipe = settings.recipe
    assert settings.model.name == "bit" and settings.data.name == "ericyu/LEVIRCD_Cropped256"
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.loss) == (100, 16, 1e-4, "ce")
    assert (recipe.optimiser, recipe.betas, recipe.schedule) == ("adam", (0.9, 0.999), "constant")
    assert (recipe.augmentation, recipe.auxiliary, recipe.threshold) == ("none", False, 0.5)
    assert recipe.ema_decay is None and recipe.clip_norm is None and recipe.warmup_share == 0
    assert settings.trainer.validate_epochs == 10 and settings.seed == 8888 and settings.device == "cuda"
    assert tuple(settings.preprocessing.mean) == (0, 0, 0) and tuple(settings.preprocessing.std) == (1, 1, 1)


@pytest.mark.parametrize(
    ("theirs", "ours", "auxiliary"),
    [
        ("BCE", "bce", False),
        ("CrossEntropy", "ce", False),
        ("Dice", "bce_dice", False),
        ("DiceFocal", "dice_focal", False),
        ("integrated", "ce", True),
    ],
)
def test_losses(tmp_path: Path, theirs: str, ours: str, auxiliary: bool) -> None:
    recipe = read(tmp_path, train={"loss": theirs}).recipe
    assert recipe.loss == ours and recipe.auxiliary is auxiliary


def test_optimisers_and_schedules(tmp_path: Path) -> None:
    tiny = read(tmp_path, model_name="Tiny_CD", train={"optim": "AdamW", "weight_decay": 0.0094}).recipe
    assert tiny.optimiser == "adamw" and tiny.weight_decay == 0.0094
    ignored = read(tmp_path, train={"weight_decay": 0.5}).recipe  # Adam took none there
    assert ignored.weight_decay == 0
    cosine = read(tmp_path, train={"lr_scheduler": "cosine"}).recipe
    assert cosine.schedule == "cosine" and cosine.final_learning_rate == 0


def test_minenetcd_normalises_and_starts_from_published_weights(tmp_path: Path) -> None:
    test = {"use_external_checkpoint": True, "external_checkpoint": "ericyu/weights", "checkpoint_type": "HG"}
    settings = read(
        tmp_path,
        model_name="MineNetCD",
        transform=["normalize"],
        test=test,
        model={"type": "HG", "backbone_type": "Swin_Diff_T"},
    )
    assert settings.start_from == "ericyu/weights" and settings.preprocessing.mean[0] == 0.485
    assert settings.model.options["change_fft"] == "spatial"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"train": {"optimizer": "Adam"}}, UnknownNameError, r"'train\.optimizer': did you mean 'train\.optim'"),
        ({"dataset_pth": "x"}, UnknownNameError, "did you mean 'dataset_path'"),
        ({"model_name": "BITT"}, UnknownNameError, "did you mean 'BIT'"),
        ({"train": {"loss": "Huber"}}, UnknownNameError, "no loss of the earlier framework 'Huber'"),
        ({"train": {"optim": "AdamW"}}, OptionError, r"needs 'train\.weight_decay'"),
        ({"dataset_path": None}, OptionError, "needs 'dataset_path'"),
        ({"train": None}, OptionError, "needs 'train'"),
    ],
)
def test_what_it_would_have_ignored_or_stumbled_over_is_an_error(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(tmp_path, **changes)
