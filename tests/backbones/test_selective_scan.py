"""The scan against its definition: values, gradients, stability, memory, and the graphs it has to live in."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from backbones.recurrence import step_by_step
from minenetcd.backbones.linear_recurrence import CHUNK, tile_sequences
from minenetcd.backbones.portable_scan import portable_scan
from minenetcd.backbones.selective_scan import _cuda_kernel, _scan_by_kernel, selective_scan
from minenetcd.errors import SizeError

WITHOUT_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
WITHOUT_MPS = pytest.mark.skipif(not torch.backends.mps.is_available(), reason="needs MPS")
WITHOUT_KERNEL = pytest.mark.skipif(
    not torch.cuda.is_available() or _cuda_kernel() is None, reason="needs CUDA and mamba_ssm"
)


@pytest.fixture(
    params=[
        "cpu",
        pytest.param("cuda, portable", marks=WITHOUT_CUDA),
        pytest.param("cuda, mamba_ssm", marks=WITHOUT_KERNEL),
        pytest.param("mps", marks=WITHOUT_MPS),
    ]
)
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "cuda, portable":
        monkeypatch.setattr("minenetcd.backbones.selective_scan._cuda_kernel", lambda: None)
    return request.param.split(",")[0]


def arguments(
    batch: int = 2,
    channels: int = 4,
    length: int = 70,
    *,
    states: int = 1,
    groups: int = 0,
    shift: float = 0.0,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
) -> list[Tensor]:
    """Random arguments that want gradients; `shift` makes steps large (positive) or small (negative)."""
    torch.manual_seed(seed)
    shared = (batch, groups, states, length) if groups else (batch, states, length)
    shapes = [(batch, channels, length)] * 2 + [(channels, states), shared, shared, (channels,), (channels,)]
    drawn = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    drawn[2] = -3 * torch.rand_like(drawn[2])
    drawn[6] += shift
    return [x.to(dtype).requires_grad_() for x in drawn]


def values_and_gradients(scan: Callable[..., Tensor], tensors: list[Tensor], **options: bool) -> list[Tensor]:
    y = scan(*tensors, **options)
    weights = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view(y.shape).to(y)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), tensors)]


def assert_near(ours: list[Tensor], theirs: list[Tensor], *, tolerance: float) -> None:
    """Within `tolerance` of the largest magnitude, tensor by tensor."""
    for own, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(
            own.double().cpu(), other.double(), rtol=0, atol=tolerance * other.abs().max().item()
        )


# --- what it computes ---


@settings(deadline=None, max_examples=40)
@given(
    batch=st.integers(1, 3),
    width=st.integers(1, 3),
    length=st.integers(1, 3 * CHUNK + 5),
    states=st.integers(1, 3),
    groups=st.integers(0, 3),
    reverse=st.booleans(),
    in_time=st.booleans(),
    seed=st.integers(0, 999),
)
def test_it_is_the_recurrence_and_its_gradients(
    batch: int, width: int, length: int, states: int, groups: int, reverse: bool, in_time: bool, seed: int
) -> None:
    tensors = arguments(batch, width * max(groups, 1), length, states=states, groups=groups, seed=seed)
    expected = values_and_gradients(step_by_step, tensors, reverse=reverse)
    if in_time:  # channels side by side in memory
        tensors[:2] = [x.detach().mT.contiguous().mT.requires_grad_() for x in tensors[:2]]
    assert_near(values_and_gradients(selective_scan, tensors, reverse=reverse), expected, tolerance=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("groups", [0, 2])
@pytest.mark.parametrize("in_time", [False, True])
def test_sequences_cut_into_several_tiles_fit_together(device: str, groups: int, in_time: bool) -> None:
    tensors = arguments(3, 48, 1000, groups=groups, dtype=torch.float32)
    expected = values_and_gradients(step_by_step, [x.detach().double().requires_grad_() for x in tensors])
    moved = [x.detach().to(device) for x in tensors]
    if in_time:
        moved[:2] = [x.mT.contiguous().mT for x in moved[:2]]
    ours = values_and_gradients(selective_scan, [x.requires_grad_() for x in moved])
    assert_near(ours, expected, tolerance=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 5, CHUNK, CHUNK + 3])
def test_gradients_are_right_in_double_precision(length: int, reverse: bool) -> None:
    tensors = arguments(2, 2, length, states=2, groups=2)
    assert torch.autograd.gradcheck(lambda *x: selective_scan(*x, reverse=reverse), tensors, fast_mode=True)


def test_without_skip_and_bias_both_are_zero() -> None:
    *tensors, skip, bias = (x.detach() for x in arguments())
    expected = step_by_step(*tensors, torch.zeros_like(skip), torch.zeros_like(bias))
    torch.testing.assert_close(selective_scan(*tensors), expected)


def test_backwards_is_the_flipped_sequence_forwards() -> None:
    tensors = [x.detach() for x in arguments(states=2)]
    flipped = [x.flip(-1) if i in (0, 1, 3, 4) else x for i, x in enumerate(tensors)]
    torch.testing.assert_close(selective_scan(*tensors, reverse=True), selective_scan(*flipped).flip(-1))


def test_the_cuda_kernel_is_handed_its_own_layout() -> None:
    """A stand-in with the signature of mamba_ssm's kernel, on the CPU: shapes, order, direction."""

    def kernel(u, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False) -> Tensor:
        assert delta_softplus and z is None and all(x.is_contiguous() for x in (u, delta, B, C))
        return step_by_step(u, delta, A, B, C, D, delta_bias)

    u, delta, A, B, C, D, bias = (x.detach() for x in arguments(2, 6, 35, states=2, groups=3, dtype=torch.float32))
    maps = [x.movedim(-1, 1).unflatten(1, (5, 7)) for x in (u, delta, B, C)]  # time has two axes
    for reverse in (False, True):
        inputs = (*maps[:2], A, *maps[2:], D, bias)
        torch.testing.assert_close(
            _scan_by_kernel(kernel, *inputs, reverse=reverse), portable_scan(*inputs, reverse)[0], rtol=1e-5, atol=1e-5
        )


