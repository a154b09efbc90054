"""Where the sites of a data set lie, and how much changed there (figures 2 and 5 a to c of the MineNetCD paper)."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from minenetcd.display.figure_style import only_grid, titled
from minenetcd.display.palettes import ACCENT, ACCENT_LIGHT, BLUE, BLUE_LIGHT, INK, OTHER_COLOUR, SPLIT_COLOURS
from minenetcd.display.words import counted, three_figures
from minenetcd.display.world_map import sites_figure
from minenetcd.examining.statistics.as_json import countries_table
from minenetcd.examining.statistics.numbers import Statistics

MOST_COUNTRIES = 25  # rows of their own
MOST_NAMED_SITES = 40


def sites_map(statistics: Statistics) -> Figure:
    """Every site on the world, its area as large as the changed area where that is known."""
    sites = statistics.sites.dropna(subset=["longitude"])
    countries = sites["country"].dropna().nunique()
    where = f" in {counted(countries, 'country', 'countries')}" if countries else ""
    has_area = sites["changed_km2"].fillna(0).gt(0).any()
    subtitle = "Size of a dot: area changed between the two dates" if has_area else ""
    figure = sites_figure(
        sites, counted(len(sites), "site") + where, subtitle,
        areas=sites["changed_km2"] if has_area else None, colours=_colours(sites["splits"]),
    )  # fmt: skip
    splits = list(dict.fromkeys(sites["splits"]))
    _split_legend(figure.axes[0], splits, loc="lower left", bbox_to_anchor=(0.115, 0.02))  # in the South Pacific
    return figure


def sites_per_country(statistics: Statistics) -> Figure:
    """How many sites lie in each country."""
    table = countries_table(statistics)["sites"]
    table = table[table > 0]
    subtitle = f"{counted(int(table.sum()), 'site')} in {counted(len(table), 'country', 'countries')}"
    return _bars(table, "Sites per country", subtitle, unit="sites")


def changed_area_per_country(statistics: Statistics) -> Figure:
    """Square kilometres that changed in each country."""
    table = countries_table(statistics)["changed_km2"].dropna()
    subtitle = f"{three_figures(table.sum())} km² changed in {counted(len(table), 'country', 'countries')}"
    return _bars(table, "Changed area per country", subtitle, unit="km²")


def changed_area_per_site(statistics: Statistics) -> Figure:
    """Square kilometres that changed at each site."""
    table = statistics.sites.set_index("site")["changed_km2"].dropna()
    total, median = three_figures(table.sum()), three_figures(table.median())
    subtitle = f"{total} km² changed at {counted(len(table), 'site')}, median {median} km²"
    if len(table) <= MOST_NAMED_SITES:
        return _bars(table, "Changed area per site", subtitle, unit="km²", most=MOST_NAMED_SITES)
    return _ranking(statistics, "Changed area per site", subtitle)


def _bars(table: pd.Series, title: str, subtitle: str, *, unit: str, most: int = MOST_COUNTRIES) -> Figure:
    """Horizontal bars, the longest on top; beyond `most` the rest is one paler bar."""
    table = table.sort_values(ascending=False, kind="stable")
    colour, pale = (BLUE, BLUE_LIGHT) if unit == "sites" else (ACCENT, ACCENT_LIGHT)
    colours = [colour] * len(table)
    if len(table) > most + 1:
        others = counted(len(table) - most, "other country", "other countries")
        table = pd.concat([table.iloc[:most], pd.Series({others: table.iloc[most:].sum()})])
        colours = [colour] * most + [pale]
    figure = titled(8.2, 1.1 + 0.25 * max(len(table), 3), title, subtitle)
    axes = figure.add_subplot()
    rows = np.arange(len(table))
    axes.barh(rows, table, color=colours, height=0.72)
    for row, value in zip(rows, table, strict=True):
        label = f"{value:,.0f}" if unit == "sites" else three_figures(value)
        axes.annotate(label, (value, row), (4, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    axes.set_yticks(rows, list(map(str, table.index)), color=INK)
    axes.set(ylim=(max(len(table), 3) - 0.4, -0.6), xlim=(0, table.max() * 1.08 or 1), xlabel=unit)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=unit == "sites"))
    only_grid(axes, "x")
    return figure


def _ranking(statistics: Statistics, title: str, subtitle: str) -> Figure:
    """Upright bars of very many sites, the largest named."""
    sites = statistics.sites.dropna(subset=["changed_km2"]).sort_values("changed_km2", ascending=False, kind="stable")
    figure = titled(10.5, 4.2, title, subtitle)
    axes = figure.add_subplot()
    axes.margins(y=0.08)
    axes.bar(np.arange(1, len(sites) + 1), sites["changed_km2"], width=0.8, color=_colours(sites["splits"]))
    lowest = np.inf
    for rank, (_, site) in enumerate(sites.head(3).iterrows(), start=1):
        if site["changed_km2"] > lowest - 0.07 * sites["changed_km2"].max():
            continue  # its name would cover the last one
        lowest = site["changed_km2"]
        name = ", ".join(site[["site", "country"]].dropna())
        axes.annotate(name, (rank - 0.4, lowest), (0, 3), textcoords="offset points", fontsize=8.5, color=INK)
    axes.set(xlim=(0, len(sites) + 1), xlabel="sites, by area", ylabel="km²")
    only_grid(axes, "y")
    _split_legend(axes, list(dict.fromkeys(sites["splits"])), loc="upper right")
    return figure


def _colours(splits: pd.Series) -> pd.Series:
    """By split; of one split, that of change."""
    if splits.nunique() == 1:
        return splits.map(lambda split: ACCENT)
    return splits.map(lambda split: SPLIT_COLOURS.get(split, OTHER_COLOUR))


def _split_legend(axes: Axes, splits: list[str], **where: Any) -> None:
    """With what matplotlib's `Legend` takes to say where it stands."""
    known = [split for split in SPLIT_COLOURS if split in splits]
    if len(splits) < 2 or not known:
        return
    colours = {split: SPLIT_COLOURS[split] for split in known}
    if set(splits) - set(known):
        colours["more than one split"] = OTHER_COLOUR
    dots = [Line2D([], [], ls="", marker="o", color=colour, ms=6) for colour in colours.values()]
    axes.add_artist(Legend(axes, dots, list(colours), **where))
