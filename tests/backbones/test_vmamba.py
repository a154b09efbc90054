"""VMamba: what its parts compute, the sizes it takes, the graphs it lives in, and how it finds its ImageNet weights."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from backbones.recurrence import step_by_step
from minenetcd.backbones.catalog import create_backbone
from minenetcd.backbones.vmamba import CrossScan, ImageNetWeights, VMamba
from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.catalog import create_model


def small(**options: Any) -> VMamba:
    torch.manual_seed(0)
    return VMamba(channels=(16, 24, 32, 40), depths=(1, 2, 1, 1), **options)


def shallow(**options: Any) -> VMamba:
    torch.manual_seed(0)
    return VMamba(channels=(16, 24), depths=(1, 1), **options)


def randomised_scan(width: int = 5, *, states: int = 1) -> CrossScan:
    torch.manual_seed(0)
    scan = CrossScan(width, states=states).double()
    for parameter in scan.parameters():
        nn.init.normal_(parameter, std=0.5)
    return scan


def four_scans_by_hand(module: CrossScan, x: Tensor) -> Tensor:
    """The published wording: four flattened sequences, scanned one by one, each put back, summed. x (B, H, W, E)."""
    batch, height, width, channels = x.shape
    image = x.permute(0, 3, 1, 2)
    rows, columns = image.flatten(2), image.mT.flatten(2)
    total = torch.zeros_like(image)
    sequences = (rows, columns, rows.flip(-1), columns.flip(-1))
    A, D = (p.unflatten(0, (4, -1)) for p in (module.A_logs, module.Ds))
    states, rank = A.shape[-1], module.dt_projs_weight.shape[-1]
    for k, sequence in enumerate(sequences):
        low, B, C = (module.x_proj_weight[k] @ sequence).split([rank, states, states], dim=1)
        delta = module.dt_projs_weight[k] @ low
        y = step_by_step(sequence, delta, -A[k].exp(), B, C, D[k], module.dt_projs_bias[k])
        y = y.flip(-1) if k >= 2 else y
        total += y.view(batch, channels, width, height).mT if k % 2 else y.view(batch, channels, height, width)
    return total.permute(0, 2, 3, 1)


# --- what it computes ---


@settings(deadline=None, max_examples=12)
@given(height=st.integers(1, 9), width=st.integers(1, 9), batch=st.integers(1, 2), states=st.integers(1, 2))
@example(height=64, width=3, batch=1, states=1)  # columns of several chunks
@example(height=3, width=37, batch=1, states=1)
def test_the_cross_scan_is_four_scans_put_back_and_summed(height: int, width: int, batch: int, states: int) -> None:
    module = randomised_scan(3, states=states)
    x = torch.randn(batch, height, width, 6, dtype=torch.float64, requires_grad=True)
    ours, by_hand = module.scan(x), four_scans_by_hand(module, x)
    torch.testing.assert_close(ours, by_hand)
    weights = torch.randn_like(ours)
    wanted = (x, module.x_proj_weight, module.dt_projs_weight, module.dt_projs_bias, module.A_logs, module.Ds)
    gradients = (torch.autograd.grad(y, wanted, weights) for y in (ours, by_hand))
    for own, other in zip(*gradients, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-6, atol=1e-9)


def test_every_pixel_learns_of_every_other() -> None:
    module = randomised_scan()
    x = torch.randn(1, 6, 7, 5, dtype=torch.float64, requires_grad=True)
    for row, column in ((0, 0), (3, 4), (5, 6)):
        (influence,) = torch.autograd.grad(module(x)[0, row, column].sum(), x)
        assert (influence.abs().sum(-1) > 0).all()


@pytest.mark.parametrize(
    ("name", "parameters"), [("vmamba_t", 29_938_176), ("vmamba_s", 49_380_096), ("vmamba_b", 87_534_592)]
)
def test_it_has_the_published_number_of_parameters(name: str, parameters: int) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in create_backbone(name).parameters()) == parameters


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (96, 64)])
def test_any_size_gives_four_maps_rounded_up(size: tuple[int, int]) -> None:
    trunk = small(in_channels=5).eval()
    with torch.inference_mode():
        maps = trunk(torch.randn(2, 5, *size))
    expected = [
        (2, width, *(-(-side // stride) for side in size))
        for width, stride in zip(trunk.channels, trunk.strides, strict=True)
    ]
    assert [tuple(x.shape) for x in maps] == expected
    assert all(x.isfinite().all() for x in maps)


# --- start and training ---


def test_it_starts_as_published() -> None:
    trunk = small()
    assert {m.eps for m in trunk.modules() if isinstance(m, nn.LayerNorm)} == {1e-5}
    for scan in (m for m in trunk.modules() if isinstance(m, CrossScan)):
        inner, rank = scan.dt_projs_weight.shape[1:]
        assert (scan.A_logs == 0).all() and (scan.Ds == 1).all()
        steps = functional.softplus(scan.dt_projs_bias)
        assert steps.min() > 0.00099 and steps.max() < 0.1001
        assert scan.x_proj_weight.abs().max() <= inner**-0.5 and scan.dt_projs_weight.abs().max() <= rank**-0.5
        assert 0.01 < scan.in_proj.weight.std() < 0.03
    assert (trunk.layers[0]["blocks"][0].mlp.fc1.bias == 0).all()


def test_more_states_start_with_faster_and_faster_decay() -> None:
    torch.testing.assert_close(CrossScan(4, states=3).A_logs.exp()[0], torch.tensor([1.0, 2.0, 3.0]))


def test_dropout_and_stochastic_depth_act_in_training_only() -> None:
    trunk = small()
    blocks = [block for stage in trunk.layers for block in stage["blocks"]]
    assert [block.drop_path.p for block in blocks] == pytest.approx([0, 0.025, 0.05, 0.075, 0.1])
    assert {block.op.dropout.p for block in blocks} == {0.6}
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert not torch.equal(trunk(image)[3], trunk(image)[3])
        trunk.eval()
        assert torch.equal(trunk(image)[3], trunk(image)[3])


def test_gradients_reach_every_parameter() -> None:
    trunk = small().train()
    maps = trunk(torch.randn(2, 3, 64, 64))
    sum((x * torch.randn_like(x)).sum() for x in maps).backward()
    assert [name for name, p in trunk.named_parameters() if p.grad is None or not p.grad.any()] == []


# --- precision and graphs ---


def test_half_precision_stays_near() -> None:
    trunk, image = small().eval(), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = trunk(image)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed = trunk(image)
        whole = small().eval().bfloat16()(image.bfloat16())
    assert {x.dtype for x in whole} == {torch.bfloat16}
    for maps in (mixed, whole):
        for x, reference in zip(maps, expected, strict=True):
            assert (x.float() - reference).abs().mean() < 0.02 * reference.abs().mean()


def test_autocast_trains_with_finite_gradients() -> None:
    trunk = small().train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        maps = trunk(torch.randn(2, 3, 64, 64))
    sum(x.float().square().mean() for x in maps).backward()
    assert all(p.grad.isfinite().all() and p.grad.dtype == p.dtype for p in trunk.parameters())


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_it_compiles_as_one_graph_with_its_gradients(backend: str) -> None:
    trunk, image = shallow(drop_path=0.0, dropout=0.0).double(), torch.randn(2, 3, 64, 48, dtype=torch.float64)
    weights = [torch.randn_like(x) for x in trunk(image)]
    results = []
    for network in (trunk, torch.compile(trunk, fullgraph=True, backend=backend)):
        maps = network(image)
        gradients = torch.autograd.grad(maps, list(trunk.parameters()), weights)
        results.append([*maps, *gradients])
    for own, other in zip(*results, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_it_is_exported_for_any_size_and_batch() -> None:
    trunk, free = shallow().eval(), dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)
    program = torch.export.export(trunk, (torch.randn(2, 3, 64, 96),), dynamic_shapes=(free,))
    stored = io.BytesIO()
    torch.export.save(program, stored)
    stored.seek(0)
    again, image = torch.export.load(stored).module(), torch.randn(3, 3, 100, 70)
    for own, other in zip(again(image), trunk(image), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-5)


# --- ImageNet weights ---


def cached(folder: Path, content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the published file of VMamba-T where torch keeps downloads, and cut the network off."""
    monkeypatch.setenv("TORCH_HOME", str(folder))
    monkeypatch.setattr("urllib.request._opener", None)  # it would keep the proxies of its first use
    for scheme in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    if content is not None:
        path = folder / "hub" / "checkpoints" / Path(ImageNetWeights.TINY.url).name
        path.parent.mkdir(parents=True)
        torch.save(content, path)


