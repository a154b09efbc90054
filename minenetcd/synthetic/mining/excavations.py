"""Parts of a mine that are dug: benched pits, quarries, strip mines, stripped ground, small diggings."""

import numpy as np
from numpy.random import Generator, default_rng

from minenetcd.synthetic.canvas.ground import DISTURBED, Ground
from minenetcd.synthetic.canvas.materials import Material
from minenetcd.synthetic.canvas.noise import Field, Mask, lowpass, smooth, smoothstep
from minenetcd.synthetic.canvas.shapes import Blob, line_mask
from minenetcd.synthetic.mining.site import Part, Site


def terraces(field: Field, spacing: float, face: float) -> tuple[Field, Field]:
    """Benches counted inwards from the edge: level (fractional on the faces) and place on the bench, 0..1."""
    steps = field / np.float32(spacing)
    level = np.floor(steps)
    place = steps - level
    return level + smoothstep(0, face, place), place


def surface_tone(site: Site, rng: Generator, level: Field, place: Field, face: float) -> Field:
    """Bright treads, dark faces, each bench a little its own, under dust and rubble."""
    textures = site.land.textures
    own = rng.normal(0, rng.uniform(0.03, 0.12), 256).astype(np.float32)
    tone = np.where(place < face, np.float32(0.38), np.float32(0.58))
    tone += own.take(np.clip(level, 0, 255).astype(np.int32))
    return tone + np.float32(0.12) * textures.mottle + np.float32(0.05) * textures.grain


def draw_pit(site: Site, ground: Ground, part: Part, date: int) -> None:
    """Benches step down from a ragged rim to a floor, a ramp winds along them, water may stand at the bottom."""
    outline = part.outline(date)
    rng, textures = default_rng(part.seed), site.land.textures
    spacing = site.bench_spacing * float(rng.uniform(0.8, 1.3))
    wiggle = site.lumps(part, "wiggle", longest=spacing * 22, shortest=spacing * 4, slope=1.8)
    wiggle = wiggle * np.float32(spacing * rng.uniform(0.3, 1.5))
    field = site.inside(outline)
    inside = field > 0
    if not inside.any():
        return
    face = float(rng.uniform(0.3, 0.65))
    floor = max(outline.radius / spacing * float(rng.uniform(0.35, 0.95)), 1.0)
    field = np.minimum(np.maximum(field + wiggle * smoothstep(0, 3 * spacing, field), 0), spacing * floor)
    level, place = terraces(field, spacing, face)
    tone = surface_tone(site, rng, level, place, face)
    bottom = field >= spacing * (floor - 0.02)
    tone[bottom] = (0.5 + 0.14 * textures.mottle + 0.05 * textures.grain)[bottom]
    seam = rng.normal(0, 0.9, 256).astype(np.float32).take(np.clip(level, 0, 255).astype(np.int32))
    seam += site.swell(part, "seam", max(part.largest.radius / 2.5, 4))
    ground.paint(inside, Material.PIT, tone, owner=part.owner)
    ground.material[inside & (seam > rng.uniform(0.2, 2.0))] = Material.PIT_SEAM
    rough = np.float32(0.12) * textures.mottle
    ground.raise_to(inside, site.land.broad_height - level * np.float32(site.bench_height) + rough)
    draw_ramp(site, ground, outline, rng, inside)
    draw_pit_lake(site, ground, inside & bottom | (field > spacing * floor * 0.75) & inside, rng, date)


def draw_ramp(site: Site, ground: Ground, outline: Blob, rng: Generator, inside: Mask) -> None:
    """A haul road that spirals from the rim inwards."""
    turns, start, spin = rng.uniform(0.3, 1.2), rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
    width = min(max(site.land.canvas.pixels(rng.uniform(10, 26)), 1.2), 0.13 * outline.radius)
    t = np.linspace(0, 1, int(outline.radius * turns * 7) + 8)
    angle = start + spin * turns * 2 * np.pi * t
    radius = outline.radius * (1.02 - rng.uniform(0.4, 0.8) * t)
    stretch = outline.elongation**0.5
    u, v = radius * np.cos(angle) * stretch, radius * np.sin(angle) / stretch
    cos, sin = np.cos(outline.angle), np.sin(outline.angle)
    points = np.stack([outline.x + u * cos - v * sin, outline.y + u * sin + v * cos], axis=1)
    ramp = line_mask(site.land.canvas, points, width) & inside
    tone = np.float32(rng.uniform(0.45, 0.75)) + np.float32(0.05) * site.land.textures.grain
    ground.paint(ramp, rng.choice([Material.HAUL_ROAD, Material.PIT]), tone)


def draw_pit_lake(site: Site, ground: Ground, low: Mask, rng: Generator, date: int) -> None:
    """Water on some pits' floors; its level swings from date to date without being a change."""
    wet, levels = rng.random() < 0.4, rng.uniform(-0.2, 1.8, 2)
    if wet:
        pool = smooth(rng, site.land.canvas, max(site.bench_spacing * 2.5, 5))
        where = low & (pool > levels[date])
        ground.paint(where, Material.PIT_WATER, np.float32(0.4) + np.float32(0.08) * site.land.textures.drift)


