"""Spectra along the channels against sums of waves, and around ChangeFFT."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explain.looking import detector_of, look, noise, view_of
from minenetcd.explain.explanation import Explanation
from minenetcd.explain.spectra import channel_amplitude, spectra_table


@pytest.mark.parametrize("channels", [8, 15, 32])
def test_a_wave_along_the_channels_is_one_line(channels: int) -> None:
    index, frequency = torch.arange(channels), 2
    wave = 3 * torch.cos(2 * torch.pi * frequency * index / channels + 0.3)
    amplitude = channel_amplitude(wave[:, None, None].repeat(1, 2, 5))
    assert amplitude.shape == (channels // 2 + 1, 2, 5)
    expected = torch.zeros(channels // 2 + 1)
    expected[frequency] = 3 * channels**0.5 / 2
    torch.testing.assert_close(amplitude[:, 0, 0], expected, atol=1e-5, rtol=1e-5)


def spectra_of(explanation: Explanation, stage: str) -> dict[tuple[int, str], np.ndarray]:
    return {(s.level, s.region): s.amplitude for s in explanation.spectra if s.stage == stage}


@pytest.mark.needs("captum")
def test_without_change_fft_nothing_changes_and_with_it_something_does() -> None:
    before, after = noise(64, 64)
    for change_fft, same in (("none", True), ("channel", False), ("spatial", False)):
        explanation = look(detector_of("minenetcd", change_fft=change_fft), view_of(before, after))
        one, other = (spectra_of(explanation, s) for s in ("feature difference", "change-aware representation"))
        assert one.keys() == other.keys() and one
        assert all(np.allclose(one[key], other[key]) for key in one) is same


@pytest.mark.needs("captum")
def test_equal_images_have_no_difference_in_any_frequency() -> None:
    image, _ = noise(64, 64)
    explanation = look(detector_of("minenetcd"), view_of(image, image))
    assert all(not amplitude.any() for amplitude in spectra_of(explanation, "feature difference").values())


@pytest.mark.needs("captum")
def test_changed_and_unchanged_cells_are_apart() -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(90, 100, (64, 64, 3), dtype=np.uint8)
    after = before.copy()
    after[:, 32:] = rng.integers(0, 256, (64, 32, 3), dtype=np.uint8)
    view = view_of(before, after)
    truth = np.zeros((64, 64), np.uint8)
    truth[:, 32:] = 1
    explanation = look(detector_of("minenetcd"), replace(view, truth=truth), levels=(1,))
    found = spectra_of(explanation, "feature difference")
    assert found[1, "changed"].mean() > 2 * found[1, "unchanged"].mean()
    assert {s.region: s.cells for s in explanation.spectra} == {"changed": 16 * 8, "unchanged": 16 * 8}


@pytest.mark.needs("captum")
def test_methods_without_change_fft_have_no_spectra() -> None:
    assert look(detector_of("fc_ef"), view_of(*noise(64, 64))).spectra == []


@pytest.mark.needs("captum")
def test_the_table_has_a_row_a_frequency() -> None:
    explanation = look(detector_of("minenetcd"), view_of(*noise(64, 64)), levels=(1,))
    table = spectra_table({"nano": explanation.spectra})
    assert len(table) == sum(len(s.amplitude) for s in explanation.spectra)
    assert table["cycles_per_channel"].max() == 0.5 and set(table["detector"]) == {"nano"}