def classifier() -> dict[str, Tensor]:
    """A state dict as the authors publish it: a head, no output norms, linear layers partly as 1 x 1 convolutions."""
    torch.manual_seed(1)
    trunk = create_backbone("vmamba_t").state_dict()
    tensors = {name: torch.randn_like(x) for name, x in trunk.items() if not name.startswith("outnorm")}
    for name in list(tensors):
        if name.endswith(("in_proj.weight", "fc1.weight")):
            tensors[name] = tensors[name][..., None, None]
    return tensors | {"classifier.norm.weight": torch.ones(768), "classifier.head.weight": torch.ones(1000, 768)}


def test_imagenet_weights_start_the_trunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = classifier()
    cached(tmp_path, {"model": tensors}, monkeypatch)
    model = create_model("minenetcd", backbone="vmamba_t", decoder_channels=16, pretrained_backbone=True)
    own = model.encoder.state_dict()
    assert model.has_pretrained_backbone
    for name, x in own.items():
        expected = tensors[name].reshape(x.shape) if name in tensors else torch.full_like(x, name.endswith("weight"))
        assert torch.equal(x, expected), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "could not be downloaded"),
        ({"state": 1}, "does not hold"),
        ([1], "does not hold"),
        ({"model": Path}, "does not hold"),
        (
            {"model": {"patch_embed.0.weight": torch.zeros(48, 3, 3, 3)}},
            r"lacks 'patch_embed\.0\.bias' of shape \(48,\)",
        ),
        ({"model": {"patch_embed.0.weight": torch.zeros(1)}}, r"lacks 'patch_embed\.0\.weight'"),
    ],
)
def test_imagenet_weights_that_are_missing_or_damaged_name_the_way_out(
    content: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached(tmp_path, content, monkeypatch)
    with pytest.raises(WeightsError, match=rf"{message}.*pretrained_backbone=False") as caught:
        create_backbone("vmamba_t").load_pretrained()
    assert "\n" not in str(caught.value)


def test_imagenet_weights_need_three_bands_and_a_published_size() -> None:
    with pytest.raises(OptionError, match=r"read 3 bands, this trunk 4.*in_channels=3"):
        create_backbone("vmamba_t", in_channels=4).load_pretrained()
    with pytest.raises(OptionError, match="no pretrained weights"):
        small().load_pretrained()
