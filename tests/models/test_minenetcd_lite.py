"""The network that is the embedded detector's: symmetric, its trunk still, several heads whose mean counts."""

import pytest
import torch

from minenetcd.errors import OptionError, SizeError
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import create_model


def lite(**options: object) -> ChangeModel:
    torch.manual_seed(0)
    return create_model("minenetcd_lite", **{"width": 12, **options})


@pytest.mark.parametrize("joint_deviation", [False, True])
def test_the_order_of_the_dates_does_not_matter(joint_deviation: bool) -> None:
    model = lite(joint_deviation=joint_deviation).eval()
    before, after = torch.rand(2, 1, 3, 64, 48) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(model(before, after).logits, model(after, before).logits)


def test_a_frozen_trunk_stays_as_it_is_in_training() -> None:
    model = lite().train()
    kept = {name: tensor.clone() for name, tensor in model.trunk.state_dict().items()}
    model(*torch.rand(2, 2, 3, 64, 64)).logits.sum().backward()
    assert not model.trunk.training and model.heads.training
    assert all(torch.equal(kept[name], tensor) for name, tensor in model.trunk.state_dict().items())
    assert all((parameter.grad is None) == name.startswith("trunk.") for name, parameter in model.named_parameters())


def test_a_trunk_that_is_not_frozen_learns() -> None:
    model = lite(frozen=False).train()
    model(*torch.rand(2, 2, 3, 64, 64)).logits.sum().backward()
    assert model.trunk.training and all(parameter.grad is not None for parameter in model.parameters())


def test_the_mean_of_the_heads_counts_and_each_has_its_loss() -> None:
    model = lite(heads=3).eval()
    output = model(*torch.rand(2, 1, 3, 64, 64))
    assert model.main_weight == 0 and len(model.auxiliary_weights) == len(output.auxiliary) == 3
    torch.testing.assert_close(output.logits, torch.stack(output.auxiliary).mean(dim=0))
    assert not torch.allclose(output.auxiliary[0], output.auxiliary[1])


@pytest.mark.parametrize("options", [{}, {"heads": 3}, {"heads": 2, "num_classes": 2, "levels": 2}])
def test_joined_heads_predict_the_mean_in_strips_and_at_once(options: dict[str, int]) -> None:
    """Sizes that strips do not divide, several pairs; fused twice; with gradients, where nothing is overwritten."""
    model = lite(**options).eval()
    ready = model.fused().fused()
    dates = torch.rand(2, 2, 3, 96, 160) * 2 - 1
    expected = model(*dates).logits
    torch.testing.assert_close(ready(*dates).logits, expected, rtol=1e-4, atol=1e-5)
    with torch.inference_mode():
        torch.testing.assert_close(ready(*dates).logits, expected, rtol=1e-4, atol=1e-5)
    assert not ready(*dates).auxiliary


@pytest.mark.parametrize("wrong", [{"heads": 0}, {"levels": 0}, {"levels": 5}, {"width": 2}])
def test_a_network_without_heads_levels_or_width_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(OptionError, match="needs one head or more, 1 to 4 levels and a width of 3 or more, got"):
        lite(**wrong)


def test_one_small_pair_is_too_little_to_train_deep_levels_on() -> None:
    model, small = lite(levels=4), torch.rand(2, 1, 3, 32, 32)
    with pytest.raises(
        SizeError, match=r"cannot be trained on batches of one pair of 32 x 32 pixels \(.*\): raise the"
    ):
        model(*small)
    assert model.eval()(*small).logits.shape == model.train()(*small.repeat(1, 2, 1, 1, 1)).logits[:1].shape


@pytest.mark.parametrize("levels", [1, 4])
def test_every_level_can_be_looked_into(levels: int) -> None:
    stage = lite(levels=levels).explained_layers[0]
    assert stage.name == "dates compared" and len(stage.levels) == levels
