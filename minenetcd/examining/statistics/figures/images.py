"""When the images were taken, and what is in them (figures 4 d and 5 d of the MineNetCD paper)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter
from numpy.typing import NDArray

from minenetcd.display.figure_style import only_grid, titled
from minenetcd.display.palettes import ACCENT, AFTER, BEFORE, FRAME, INK, OTHER_COLOUR, QUIET, SPLIT_COLOURS
from minenetcd.display.words import counted
from minenetcd.examining.examine import LEVELS
from minenetcd.examining.statistics.numbers import Statistics

MOST_NAMED_ROWS = 40

_RED_GREEN_BLUE = ("Red", "Green", "Blue")


def acquisition_dates(statistics: Statistics) -> Figure:
    """Both dates of every site, earliest first; images per year; months between the two dates."""
    pairs = statistics.pairs.dropna(subset=["before", "after"])
    dates = pairs[["site", "before", "after", "months"]].drop_duplicates()
    dates = dates.sort_values(["before", "after"], kind="stable")
    first, last = pairs["before"].min(), pairs["after"].max()
    subtitle = f"{first:%B %Y} to {last:%B %Y}; {dates['months'].median():.0f} months between the dates (median)"
    height = 1.6 + (0.22 if len(dates) <= MOST_NAMED_ROWS else 0.055) * len(dates)
    figure = titled(10.5, min(9.0, max(4.6, height)), "Acquisition dates", subtitle)
    panels = figure.subplot_mosaic([["spans", "years"], ["spans", "months"]], width_ratios=(2.2, 1))
    _draw_spans(panels["spans"], dates)
    _draw_years(panels["years"], dates)
    _draw_months(panels["months"], dates["months"])
    return figure


def spectral_histograms(statistics: Statistics) -> Figure:
    """How often each value occurs, band by band, in all before and all after images."""
    bands = statistics.histograms.shape[1]
    names = _RED_GREEN_BLUE if bands == 3 else tuple(f"Band {number}" for number in range(1, bands + 1))
    columns = min(bands, 4)
    rows = -(-bands // columns)
    subtitle = f"All pixels of {counted(len(statistics.pairs), 'pair')}; beside a name, what lies at 0 and 255"
    figure = titled(max(6.0, 3.5 * columns), 1.1 + 2.5 * rows, "Spectral histograms", subtitle)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    shares = statistics.histograms / statistics.histograms.sum(axis=2, keepdims=True)
    for band, (axes, name) in enumerate(zip(panels, names, strict=False)):
        _draw_histogram(axes, name, shares[:, band])
    for axes in panels[bands:]:
        axes.set_visible(False)
    highest = shares[..., 1:-1].max()
    panels[0].set(xlim=(0, LEVELS - 1), ylim=(0, 1.1 * highest or 1), xticks=(0, 64, 128, 192, 255))
    panels[0].yaxis.set_major_locator(MaxNLocator(nbins=5))
    panels[0].yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    panels[0].legend(loc="upper right", handlelength=1.2)
    for axes in panels[max(0, bands - columns) : bands]:
        axes.set_xlabel("value")
    return figure


def changed_share(statistics: Statistics) -> Figure:
    """How large a part of each pair changed, split by split."""
    known = statistics.pairs.dropna(subset=["share"])
    share = known["changed"].sum() / known["labelled"].sum()
    without = (known["changed"] == 0).mean()
    subtitle = (
        f"{share:.2%} of the labelled pixels changed; {without:.0%} of {counted(len(known), 'pair')} show no change"
    )
    figure = titled(9.0, 4.0, "Share of changed pixels", subtitle)
    axes = figure.add_subplot()
    splits = list(dict.fromkeys(known["split"]))
    _draw_shares(axes, [known[known["split"] == split] for split in splits], splits)
    return figure


def _draw_spans(axes: Axes, dates: pd.DataFrame) -> None:
    rows, is_long = np.arange(len(dates)), len(dates) > MOST_NAMED_ROWS
    size, width = (11, 0.8) if is_long else (28, 1.5)
    axes.hlines(rows, dates["before"], dates["after"], color=FRAME, linewidth=width, zorder=1)
    axes.scatter(dates["before"], rows, s=size, color=BEFORE, label="before", zorder=2)
    axes.scatter(dates["after"], rows, s=size, color=AFTER, label="after", zorder=2)
    axes.set_ylim(max(len(dates), 3) - 0.3, -0.7)
    names = [] if is_long or dates["site"].isna().any() else list(dates["site"])
    axes.set_yticks(rows if names else [], names, color=INK, fontsize=8.5)
    if not names:
        has_sites = dates["site"].notna().any()
        axes.set_ylabel(counted(dates["site"].nunique(), "site") if has_sites else counted(len(dates), "pair of dates"))
    locator = AutoDateLocator(maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    only_grid(axes, "x")
    axes.legend(loc="lower left", ncols=2, bbox_to_anchor=(0, 1), borderaxespad=0, handletextpad=0.2)


def _draw_years(axes: Axes, dates: pd.DataFrame) -> None:
    """Images of each year, of both dates side by side."""
    years = np.arange(min(dates["before"].min(), dates["after"].min()).year, dates["after"].max().year + 1)
    for place, (when, colour) in zip((-0.2, 0.2), (("before", BEFORE), ("after", AFTER)), strict=True):
        counts = dates[when].dt.year.value_counts().reindex(years, fill_value=0)
        axes.bar(years + place, counts, width=0.4, color=colour)
    axes.set_title("Images per year", loc="left", fontsize=10, color=INK)
    _whole_numbers(axes)
    axes.set_xlim(years[0] - 0.7, years[-1] + 0.7)


def _draw_months(axes: Axes, months: pd.Series) -> None:
    longest, shortest = max(months.max(), 1), min(0, months.min())
    step = next((step for step in (1, 3, 6, 12, 24, 60) if (longest - shortest) / step <= 15), 120)
    edges = np.arange(np.floor(shortest / step), np.floor(longest / step) + 2) * step
    axes.hist(months, bins=edges.tolist(), color=OTHER_COLOUR, edgecolor="white", linewidth=0.8)
    axes.axvline(months.median(), color=ACCENT, linewidth=1.4)
    axes.set_title("Months between the dates", loc="left", fontsize=10, color=INK)
    axes.set_title(f"median {months.median():.0f}", loc="right", fontsize=8.5, color=ACCENT)
    _whole_numbers(axes)
    axes.xaxis.set_major_locator(MultipleLocator(step * max(1, len(edges) // 6)))


def _draw_histogram(axes: Axes, name: str, shares: NDArray[np.float64]) -> None:
    """`shares` (2, 256): of all pixels, before and after. 0 and 255 collect what was cut off: they stand in words."""
    values = np.arange(1, LEVELS - 1)
    for date, colour, label in zip(shares, (BEFORE, AFTER), ("before", "after"), strict=True):
        axes.fill_between(values, date[1:-1], step="mid", color=colour, alpha=0.22, linewidth=0)
        axes.step(values, date[1:-1], where="mid", color=colour, linewidth=1.3, label=label)
    axes.set_title(name, loc="left", fontsize=10, color=INK)
    cut = [
        f"at {end}: {shares[0, end]:.1%} then {shares[1, end]:.1%}" for end in (0, 255) if shares[:, end].max() > 0.001
    ]
    axes.set_title("\n".join(cut), loc="right", fontsize=7.5, color=QUIET)
    only_grid(axes, "y")


def _draw_shares(axes: Axes, tables: list[pd.DataFrame], splits: list[str]) -> None:
    edges = np.linspace(0, 1, 21)
    shares = [table["share"].to_numpy() for table in tables]
    # a bar of its own for pairs without change, left of 0
    counts = np.array([[np.sum(share == 0), *np.histogram(share[share > 0], bins=edges)[0]] for share in shares])
    heights = counts / counts.sum()
    left, widths = np.array([-0.075, *edges[:-1]]), 0.05 * 0.9
    bottom = np.zeros(len(left))
    for split, height in zip(splits, heights, strict=True):
        axes.bar(left + 0.025, height, widths, bottom=bottom, color=SPLIT_COLOURS.get(split, OTHER_COLOUR), label=split)
        bottom += height
    axes.set_xticks([-0.05, 0.0, 0.25, 0.5, 0.75, 1.0], ["none", "0", "25%", "50%", "75%", "100%"])
    axes.set(xlim=(-0.09, 1.01), xlabel="changed part of a pair", ylabel="pairs")
    axes.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))  # no ticks of 2.5 %, which would be rounded
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    only_grid(axes, "y")
    if len(splits) > 1:
        axes.legend(loc="upper right")


def _whole_numbers(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    only_grid(axes, "y")
