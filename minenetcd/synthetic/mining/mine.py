"""A mine on the ground of one date: its parts in the order in which they cover each other."""

import numpy as np
from numpy.random import Generator, default_rng

from minenetcd.synthetic.canvas.ground import DISTURBED, NATURAL, Ground
from minenetcd.synthetic.canvas.materials import Material
from minenetcd.synthetic.canvas.noise import Mask
from minenetcd.synthetic.canvas.shapes import Box
from minenetcd.synthetic.mining.deposits import (
    UNDRIVEN,
    draw_cells,
    draw_dump,
    draw_leach,
    draw_plant,
    draw_pond,
    draw_road,
)
from minenetcd.synthetic.mining.excavations import draw_diggings, draw_pit, draw_strip, draw_stripped
from minenetcd.synthetic.mining.site import Part, Site

DRAW = {
    "pit": draw_pit,
    "quarry": draw_pit,
    "strip": draw_strip,
    "dump": draw_dump,
    "pond": draw_pond,
    "cells": draw_cells,
    "leach": draw_leach,
    "plant": draw_plant,
    "stripped": draw_stripped,
    "diggings": draw_diggings,
}
SUCCESSORS = {"pit": "dump", "quarry": "dump", "dump": "pit", "leach": "dump", "cells": "dump", "plant": "dump"}
ORDER = ("stripped", "dump", "leach", "pond", "strip", "diggings", "pit", "quarry", "cells", "plant")


def draw_mine(site: Site, ground: Ground, date: int) -> None:
    """Cleared ground first, then heaps, fills, cuts and buildings, then what grew over them; roads on top."""
    parts = [part for part in site.parts if part.outlines[date] is not None]
    draw_aprons(site, ground, parts, date)
    for part in sorted(parts, key=lambda part: ORDER.index(part.kind)):
        untouched = ground.owner.copy()
        DRAW[part.kind](site, ground, part, date)
        if part.renewed and date == 1 and part.kind in SUCCESSORS:
            heir = part.succeeded(SUCCESSORS[part.kind])
            DRAW[heir.kind](site, ground, heir, date)
        overgrow(site, ground, part, ground.owner != untouched, date)
    for road in site.roads:
        if road.dates[date]:
            draw_road(site, ground, road, date)


def draw_aprons(site: Site, ground: Ground, parts: list[Part], date: int) -> None:
    """Ground cleared and driven over around each part, ragged and patchy."""
    textures = site.land.textures
    tone = np.float32(0.55) + np.float32(0.16) * textures.mottle + np.float32(0.06) * textures.grain
    for part in parts:
        rng = default_rng(part.seed + 7)
        share, widest = rng.uniform(0.2, 1.5), max(site.apron)
        reach = min(site.apron[date] * share, part.largest.radius)
        near = site.inside(part.outline(date)) + np.float32(reach)
        ragged = np.float32(reach) * (
            site.swell(part, "apron", max(widest * 1.5, 4)) + np.float32(0.1) * textures.mottle
        )
        where = near + ragged > 0
        ground.paint(where, Material.STRIPPED, tone, owner=DISTURBED)
        ground.raise_to(where, site.land.height)
        ground.material[where & (textures.drift > rng.uniform(0.3, 2))] = Material.WASTE


def overgrow(site: Site, ground: Ground, part: Part, where: Mask, date: int) -> None:
    """Grass and bushes over a share of the part's surface, in patches that only spread with the share."""
    share = part.overgrown[date]
    if share <= 0 or not where.any():
        return
    rng, textures = default_rng(part.seed + 13), site.land.textures
    patches = site.lumps(part, "growth", longest=max(part.largest.radius, 12), shortest=7, slope=1.6)
    limit = np.quantile(patches[where], 1 - share)
    green = where & (patches > limit)
    tone = np.float32(0.42) + np.float32(0.14) * textures.mottle + np.float32(0.07) * textures.grain
    ground.paint(green, Material.RECLAIMED, tone, owner=part.owner + 5)
    ground.material[green & (textures.tufts > rng.uniform(0.3, 2.0))] = Material.SHRUB


def scatter_vehicles(rng: Generator, site: Site, ground: Ground) -> None:
    """Trucks and diggers, a few pixels each, somewhere else on each date; only where pixels are fine enough."""
    canvas = site.land.canvas
    if canvas.metres_per_pixel > 2.5 or not site.parts:
        return
    driven = (ground.owner != NATURAL) & ~ground.has(UNDRIVEN)
    rows, columns = np.nonzero(driven[::4, ::4])
    if not len(rows):
        return
    for pick in rng.integers(len(rows), size=rng.integers(0, 12)):
        size = canvas.pixels(rng.uniform(2.5, 5.5))
        truck = Box(columns[pick] * 4, rows[pick] * 4, size, max(size * 0.5, 0.6), rng.uniform(0, np.pi))
        window = truck.window(canvas)
        if window is not None:
            r, c, inside = window
            ground.material[r, c][inside] = Material.VEHICLE
            ground.tone[r, c][inside] = rng.uniform(0.1, 1)
            ground.height[r, c][inside] += canvas.pixels(3)
