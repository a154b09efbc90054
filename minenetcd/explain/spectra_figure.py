"""Spectra along the channels, before and after ChangeFFT, drawn."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minenetcd.display.figure_style import fitted, only_grid, titled
from minenetcd.display.palettes import ACCENT, BLUE, INK
from minenetcd.explain.spectra import Spectrum

_COLOURS = (BLUE, ACCENT)  # before ChangeFFT, after it
PANEL_INCHES = 1.6  # height
FOUR_NAMES_INCHES = 11.0  # of a legend in one row
_LINES = {"changed": "-", "unchanged": (0, (2, 1.5))}


def spectra_figure(spectra: Mapping[str, Sequence[Spectrum]], regions_from: str) -> Figure:
    """A row for each detector, a panel for each level; `regions_from`: the truth or the detector."""
    levels = sorted({spectrum.level for some in spectra.values() for spectrum in some})
    subtitle = f"Mean amplitude of the FFT along the channels; changed and unchanged cells by {regions_from}"
    width = max(7.0, 2.7 * len(levels) + 0.6)
    figure = titled(width, 2.4 * len(spectra) + 1.5, "Channel spectra around ChangeFFT", subtitle)
    panels = figure.subplots(len(spectra), len(levels), squeeze=False, sharex=True)
    for places, (name, some) in zip(panels, spectra.items(), strict=True):
        for axes, level in zip(places, levels, strict=True):
            _draw(axes, [spectrum for spectrum in some if spectrum.level == level])
            axes.set_title(f"level {level}", loc="left", fontsize=9, color=INK)
        places[0].set_ylabel(fitted(f"{name}\namplitude", PANEL_INCHES, size=8.5), color=INK, fontsize=8.5)
    for axes in panels[-1]:
        axes.set_xlabel("cycles per channel")
    lines = {line.get_label(): line for axes in panels.flat for line in axes.get_lines()}
    figure.legend(
        lines.values(), lines.keys(), loc="outside lower center", handlelength=2.2,
        ncols=len(lines) if width > FOUR_NAMES_INCHES else 2,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, spectra: Sequence[Spectrum]) -> None:
    stages = list(dict.fromkeys(spectrum.stage for spectrum in spectra))
    for spectrum in spectra:
        axes.plot(
            spectrum.frequency, spectrum.amplitude,
            color=_COLOURS[stages.index(spectrum.stage)], linestyle=_LINES[spectrum.region],
            linewidth=1.2 if len(spectrum.amplitude) <= 65 else 0.7, label=f"{spectrum.stage}, {spectrum.region}",
        )  # fmt: skip
    axes.set(xlim=(0, 0.5), xticks=(0, 0.25, 0.5))
    axes.set_ylim(bottom=0)
    only_grid(axes, "y")
