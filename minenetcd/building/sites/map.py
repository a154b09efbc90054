"""A world map of mining sites (paper, figure 2)."""

from pathlib import Path

from geopandas import GeoDataFrame

from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style
from minenetcd.display.words import counted, three_figures
from minenetcd.display.world_map import sites_figure


def draw_site_map(sites: GeoDataFrame, path: str | Path) -> None:
    """Write a PNG with a mark at each site, its area growing with that of the mines."""
    with figure_style():
        figure = sites_figure(sites, _title(sites), "Size of a dot: area of the mines", areas=sites["area_km2"])
        save_figure(figure, Path(path))


def _title(sites: GeoDataFrame) -> str:
    countries = counted(sites["country"].nunique(), "country", "countries")
    area = three_figures(sites["area_km2"].sum())
    return f"{counted(len(sites), 'mining site')} in {countries}, {area} km² of mines"
