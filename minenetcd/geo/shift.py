"""By how much the after image is displaced against the before image: phase correlation over a grid of windows.

Windows are correlated by the gradients of their pixels, which no difference in tone turns round (orientation
correlation: Fitch, Kadyrov, Christmas, Kittler, BMVC 2002), and their correlations are added up, so that a shift shows
that no single window could tell from chance. Those that do not agree with it are left out.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.geo.adjustment import Shift
from minenetcd.geo.align import AlignedPair

SIDE = 128  # of a window, at most [px]
LEAST_SIDE = 32  # an overlap must be twice as wide and as high [px]
WINDOWS_ACROSS = 5
MOST_WINDOWS = WINDOWS_ACROSS**2  # that are used; of MOST_WINDOWS + (WINDOWS_ACROSS - 1)**2 that are read
REACH = 0.4  # of a window's side: the longest shift that is looked for, which is
LONGEST_FOUND = int(REACH * SIDE)  # where the overlap leaves room for whole windows [px]

LEAST_VALID = 0.5  # of a window's pixels, on both dates
LEAST_EDGES = 0.05  # of a window's pixels must differ from their neighbours, on both dates
LEAST_CONSISTENT = 0.3  # of the windows used must agree (different places: 0.2 at most), and
LEAST_WINDOWS = 6  # of them: in an overlap of 64 px, where little room is left, five of 13 agree by chance
TOLERANCE = 2  # between a window's own shift and that of all, for both to agree [px]
RIVAL = 0.8  # of the highest correlation: another shift with as much is as likely

STEPS = 16  # the correlation is evaluated at this part of a pixel, with a parabola between
Spectrum = NDArray[np.complexfloating[Any, Any]]


def find_shift(pair: AlignedPair) -> Shift:
    """The shift of the after image, from at most 41 windows of 128 x 128 px at full resolution, spread by a fixed rule.

    Known shifts of up to 12 px are found within 0.1 px; LONGEST_FOUND is the longest that can be, less where an
    overlap is below 256 px. One shift for the whole image: a rotation, another scale or the relief of mountains makes
    windows inconsistent. RasterError for a damaged file.
    """
    side = min(SIDE, min(pair.overlap.height, pair.overlap.width) // 32 * 16)
    if side < LEAST_SIDE:
        return Shift(0.0, 0.0, 0, 0, "too small")
    spectra = list(_spectra(pair, side))
    used = len(spectra)
    if used < LEAST_WINDOWS:
        return Shift(0.0, 0.0, used, 0, "featureless")
    level = _correlation(sum(spectra))
    shared, in_place = _highest(level), float(level[len(level) // 2, len(level) // 2]) / used
    agreeing = [one for one in spectra if np.abs(np.subtract(_highest(_correlation(one)), shared)).max() <= TOLERANCE]
    if len(agreeing) < max(LEAST_WINDOWS, LEAST_CONSISTENT * used):
        return Shift(0.0, 0.0, used, len(agreeing), "inconsistent", in_place)
    joint = sum(agreeing) / len(agreeing)
    if _has_rival(joint, shared):
        return Shift(0.0, 0.0, used, len(agreeing), "ambiguous", in_place)
    dy, dx = _refined(joint, shared)
    return Shift(dx, dy, used, len(agreeing), correlation_in_place=in_place)


def _spectra(pair: AlignedPair, side: int) -> Iterator[Spectrum]:
    """Cross-power spectra (S, S) of windows with enough to compare, each scaled to correlations of -1 to 1."""
    used = 0
    for window in _places(pair.overlap, side):
        part = pair.read(window)
        if part.valid.mean() < LEAST_VALID:
            continue
        before, after = (_edges(date, part.valid) for date in (part.before, part.after))
        if min(np.count_nonzero(before), np.count_nonzero(after)) < LEAST_EDGES * side**2:
            continue
        yield _cross_power(before, after)
        used += 1
        if used == MOST_WINDOWS:
            return


def _places(area: Window, side: int) -> Iterator[Window]:
    """Windows on a regular grid over `area`, then those in the middle between four of them."""

    def starts(length: int) -> NDArray[np.float64]:
        return np.linspace(0, length - side, min(WINDOWS_ACROSS, 2 * length // side - 1))

    rows, cols = starts(area.height), starts(area.width)
    for ys, xs in ((rows, cols), ((rows[1:] + rows[:-1]) / 2, (cols[1:] + cols[:-1]) / 2)):
        for y in ys:
            for x in xs:
                yield Window(area.col_off + int(x), area.row_off + int(y), side, side)


def _edges(pixels: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.complex64]:
    """Gradients (H, W) of pixels (H, W, C), x + iy: every band counts alike, weak edges nearly as much as strong ones.

    Zero at the border and wherever a neighbour is invalid.
    """
    bands = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
    single = np.can_cast(bands.dtype, np.float32)  # which holds what is told from here on
    values = np.where(valid, bands, 0).astype(np.float32 if single else np.float64)
    exponents = np.frexp(np.abs(values).max(axis=(1, 2), keepdims=True))[1]
    values = np.ldexp(values, -exponents)  # by a power of two, which changes no digit: squares of 1e30 are too large
    gradients = _gradients(values.astype(np.float32)) * _all_valid_around(valid)
    strengths = np.linalg.norm(gradients, axis=(1, 2))
    weights = np.divide(1, strengths, out=np.zeros_like(strengths), where=strengths > 0)
    edges = np.tensordot(weights, gradients, 1)
    edges /= np.sqrt(np.maximum(np.abs(edges), np.finfo(np.float32).tiny))
    return np.pad(edges, 1)


def _gradients(bands: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Sobel gradients (C, H - 2, W - 2), without the border, of bands (C, H, W)."""
    down = bands[:, :-2] + 2 * bands[:, 1:-1] + bands[:, 2:]
    across = bands[:, :, :-2] + 2 * bands[:, :, 1:-1] + bands[:, :, 2:]
    gradients = np.empty(down[:, :, 2:].shape, np.complex64)
    np.subtract(down[:, :, 2:], down[:, :, :-2], out=gradients.real)
    np.subtract(across[:, 2:], across[:, :-2], out=gradients.imag)
    return gradients


