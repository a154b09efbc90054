"""Products with matrices are what pooling, enlarging and convolving are, for every size and in training too."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from minenetcd.layers.linear_operators import as_taps, averaging, convolve_enlarged, enlarging, places_read, pool_to

Side = st.integers(1, 24)


@settings(max_examples=60, deadline=None)
@given(height=Side, width=Side, tall=Side, wide=Side, channels=st.sampled_from([1, 3, 40]))
def test_a_convolution_of_what_was_enlarged_needs_not_be_enlarged(
    height: int, width: int, tall: int, wide: int, channels: int
) -> None:
    generator = torch.Generator().manual_seed(height * width + tall)
    x = torch.randn(2, channels, height, width, dtype=torch.float64, generator=generator, requires_grad=True)
    weight = torch.randn(5, channels, 3, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    onto = torch.randn(2, 5, tall, wide, dtype=torch.float64, generator=generator)
    found = convolve_enlarged([x, x], [as_taps(weight), as_taps(weight)], onto)
    enlarged = functional.interpolate(x, size=(tall, wide), mode="bilinear", align_corners=False)
    expected = onto + 2 * functional.conv2d(enlarged, weight, padding=1)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    incoming = torch.randn(expected.shape, dtype=torch.float64, generator=generator)
    gradients = (torch.autograd.grad(each, (x, weight), incoming) for each in (found, expected))
    for own, plain in zip(*gradients, strict=True):
        torch.testing.assert_close(own, plain, rtol=1e-9, atol=1e-9)


def test_gradients_are_right() -> None:
    shapes = (1, 40, 2, 3), (2, 40, 3, 3)
    x, weight = (torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes)
    onto = torch.randn(1, 2, 4, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, weight, onto: convolve_enlarged([x], [as_taps(weight)], onto), (x, weight, onto), fast_mode=True
    )


@settings(max_examples=60, deadline=None)
@given(height=Side, width=Side, side=st.integers(1, 8))
def test_means_over_areas_are_those_of_adaptive_pooling(height: int, width: int, side: int) -> None:
    x = torch.arange(2.0 * height * width, dtype=torch.float64).reshape(1, 2, height, width).sin()
    torch.testing.assert_close(pool_to(x, side), functional.adaptive_avg_pool2d(x, side))


def test_each_number_that_is_made_is_a_mean() -> None:
    for matrix in (enlarging, averaging):
        torch.testing.assert_close(matrix(7, 16, like=torch.zeros(1)).sum(dim=1), torch.ones(16))


@settings(max_examples=100, deadline=None)
@given(of=Side, to=Side, ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_rows_of_what_is_enlarged_read_these_places_and_no_others(of: int, to: int, ends: tuple[float, float]) -> None:
    start = int(min(ends) * (to - 1))
    end = max(start + 1, int(max(ends) * to))
    rows = enlarging(of, to, like=torch.zeros(1))[start:end]
    read = places_read(of, to, start, end)
    torch.testing.assert_close(rows[:, read].sum(dim=1), torch.ones(end - start))
    # but for the neighbour of a row that lies right on a place
    assert rows[:, read.start].any() and (rows[:, read.start : read.stop - 1].any(dim=0).all() or of == 1 or to < of)