# --- long sequences ---


@pytest.mark.slow
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shift", [-16.0, -8.0, 0.0, 8.0, 60.0])
def test_long_sequences_stay_exact(device: str, shift: float, reverse: bool) -> None:
    """From steps of 1e-7, which forget nothing, to steps of 60, after which exp(step A) is 0."""
    tensors = arguments(1, 8, 16384, shift=shift, dtype=torch.float32)
    reference = [x.detach().double() for x in tensors]
    with torch.no_grad():
        expected = step_by_step(*reference, reverse=reverse)
    moved = [x.detach().to(device).requires_grad_() for x in tensors]
    ours = values_and_gradients(selective_scan, moved, reverse=reverse)
    assert all(x.isfinite().all() for x in ours)
    assert_near(ours[:1], [expected], tolerance=1e-5)
    in_double = values_and_gradients(selective_scan, [x.requires_grad_() for x in reference], reverse=reverse)
    assert_near(ours, in_double, tolerance=1e-4)


MEMORY = """
import sys, torch
from minenetcd.backbones.selective_scan import selective_scan

def read(key):
    return int(next(line for line in open("/proc/self/status") if line.startswith(key)).split()[1]) * 1024

def run(channels, length, states):
    shapes = [(1, channels, length)] * 2 + [(channels, states)] + [(1, states, length)] * 2 + [(channels,)] * 2
    tensors = [torch.rand(shape).neg_().requires_grad_() for shape in shapes]
    dy = torch.ones(1, channels, length)
    before = read("VmRSS")
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
    y = selective_scan(*tensors)
    gradients = torch.autograd.grad(y, tensors, dy)
    return (read("VmHWM") - before) / tensors[0].nbytes

run(8, 64, 2)
print(min(run(1024, 4096, int(sys.argv[1])) for _ in range(3)))  # the system counts pages with some delay
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to read peak memory")
@pytest.mark.slow
@pytest.mark.parametrize("states", [1, 4])
def test_peak_memory_backward_included_is_a_few_times_the_input(states: int) -> None:
    """The result, two gradients and a tile's scratch: states are never kept."""
    ran = subprocess.run([sys.executable, "-c", MEMORY, str(states)], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 5


# --- precision and graphs ---


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_goes_through_float32(dtype: torch.dtype) -> None:
    tensors = [x.detach() for x in arguments(2, 6, 300, groups=3, dtype=torch.float32)]
    mixed = [x.to(dtype).requires_grad_() if i in (0, 1, 3, 4) else x.requires_grad_() for i, x in enumerate(tensors)]
    rounded = [x.detach().double().requires_grad_() for x in mixed]
    ours = values_and_gradients(selective_scan, mixed)
    assert [x.dtype for x in ours[1:]] == [x.dtype for x in mixed] and ours[0].dtype == dtype
    assert_near(ours, values_and_gradients(step_by_step, rounded), tolerance=torch.finfo(dtype).eps)


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_it_compiles_as_one_graph_with_its_gradients(backend: str) -> None:
    tensors = arguments(groups=2, dtype=torch.float32)
    compiled = torch.compile(selective_scan, fullgraph=True, backend=backend)
    ours, expected = (values_and_gradients(scan, tensors, reverse=True) for scan in (compiled, selective_scan))
    assert_near(ours, expected, tolerance=1e-6)


def test_it_is_exported_for_any_length() -> None:
    class Scan(torch.nn.Module):
        def forward(self, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor) -> Tensor:
            return selective_scan(u, delta, A, B, C, D, bias)

    free = {2: torch.export.Dim.DYNAMIC}
    shapes = {
        name: free if name in ("u", "delta", "B", "C") else None for name in ("u", "delta", "A", "B", "C", "D", "bias")
    }
    sample = tuple(x.detach() for x in arguments(length=40))
    program = torch.export.export(Scan(), sample, dynamic_shapes=shapes)
    longer = [x.detach() for x in arguments(length=201)]
    torch.testing.assert_close(program.module()(*longer), selective_scan(*longer))


def test_the_operator_keeps_pytorchs_rules() -> None:
    u, delta, A, B, C, D, bias = arguments(length=40, states=2, dtype=torch.float32)
    u, delta = (x.detach().mT.unsqueeze(1).requires_grad_() for x in (u, delta))
    B, C = (x.detach()[:, None].permute(0, 3, 1, 2).unsqueeze(1).requires_grad_() for x in (B, C))
    torch.library.opcheck(portable_scan, (u, delta, A, B, C, D, bias, False))


# --- tiles, errors ---


@given(
    batch=st.integers(1, 5), outer=st.integers(1, 9), inner=st.integers(1, 150),
    channels=st.integers(1, 9), limit=st.integers(1, 3000), reverse=st.booleans(),
)  # fmt: skip
def test_tiles_cover_every_position_once_in_the_order_of_time(
    batch: int, outer: int, inner: int, channels: int, limit: int, reverse: bool
) -> None:
    seen = torch.zeros(batch, outer, inner, dtype=torch.int64)
    when = torch.arange(outer * inner).view(1, outer, inner).expand(batch, -1, -1)
    for tiles in tile_sequences((batch, outer, inner, channels), limit, reverse=reverse):
        for tile in tiles:
            assert (tile.inner.stop - tile.inner.start) % tile.chunk == 0
            tile.cut(seen).add_(1)
        order = [tile.cut(when).flatten(1)[0] for tile in tiles]
        assert torch.equal(torch.cat(order[::-1] if reverse else order), when[0].flatten())
    assert (seen == 1).all()


def test_shapes_that_do_not_fit_are_told_in_one_line() -> None:
    u, delta, A, B, C, D, bias = (x.detach() for x in arguments(2, 4, 30))
    for wrong, message in (
        ((u[0], delta, A, B, C), r"one shape \(batch, channels, L\), got \(4, 30\)"),
        ((u, delta[..., 1:], A, B, C), r"got \(2, 4, 30\) and \(2, 4, 29\)"),
        ((u, delta, A[:3], B, C), r"A \(channels, N\).*got \(3, 1\)"),
        ((u, delta, A, B[..., 1:], C), r"\(2, 1, 29\)"),
        ((u, delta, A, B.expand(2, 3, 30)[:, :, None], C.expand(2, 3, 30)[:, :, None]), r"\(2, 3, 1, 30\)"),
    ):
        with pytest.raises(SizeError, match=message) as caught:
            selective_scan(*wrong, D, bias)
        assert "\n" not in str(caught.value)
