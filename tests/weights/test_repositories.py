"""The authors' repositories, in their exact layout on disk: what does not fit, configurations, MineNetCD's own."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import UnknownNameError, WeightsError
from minenetcd.weights.maps.minenetcd import RELEASED
from minenetcd.weights.published import published_ids, read_published
from parity.golden import Golden, golden_pair, load_golden
from parity.loading import about_to_be_loaded
from parity.repositories import (
    framework_config,
    golden_probability,
    prefixed,
    published_golden,
    published_tensors,
    write_repository,
)

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def tiny_repository(folder: Path, *, config: dict[str, Any] | None = None, **changes: Tensor | None) -> Path:
    """TinyCD's repository in `folder`; `changes` replace, add, or (None) remove tensors by published name."""
    tensors = published_tensors(published_golden("Tiny_CD")) | changes
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    return write_repository(folder, config or framework_config("Tiny_CD"), prefixed("CD_model.", kept))


def test_a_tensor_stored_under_two_names_is_found(tmp_path: Path) -> None:
    """safetensors keeps one copy and lists the other name in the metadata."""
    tensors = prefixed("CD_model.", published_tensors(published_golden("FC-EF")))
    kept, alias = "CD_model.bn12.weight", "CD_model.bn11.weight"
    del tensors[alias]
    shared = write_repository(tmp_path, framework_config("FC-EF"), tensors, aliases={alias: kept, "format": "pt"})
    state = ChangeDetector.from_pretrained(shared).model.state_dict()
    assert torch.equal(state["encoder.level1.unit1.norm.weight"], tensors[kept])
    assert torch.equal(state["encoder.level1.unit2.norm.weight"], tensors[kept])


def test_scores_travel_with_a_published_id() -> None:
    provenance = read_published(framework_config("BIT")).provenance("HZDR-FWGEL/UCD-MNCD256-BIT")
    assert provenance.metrics["f1, as published"] == "0.6227"
    assert "test split" in provenance.limits
    assert not read_published(framework_config("BIT")).provenance("/a/folder").metrics


def test_a_published_detector_saved_again_is_the_same(tmp_path: Path) -> None:
    detector = ChangeDetector.from_pretrained(tiny_repository(tmp_path / "theirs"))
    detector.save_pretrained(tmp_path / "ours")
    again = ChangeDetector.from_pretrained(tmp_path / "ours")
    assert again.describe() == detector.describe()
    before, after = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(again.probability(before, after), detector.probability(before, after))


# --- what does not fit ---


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'trunk\.1\.0\.block\.0\.0\.weight'.*lack"):
        ChangeDetector.from_pretrained(tiny_repository(tmp_path, **{"_backbone.1.0.block.0.0.weight": None}))


def test_a_tensor_too_many_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'auxiliary\.weight' has no place"):
        ChangeDetector.from_pretrained(tiny_repository(tmp_path, **{"auxiliary.weight": torch.zeros(1)}))


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    name = "_backbone.1.0.block.0.0.weight"
    with pytest.raises(WeightsError, match=r"'trunk\.1\.0\.block\.0\.0\.weight' of shape .* \(2, 2\)"):
        ChangeDetector.from_pretrained(tiny_repository(tmp_path, **{name: torch.zeros(2, 2)}))


def test_weights_of_another_method_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="'_backbone"):
        ChangeDetector.from_pretrained(tiny_repository(tmp_path, config=framework_config("FC-EF")))


def test_a_pickle_with_code_is_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"

    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (witness,)

    folder = write_repository(
        tmp_path / "model", framework_config("Tiny_CD"), {"CD_model.x": Harm()}, file_name="pytorch_model.bin"
    )
    with pytest.raises(WeightsError, match="code in them is not run") as caught:
        ChangeDetector.from_pretrained(folder)
    assert "\n" not in str(caught.value)
    assert not witness.exists()


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"state_dict": {"x": torch.zeros(1)}}, torch.zeros(1), 7])
def test_a_pickle_of_anything_but_tensors_by_name_is_refused(tmp_path: Path, content: Any) -> None:
    folder = write_repository(tmp_path, framework_config("Tiny_CD"), content, file_name="pytorch_model.bin")
    with pytest.raises(WeightsError, match="tensors by name"):
        ChangeDetector.from_pretrained(folder)