def _all_valid_around(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H - 2, W - 2): without the border."""
    rows = valid[:-2] & valid[1:-1] & valid[2:]
    return rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]


def _cross_power(before: NDArray[np.complex64], after: NDArray[np.complex64]) -> Spectrum:
    taper = _taper(len(before))
    first, second = (np.fft.fft2(edges * np.outer(taper, taper)) for edges in (before, after))
    power: Spectrum = second * np.conj(first) / (np.linalg.norm(first) * np.linalg.norm(second))
    return power


def _correlation(spectrum: Any) -> NDArray[np.float32]:
    """Correlation (2R + 1, 2R + 1) of the after image moved back by -R to R pixels, R the reach."""
    reach = int(REACH * len(spectrum))
    lags = np.arange(-reach, reach + 1)
    surface = np.fft.ifft2(spectrum).real * spectrum.size
    around: NDArray[np.float32] = surface[np.ix_(lags, lags)]
    return around


def _highest(correlation: NDArray[np.float32]) -> NDArray[np.int64]:
    """The shift (dy, dx) of the highest correlation, in whole pixels."""
    place = np.unravel_index(np.argmax(correlation), correlation.shape)
    return np.asarray(place) - len(correlation) // 2


def _has_rival(spectrum: Any, shift: NDArray[np.int64]) -> bool:
    """Whether another peak, or a place far from `shift` (along edges of one direction), correlates nearly as well."""
    level = _correlation(spectrum)
    reach = len(level) // 2
    lags = np.arange(-reach, reach + 1)
    level /= np.outer(*[_shared_taper(len(spectrum), lags)] * 2)
    distance = np.maximum(*np.ix_(abs(lags - shift[0]), abs(lags - shift[1])))
    rivals = ((distance > TOLERANCE) & _is_peak(level)) | (distance > len(spectrum) // 8)
    return bool(level[rivals].max(initial=0) > RIVAL * level[tuple(shift + reach)])


def _is_peak(level: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where no neighbour is higher."""
    wide = np.pad(level, 1, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(wide, (3, 3))
    highest: NDArray[np.bool_] = level >= around.max(axis=(2, 3))
    return highest


def _refined(spectrum: Any, shift: NDArray[np.int64]) -> tuple[float, float]:
    """(dy, dx) of the highest correlation around `shift`, between pixels (Guizar-Sicairos et al., Opt. Lett. 2008).

    What a window shows of both dates shrinks with the shift, which draws the peak towards zero: it is divided by that.
    """
    side = len(spectrum)
    near = np.arange(-STEPS * 3 // 2, STEPS * 3 // 2 + 1) / STEPS
    rows, cols = (whole + near for whole in shift)
    waves = [np.exp(2j * np.pi * np.outer(lags, np.fft.fftfreq(side))) for lags in (rows, cols)]
    level = (waves[0] @ spectrum @ waves[1].T).real / np.outer(_shared_taper(side, rows), _shared_taper(side, cols))
    row, col = np.unravel_index(np.argmax(level), level.shape)
    dy, dx = _vertex(rows, level[:, col], int(row)), _vertex(cols, level[row], int(col))
    return round(dy, 3) + 0.0, round(dx, 3) + 0.0  # no -0.0


def _vertex(places: NDArray[np.float64], level: NDArray[np.float64], highest: int) -> float:
    """Where a parabola through the highest value and its neighbours is highest."""
    if not 0 < highest < len(places) - 1:
        return float(places[highest])
    low, top, high = level[highest - 1 : highest + 2]
    return float(places[highest] + (low - high) / (low - 2 * top + high) / 2 / STEPS)


@lru_cache
def _taper(side: int) -> NDArray[np.float32]:
    """1 in the middle of a window, towards 0 at its ends (Hann)."""
    return np.hanning(side + 2)[1:-1].astype(np.float32)


def _shared_taper(side: int, lags: NDArray[Any]) -> NDArray[np.float64]:
    """The correlation of the taper with itself at `lags`; 1 at 0. [px]"""
    power = np.abs(np.fft.fft(_taper(side), 2 * side)) ** 2
    waves = np.exp(2j * np.pi * np.outer(lags, np.fft.fftfreq(2 * side)))
    shared: NDArray[np.float64] = (waves @ power).real / power.sum()
    return shared