def draw_strip(site: Site, ground: Ground, part: Part, date: int) -> None:
    """A front that advances across the field: bare bench, open cut, spoil ridges behind it, then new growth."""
    rng, canvas, textures = default_rng(part.seed), site.land.canvas, site.land.textures
    full, outline = part.largest, part.outline(date)
    cut = max(canvas.pixels(rng.uniform(40, 120)), 6)
    ridge = max(canvas.pixels(rng.uniform(18, 50)), 4)
    spoil_share, wander = rng.uniform(0.3, 1.2), rng.uniform(0.5, 1.5)
    u, _ = full.local(canvas, textures.warp)
    u = u + np.float32(wander * ridge) * site.swell(part, "front", ridge * 4)
    half = full.radius * full.elongation**0.5
    behind = np.float32(half * (2 * (outline.radius / full.radius) - 1.05)) - u  # pixels behind the front
    inside = (site.inside(full) > 0) & (behind > -cut)
    zones = (behind > 0, behind > cut, behind > cut + half * spoil_share)
    common = np.float32(0.12) * textures.mottle + np.float32(0.06) * textures.grain
    ground.paint(inside, Material.STRIPPED, 0.55 + common, owner=part.owner)
    ground.paint(inside & zones[0], Material.PIT_SEAM, 0.4 + common, owner=part.owner + 1)
    ground.paint(inside & zones[0] & (behind > 0.45 * cut), Material.PIT, 0.4 + common)
    crest = np.sin(behind * np.float32(2 * np.pi / ridge)) * smoothstep(-1.5, 1.0, site.swell(part, "worn", ridge * 3))
    ground.paint(inside & zones[1], Material.WASTE, 0.48 + 0.05 * crest + common, owner=part.owner + 2)
    ground.paint(inside & zones[2], Material.RECLAIMED, 0.5 + 0.05 * crest + 1.3 * common, owner=part.owner + 3)
    spoil = np.where(zones[1], np.float32(rng.uniform(0.04, 0.11) * ridge) * crest, np.float32(0))
    depth = np.where(zones[0] & ~zones[1], np.float32(-1.2 * site.bench_height), np.float32(0))
    ground.raise_to(inside, site.land.broad_height + spoil + depth)


def draw_stripped(site: Site, ground: Ground, part: Part, date: int) -> None:
    """Topsoil scraped off in lanes, with islands of what grew there."""
    rng, canvas, textures = default_rng(part.seed), site.land.canvas, site.land.textures
    outline = part.outline(date)
    field = site.inside(outline)
    ragged = np.float32(outline.radius * rng.uniform(0.02, 0.3)) * (textures.tufts * 0.6 + textures.mottle * 0.5)
    where = (field + ragged * (field < outline.radius * 0.35)) > 0
    u, v = outline.local(canvas, textures.warp)
    lane = max(canvas.pixels(rng.uniform(5, 14)), 2.5)
    lanes = np.sin((u if rng.random() < 0.5 else v) * np.float32(2 * np.pi / lane))
    tone = np.float32(0.55) + np.float32(rng.uniform(0, 0.07)) * lanes
    tone = tone + np.float32(0.17) * textures.mottle + np.float32(0.06) * textures.grain
    ground.paint(where, Material.STRIPPED, tone, owner=DISTURBED)
    patches = site.swell(part, "patches", max(part.largest.radius / 3, 4)) > rng.uniform(0.6, 2.0)
    ground.material[where & patches] = rng.choice([Material.WASTE, Material.SOIL, Material.TRACK])
    ground.raise_to(where, site.land.broad_height + np.float32(0.3) * textures.mottle)


def draw_diggings(site: Site, ground: Ground, part: Part, date: int) -> None:
    """Many small pits, mounds and turbid pools, as artisanal and placer miners leave them."""
    rng, canvas, textures = default_rng(part.seed), site.land.canvas, site.land.textures
    outline = part.outline(date)
    grain = max(canvas.pixels(rng.uniform(12, 40)), 4)
    lumps = site.lumps(part, "lumps", longest=grain * 2.5, shortest=max(grain * 0.2, 2.2), slope=1.1)
    field = site.inside(outline)
    where = field + np.float32(0.2 * outline.radius) * lumps > 0
    where &= lumps > rng.uniform(-2.2, -0.4)
    tone = np.float32(0.55) + np.float32(0.12) * lumps + np.float32(0.1) * textures.mottle
    ground.paint(where, rng.choice([Material.STRIPPED, Material.WASTE, Material.PIT]), tone, owner=part.owner)
    ground.raise_to(where, site.land.broad_height + np.float32(0.05 * grain) * lumps)
    pools = where & (lowpass(lumps, 1) < -rng.uniform(0.2, 1.6)) & (field > 0)
    ground.paint(pools, Material.PROCESS_WATER, np.float32(0.5) + np.float32(0.2) * textures.drift)