@pytest.mark.parametrize("file_name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"<html>404</html>", b"version https://git-lfs", b"PK\3\4xxxx"])
def test_damaged_weights_are_one_line(tmp_path: Path, file_name: str, content: bytes) -> None:
    (tmp_path / "config.json").write_text(json.dumps(framework_config("Tiny_CD")))
    (tmp_path / file_name).write_bytes(content)
    with pytest.raises(WeightsError, match=file_name) as caught:
        ChangeDetector.from_pretrained(tmp_path)
    assert "\n" not in str(caught.value)


def test_truncated_weights_are_refused(tmp_path: Path) -> None:
    for file_name in ("model.safetensors", "pytorch_model.bin"):
        tensors = prefixed("CD_model.", published_tensors(published_golden("Tiny_CD")))
        folder = write_repository(tmp_path / file_name, framework_config("Tiny_CD"), tensors, file_name=file_name)
        whole = (folder / file_name).read_bytes()
        (folder / file_name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(WeightsError, match=r"damaged|cannot be read"):
            ChangeDetector.from_pretrained(folder)


# --- configurations ---


def test_a_method_that_nobody_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'SNUNet'"):
        read_published({"model_name": "SNUnet"})
    with pytest.raises(UnknownNameError):
        read_published({"model_name": 3})


def test_the_configuration_chooses_the_normalisation() -> None:
    plain = framework_config("BIT")
    for transform in (["normalize"], "normalize"):
        assert read_published(plain | {"transform": transform}).mean == IMAGENET[0]
    for transform in ([], None):
        assert read_published(plain | {"transform": transform}).std == (1.0, 1.0, 1.0)
    with pytest.raises(WeightsError, match="transform 'resize'"):
        read_published(plain | {"transform": ["resize"]})


@pytest.mark.parametrize(
    ("label", "path", "data_set", "metres"),
    [
        ("MNCD512", "/data/MineNetCD_Cropped_256", "MineNetCD256", 1.2),
        ("MNCD512", "/data/MineNetCD_Cropped_512", "MineNetCD512", 1.2),
        ("EGY_BCD", "ericyu/EGY_BCD", "EGY-BCD", 0.25),
        ("CLCD256", "ericyu/CLCD_Cropped_256", "CLCD", None),
        ("MyMines", "/data/mines", "MyMines", None),
    ],
)
def test_the_data_set_is_the_one_trained_on(label: str, path: str, data_set: str, metres: float | None) -> None:
    config = framework_config("BIT") | {"dataset_name": label, "dataset_path": path}
    published = read_published(config)
    assert (published.trained_on, published.metres_per_pixel) == (data_set, metres)


def test_a_bare_configuration_is_enough() -> None:
    published = read_published({"model_name": "SiamUnet_diff"})
    assert (published.model, published.trained_on, published.recipe) == ("siamunet_diff", None, None)


# --- MineNetCD's own repositories ---


def released_config(golden: Golden) -> dict[str, Any]:
    """MineNetCD's own config.json: an UperNetConfig, for ResNet trunks with the Swin trunk of the base left in it."""
    construct = golden.facts["construct"]
    swin = load_golden("minenetcd_swin_b").facts["construct"]["backbone_config"]
    trunk = construct["backbone_config"] if "Swin" in construct["Backbone_type"] else swin
    return {
        "Backbone_type": construct["Backbone_type"],
        "architectures": ["UperNetForSemanticSegmentation"],
        "auxiliary_channels": 256,
        "auxiliary_in_channels": 384,
        "auxiliary_loss_weight": 0.4,
        "backbone_config": trunk,
        "channel_mixing": construct["channel_mixing"],
        "hidden_size": 512,
        "loss_ignore_index": 255,
        "model_type": "upernet",
        "pool_scales": [1, 2, 3, 6],
        "transformers_version": "4.46.2",
        "use_auxiliary_head": True,
    }


def assert_published_output(detector: ChangeDetector, golden: Golden) -> None:
    """Fed so that its normalisation gives the golden's images, the detector gives the golden's probability."""
    mean, std = (torch.tensor(x).view(1, -1, 1, 1) for x in (detector.preprocessing.mean, detector.preprocessing.std))
    with torch.inference_mode():
        ours = detector(*(date * std + mean for date in golden_pair()))
    torch.testing.assert_close(ours[:, ::4, ::4], golden_probability(golden), rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("swin_t_nofft", "model.safetensors"),
        ("resnet18", "pytorch_model.bin"),
        ("vmamba_t", "model.safetensors"),
        ("vmamba_t_nofft", "pytorch_model.bin"),
    ],
)
def test_released_minenetcd_gives_its_published_probability(tmp_path: Path, name: str, file_name: str) -> None:
    golden = load_golden(f"minenetcd_{name}")
    write_repository(tmp_path, released_config(golden), published_tensors(golden), file_name=file_name)
    with about_to_be_loaded():
        detector = ChangeDetector.from_pretrained(tmp_path)
    assert_published_output(detector, golden)
    assert (detector.preprocessing.mean, detector.preprocessing.std) == IMAGENET
    assert str(detector.provenance.trained_on) == "MineNetCD256"
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("backbone", ["swin_t", "swin_s", "swin_b", "resnet50", "vmamba_t", "vmamba_s", "vmamba_b"])
def test_the_trunk_is_the_released_one(backbone: str) -> None:
    config = released_config(load_golden(f"minenetcd_{backbone}"))
    assert read_published(config).options == {
        "backbone": backbone,
        "change_fft": "spatial",
        "num_classes": 2,
        "decoder_channels": 512,
        "auxiliary_channels": 256,
    }


def test_what_a_released_configuration_leaves_out_has_the_librarys_defaults() -> None:
    published = read_published({"Backbone_type": "Swin_Diff_T", "backbone_config": {"model_type": "swin"}})
    assert published.options["backbone"] == "swin_t"
    assert published.options["change_fft"] == "none"
    assert published.options["num_classes"] == 2


def test_trunks_that_were_never_released_are_errors() -> None:
    with pytest.raises(UnknownNameError, match="released trunk 'Swin_Diff_L'"):
        read_published({"Backbone_type": "Swin_Diff_L"})
    with pytest.raises(UnknownNameError, match="did you mean 'VSSM_T_ST_Diff'"):
        read_published({"Backbone_type": "VSSM_T_Diff"})
    with pytest.raises(WeightsError, match="width and depths"):
        read_published({"Backbone_type": "Swin_Diff_T", "backbone_config": {"embed_dim": 192}})


def test_released_ids_are_listed_once() -> None:
    assert len(set(RELEASED.values())) == len(RELEASED) == 18
    ids = published_ids("minenetcd")
    assert ids[0] == "HZDR-FWGEL/UCD-MNCD256-ChangeFFT"
    assert "ericyu/minenetcd-upernet-Swin-Diff-T-Pretrained-ChannelMixing-Dropout" in ids
    assert "ericyu/minenetcd_upernet_ResNet_Diff_18_Pretrained" in ids
    assert "ericyu/minenetcd-upernet-VSSM-B-ST-Diff-Pretrained-ChannelMixing-Dropout" in ids
    assert len(published_ids("bit")) == 6
