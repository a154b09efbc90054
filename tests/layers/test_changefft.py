"""The paper's equations 2 to 5, proved against complex arithmetic written out plainly."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from minenetcd.layers.changefft import ChannelChangeFFT, SpatialChangeFFT


def as_complex(parameter: Tensor) -> Tensor:
    return torch.complex(parameter[0], parameter[1])


def figure_9(module: ChannelChangeFFT, difference: Tensor) -> Tensor:
    """FFT, FDConv, SiLU, FDConv, inverse FFT on complex tensors, pixel by pixel."""
    spectrum = torch.fft.fft(difference.movedim(1, -1), norm="ortho")
    first = spectrum @ as_complex(module.first.weight).T + as_complex(module.first.bias)
    active = torch.complex(torch.nn.functional.silu(first.real), torch.nn.functional.silu(first.imag))
    second = active @ as_complex(module.second.weight).T + as_complex(module.second.bias)
    return torch.fft.ifft(second, norm="ortho").real.movedim(-1, 1)


def randomised(channels: int, seed: int = 0) -> ChannelChangeFFT:
    torch.manual_seed(seed)
    module = ChannelChangeFFT(channels).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module


@settings(deadline=None, max_examples=20)
@given(channels=st.integers(1, 12), height=st.integers(1, 5), width=st.integers(1, 5), seed=st.integers(0, 999))
def test_channel_form_is_equations_2_to_5(channels: int, height: int, width: int, seed: int) -> None:
    module = randomised(channels, seed)
    difference = torch.randn(2, channels, height, width, dtype=torch.float64)
    torch.testing.assert_close(module(difference), figure_9(module, difference))


def test_identity_weights_round_trip_through_the_spectrum() -> None:
    """With both FDConvs the identity, and inputs so small that SiLU is x / 2, only FFT and inverse FFT remain."""
    module = ChannelChangeFFT(8).double()
    for conv in (module.first, module.second):
        conv.weight.data = torch.stack([torch.eye(8), torch.zeros(8, 8)]).double()
    difference = torch.randn(1, 8, 4, 4, dtype=torch.float64) * 1e-9
    torch.testing.assert_close(module(difference), difference / 2, rtol=0, atol=1e-16)


def test_no_residual_reaches_the_output() -> None:
    module = ChannelChangeFFT(4)
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    assert module(torch.randn(1, 4, 3, 3)).abs().max() == 0


def test_gradients_are_right_in_double_precision() -> None:
    module = randomised(3)
    difference = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    parameters = tuple(module.parameters())

    def run(x: Tensor, *values: Tensor) -> Tensor:
        names = [name for name, _ in module.named_parameters()]
        return torch.func.functional_call(module, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (difference, *parameters))


@pytest.mark.parametrize("channels", [1, 5, 64])
def test_fused_form_is_two_pointwise_convolutions_with_the_same_result(channels: int) -> None:
    module = randomised(channels).float()
    difference = torch.randn(2, channels, 7, 5)
    fused = module.fused()
    assert [type(part).__name__ for part in fused] == ["PointwiseConv", "SiLU", "PointwiseConv"]
    expected = module(difference)
    torch.testing.assert_close(fused(difference), expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def whole_spectrum(module: SpatialChangeFFT, x: Tensor) -> Tensor:
    """E on complex tensors of every frequency, as released: the real part of the inverse is what is kept."""
    first, second = as_complex(module.complex_weight_1), as_complex(module.complex_weight_2)
    spectrum = torch.fft.fft2(x.unflatten(-1, (module.blocks, -1)), dim=(1, 2), norm="ortho")
    mixed = torch.einsum("...ki,kio->...ko", spectrum, first) + as_complex(module.complex_bias_1)
    mixed = torch.complex(mixed.real.relu(), mixed.imag.relu())
    mixed = torch.einsum("...ki,kio->...ko", mixed, second) + as_complex(module.complex_bias_2)
    shrunk = (torch.nn.functional.softshrink(part, module.SHRINKAGE) for part in (mixed.real, mixed.imag))
    return torch.fft.ifft2(torch.complex(*shrunk), dim=(1, 2), norm="ortho").real.flatten(-2)


@settings(deadline=None, max_examples=30)
@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 999))
def test_spatial_form_needs_half_of_the_spectrum_and_gives_what_all_of_it_gives(
    height: int, width: int, seed: int
) -> None:
    torch.manual_seed(seed)
    module = SpatialChangeFFT(8).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x = torch.randn(2, height, width, 8, dtype=torch.float64, requires_grad=True)
    found, expected = module.mix(x), whole_spectrum(module, x)
    torch.testing.assert_close(found, expected)
    asked, incoming = [x, *(p for name, p in module.named_parameters() if "norm" not in name)], torch.randn_like(x)
    for own, plain in zip(*(torch.autograd.grad(y, asked, incoming) for y in (found, expected)), strict=True):
        torch.testing.assert_close(own, plain)


def test_spatial_form_leaves_the_documented_spike_of_the_bias() -> None:
    """A bias at every frequency is a spike at the top-left pixel: kept for the released weights."""
    module = SpatialChangeFFT(8, drop_path=0).eval()
    for parameter in (module.complex_weight_1, module.complex_weight_2, module.complex_bias_1):
        torch.nn.init.zeros_(parameter)
    torch.nn.init.constant_(module.complex_bias_2, 0.51)
    spike = module.mix(torch.randn(1, 16, 16, 8))
    assert spike[0, 0, 0].min() > 7.9
    assert spike[0].flatten(0, 1)[1:].abs().max() < 1e-5


def test_channel_form_has_four_c_squared_plus_four_c_parameters() -> None:
    assert sum(p.numel() for p in ChannelChangeFFT(16).parameters()) == 4 * 16**2 + 4 * 16
