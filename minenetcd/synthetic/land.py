"""The land before and around a mine: relief, cover, water, fields, villages and public roads.

None of it is ever labelled, though crops, water levels, a few houses and clearings do differ between the dates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from minenetcd.synthetic.canvas.ground import Ground, Textures
from minenetcd.synthetic.canvas.materials import CROPS, ROOFS, Biome, Material
from minenetcd.synthetic.canvas.noise import (
    Canvas,
    Field,
    Mask,
    fractal,
    log_uniform,
    lowpass,
    ridges,
    smooth,
    standardise,
    warped,
)
from minenetcd.synthetic.canvas.shapes import Blob, Box, line_mask, random_blob, winding_line


@dataclass(frozen=True)
class Land:
    """The natural scene both dates share."""

    canvas: Canvas
    textures: Textures
    height: Field  # bare relief, pixels
    broad_height: Field  # relief without its small forms: what mines cut into
    ground: Ground


def draw_relief(rng: Generator, canvas: Canvas, slope: float) -> Field:
    """Hills and valleys whose mean gradient is `slope`, in pixels of height."""
    longest = float(np.clip(canvas.pixels(log_uniform(rng, 250, 3000)), canvas.size * 0.3, canvas.size * 1.6))
    valleys = ridges(rng, canvas, longest=longest, octaves=6, gain=float(rng.uniform(0.4, 0.55)))
    hills = fractal(rng, canvas, longest=longest, shortest=4, slope=2.1)
    field = float(rng.choice([1, -1, -1])) * valleys + float(rng.uniform(0.3, 1.2)) * hills
    reach = longest * float(rng.uniform(0.02, 0.06))
    spacing = longest / 10
    field = warped(field, reach * smooth(rng, canvas, spacing), reach * smooth(rng, canvas, spacing))
    gradient = float(np.abs(np.diff(field, axis=0)).mean() + np.abs(np.diff(field, axis=1)).mean()) / 1.3
    return field * np.float32(slope / (gradient + 1e-9))


# tone = base + weights of (grain, mottle, crowns - 0.5, drift)
COVER_TEXTURE = {
    Material.FOREST: (0.42, 0.03, 0.07, 0.62, 0.05),
    Material.SHRUB: (0.44, 0.09, 0.13, 0.28, 0.06),
    Material.GRASS: (0.52, 0.05, 0.12, 0.0, 0.10),
    Material.SOIL: (0.52, 0.06, 0.15, 0.0, 0.10),
    Material.ROCK: (0.48, 0.09, 0.20, 0.0, 0.06),
    Material.SAND: (0.60, 0.04, 0.09, 0.0, 0.08),
}


def draw_cover(rng: Generator, land: Land, biome: Biome) -> None:
    """Zones from the dry to the wet end of the biome, warped, valley-following, with ragged edges."""
    canvas, textures, ground = land.canvas, land.textures, land.ground
    hollow = standardise(lowpass(land.height, canvas.size / 24) - land.height)
    wetness = fractal(rng, canvas, longest=canvas.size * float(rng.uniform(0.3, 1)), shortest=3, slope=1.45)
    wetness = wetness + float(rng.uniform(0, 1.0)) * hollow + np.float32(0.10) * textures.grain
    shares = np.array([share for _, share in biome.cover]) * np.exp(rng.normal(0, 0.8, len(biome.cover)))
    edges = np.quantile(wetness[::5, ::5], np.cumsum(shares / shares.sum())[:-1])
    ground.material[:] = biome.cover[0][0]
    for edge, (material, _) in zip(edges, biome.cover[1:], strict=True):
        ground.material[wetness > edge] = material
    weights = np.zeros((5, 64), np.float32)
    for material, texture in COVER_TEXTURE.items():
        weights[:, material] = texture
    fields = (textures.grain, textures.mottle, textures.crowns - np.float32(0.5), textures.drift)
    ground.tone[:] = weights[0].take(ground.material)
    for row, field in zip(weights[1:], fields, strict=True):
        ground.tone += row.take(ground.material) * field


def scatter_trees(rng: Generator, land: Land) -> None:
    """Single trees and bushes on open ground, denser where shrub is, in loose groups."""
    ground, textures = land.ground, land.textures
    density = np.full(64, 9.0, np.float32)
    density[[Material.GRASS, Material.SOIL, Material.ROCK]] = rng.uniform(1.5, 3.5, 3)
    density[Material.SHRUB] = rng.uniform(0.4, 1.6)
    trees = textures.tufts + np.float32(0.5) * textures.drift > density.take(ground.material)
    ground.paint(trees, Material.FOREST, np.float32(0.25) + np.float32(0.1) * textures.grain)


def raise_canopy(land: Land, ground: Ground) -> None:
    """Give woods their height, so that their edges shade and cast shadows."""
    tall = land.canvas.pixels(7.0)
    crown = np.float32(tall) * (np.float32(0.55) + np.float32(0.45) * land.textures.crowns)
    ground.height += np.where(ground.material == Material.FOREST, crown, np.float32(0))


def parcels(rng: Generator, canvas: Canvas, drift: Field) -> tuple[NDArray[np.signedinteger], Field, Field]:
    """A mosaic of fields: parcel number, and the coordinates along and across the strips, in pixels."""
    angle = rng.uniform(0, np.pi)
    side = float(np.clip(canvas.pixels(log_uniform(rng, 50, 500)), 8, canvas.size * 0.6))
    bend = np.float32(side * rng.uniform(0.0, 0.5))
    x, y = canvas.x + bend * drift, canvas.y - bend * drift
    u = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    v = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    reach = int(canvas.size * 1.6)
    strip = _cells(rng, 2 * reach, side)
    split = np.stack([_cells(rng, 2 * reach, side * rng.uniform(0.6, 2.0)) for _ in range(strip[-1] + 1)])
    row = strip.take(np.clip(u + reach, 0, 2 * reach - 1).astype(np.int32))
    column = np.clip(v + reach, 0, 2 * reach - 1).astype(np.int32)
    number = split.ravel().take(row * (2 * reach) + column) + row * 997
    return number, u, v


def _cells(rng: Generator, length: int, side: float) -> NDArray[np.int32]:
    """Cell number of each of `length` pixels, cells about `side` long."""
    edges = np.cumsum(side * np.exp(rng.normal(0, 0.45, int(length / side * 2.5) + 4)))
    return np.searchsorted(edges, np.arange(length)).astype(np.int32)


@dataclass(frozen=True)
class Farmland:
    """Where fields lie, and what each grows on the two dates."""

    where: Mask
    crops: tuple[NDArray[np.uint8], ...]  # material per pixel, before and after
    tones: tuple[Field, ...]
    border: Mask


def plan_farmland(rng: Generator, land: Land, share: float) -> Farmland:
    """Fields on a share of the land, their rows, and crops that mostly turn between the dates."""
    canvas, textures = land.canvas, land.textures
    number, u, v = parcels(rng, canvas, textures.drift)
    where = smooth(rng, canvas, canvas.size / float(rng.uniform(3, 7))) + np.float32(0.15) * textures.drift
    lot = ((number.astype(np.int64) * 7919) % 4096).astype(np.int32)  # a hash: neighbours draw different lots
    where = where > np.quantile(where[::5, ::5], 1 - share)
    where &= rng.random(4096).take(lot) > 0.12
    before = rng.integers(0, CROPS, 4096)
    after = np.where(rng.random(4096) < rng.uniform(0.2, 0.9), rng.integers(0, CROPS, 4096), before)
    spacing = max(canvas.pixels(rng.uniform(2, 12)), 2.3)
    along = rng.random(4096).take(lot) < 0.7
    rows = np.sin(np.where(along, v, u) * np.float32(2 * np.pi / spacing))
    strength = (rng.random(4096) ** 2 * rng.uniform(0.02, 0.14)).astype(np.float32)
    common = np.float32(0.08) * textures.mottle + np.float32(0.04) * textures.grain + strength.take(lot) * rows
    tones = tuple(common + rng.uniform(0.25, 0.75, 4096).astype(np.float32).take(lot) for _ in range(2))
    edge = np.zeros_like(where)
    edge[1:] |= number[1:] != number[:-1]
    edge[:, 1:] |= number[:, 1:] != number[:, :-1]
    crops = tuple((Material.CROP + crop.astype(np.uint8)).take(lot) for crop in (before, after))
    return Farmland(where, crops, tones, edge & where)


def draw_farmland(rng: Generator, ground: Ground, farmland: Farmland, date: int) -> None:
    """The fields of one date; borders are hedges or paths, the same on both."""
    np.copyto(ground.material, farmland.crops[date].astype(np.uint8), where=farmland.where)
    np.copyto(ground.tone, farmland.tones[date], where=farmland.where)
    kind = rng.choice([Material.FOREST, Material.TRACK, Material.GRASS])
    if rng.random() < 0.7:
        ground.paint(farmland.border, kind, 0.45)


def draw_river(rng: Generator, land: Land, grounds: list[Ground]) -> None:
    """One winding river across the scene, with bars of sand that its level covers or bares."""
    canvas = land.canvas
    angle = rng.uniform(0, 2 * np.pi)
    axis = canvas.x * np.float32(np.cos(angle)) + canvas.y * np.float32(np.sin(angle))
    offset = canvas.size * (np.cos(angle) + np.sin(angle)) / 2 + canvas.size * rng.uniform(-0.4, 0.4)
    swing = canvas.size * rng.uniform(0.03, 0.12)
    distance = np.abs(axis - np.float32(offset) + swing * smooth(rng, canvas, canvas.size / rng.uniform(5, 14)))
    distance += np.float32(max(canvas.pixels(6), 1)) * land.textures.warp[0]
    width = max(canvas.pixels(log_uniform(rng, 6, 90)), 1.2)
    bank = distance < width * rng.uniform(1.0, 1.8)
    bed = rng.choice([Material.SAND, Material.GRASS, Material.FOREST, Material.SOIL])
    levels = width * rng.uniform(0.45, 1.0) * np.exp(rng.normal(0, 0.2, 2))
    for ground, level in zip(grounds, levels, strict=True):
        ground.paint(bank, bed, np.float32(0.55) + np.float32(0.1) * land.textures.mottle)
        ground.paint(distance < level, Material.WATER, np.float32(0.5) - np.float32(0.4) * distance / width)


def draw_lake(rng: Generator, land: Land, grounds: list[Ground]) -> None:
    """A natural lake or reservoir whose level differs between the dates by a ring of bare shore."""
    canvas = land.canvas
    x, y = rng.uniform(0, canvas.size, 2)
    blob = random_blob(rng, x, y, canvas.size * log_uniform(rng, 0.04, 0.22))
    field = blob.field(canvas, land.textures.warp)
    levels = rng.uniform(0, 0.14 * blob.radius, 2)
    shore = field > 0
    for ground, level in zip(grounds, levels, strict=True):
        ground.paint(shore, Material.SAND, np.float32(0.4) + np.float32(0.1) * land.textures.mottle)
        ground.paint(field > level, Material.WATER, np.float32(0.75) - np.float32(0.7) * field / blob.radius)


def draw_public_roads(rng: Generator, land: Land, grounds: list[Ground]) -> None:
    """Paved roads and farm tracks that cross the scene."""
    canvas = land.canvas
    for _ in range(rng.integers(0, 4)):
        through, course = rng.uniform(0.1, 0.9, 2), rng.uniform(0, np.pi)
        start, end = (
            (through + side * 1.1 * np.array([np.cos(course), np.sin(course)])) * canvas.size for side in (-1, 1)
        )
        points = winding_line(rng, start, end, float(rng.choice([0.01, 0.04, 0.1])))
        paved = rng.random() < 0.4
        width = canvas.pixels(rng.uniform(6, 14) if paved else rng.uniform(2.5, 6))
        mask = line_mask(canvas, points, max(width, 1.0))
        tone = np.float32(rng.uniform(0.4, 0.8)) + np.float32(0.06) * land.textures.grain
        for ground in grounds:
            ground.paint(mask, Material.PAVED if paved else Material.TRACK, tone)


def draw_village(rng: Generator, land: Land, grounds: list[Ground]) -> None:
    """Streets, yards and houses in a loose grid; a few houses stand on one date only."""
    canvas = land.canvas
    centre, angle = rng.uniform(0.05, 0.95, 2) * canvas.size, rng.uniform(0, np.pi)
    pitch = max(canvas.pixels(rng.uniform(22, 45)), 3.0)
    across = int(np.clip(canvas.pixels(log_uniform(rng, 80, 500)) / pitch, 2, 14))
    main_roof = int(rng.integers(ROOFS))
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    blob = Blob(centre[0], centre[1], across * pitch * 0.6, raggedness=0.15)
    yards = blob.field(canvas, land.textures.warp) > 0
    for ground in grounds:
        patch = yards & (land.textures.tufts > -0.2)
        ground.paint(patch, Material.YARD, np.float32(0.5) + np.float32(0.12) * land.textures.mottle)
    for k in range(-across // 2, across // 2 + 1, 2):
        for axis in range(2):
            ends = centre + (np.array([[-0.55], [0.55]]) * across * axes[axis] + k * axes[1 - axis]) * pitch
            street = line_mask(canvas, winding_line(rng, ends[0], ends[1], 0.01), max(canvas.pixels(6), 1.0))
            for ground in grounds:
                ground.paint(street, Material.TRACK, 0.55)
    for cell in np.argwhere(rng.random((across, across)) < rng.uniform(0.4, 0.9)) - across / 2 + 0.5:
        x, y = centre + cell @ axes * pitch + rng.normal(0, 0.12 * pitch, 2)
        half_length, half_width = pitch * rng.uniform(0.16, 0.36, 2)
        house = Box(x, y, half_length, half_width, angle + rng.normal(0, 0.05))
        roof = Material.ROOF + (main_roof if rng.random() < 0.7 else int(rng.integers(ROOFS)))
        alone = rng.integers(2) if rng.random() < 0.04 else None
        for date, ground in enumerate(grounds):
            if alone is None or alone == date:
                put_house(canvas, ground, house, roof)


def put_house(canvas: Canvas, ground: Ground, house: Box, roof: int) -> None:
    """A box of a roof of two slopes, a storey or two high."""
    window = house.window(canvas)
    if window is None:
        return
    rows, columns, inside = window
    cos, sin = np.cos(house.angle), np.sin(house.angle)
    across = (canvas.y[rows] - house.y) * cos - (canvas.x[:, columns] - house.x) * sin
    ridge = 1 - np.abs(across) / max(house.half_width, 0.5)
    ground.material[rows, columns][inside] = roof
    ground.tone[rows, columns][inside] = 0.5 + 0.15 * np.sign(across)[inside]
    base = float(ground.height[rows, columns].mean())
    np.copyto(
        ground.height[rows, columns],
        (base + canvas.pixels(5) + 0.4 * house.half_width * ridge).astype(np.float32),
        where=inside,
    )


def draw_clearing(rng: Generator, land: Land, ground: Ground) -> None:
    """A burn scar or a felled plot on one date: a change, but no mining."""
    canvas = land.canvas
    x, y = rng.uniform(0, canvas.size, 2)
    blob = random_blob(rng, x, y, canvas.size * log_uniform(rng, 0.04, 0.15))
    where = blob.field(canvas, land.textures.warp) > np.float32(0.1 * blob.radius) * land.textures.tufts
    green = where & ground.has((Material.FOREST, Material.SHRUB, Material.GRASS))
    if rng.random() < 0.5:
        ground.tone -= np.where(green, np.float32(0.35), np.float32(0))
    else:
        ground.paint(green, Material.GRASS, np.float32(0.5) + np.float32(0.15) * land.textures.mottle)
