"""Which scenes are of one site: those that show the same ground, or were made from the same files."""

from collections.abc import Sequence

from minenetcd.geo.footprints.overlap import shared_area
from minenetcd.labelling.learning.scenes import JudgedScene


def group_sites(scenes: Sequence[JudgedScene]) -> list[list[JudgedScene]]:
    """`scenes` by site, in their order. Pictures without a place are of one site only where a file is the same."""
    sites: list[list[JudgedScene]] = []
    for scene in scenes:
        same = [site for site in sites if any(_is_same_ground(scene, other) for other in site)]
        joined = [other for site in same for other in site] + [scene]
        sites = [site for site in sites if not any(site is each for each in same)] + [joined]
    return sites


def _is_same_ground(one: JudgedScene, other: JudgedScene) -> bool:
    if one.checksums & other.checksums:
        return True
    if not (one.grid.is_georeferenced and other.grid.is_georeferenced):
        return False
    return bool(shared_area(one.grid, other.grid).area)
