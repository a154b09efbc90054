"""Parts of a mine that are heaped, filled or built: dumps, tailings ponds, basins, leach pads, plants, roads."""

import numpy as np
from numpy.random import Generator, default_rng

from minenetcd.synthetic.canvas.ground import DISTURBED, NATURAL, Ground
from minenetcd.synthetic.canvas.materials import ROOFS, Material
from minenetcd.synthetic.canvas.noise import Field, Mask, log_uniform, smoothstep
from minenetcd.synthetic.canvas.shapes import Blob, Box, disc_window, line_mask, polar
from minenetcd.synthetic.land import put_house
from minenetcd.synthetic.mining.excavations import surface_tone, terraces
from minenetcd.synthetic.mining.site import Part, Road, Site


def streaks(site: Site, x: float, y: float, fineness: float) -> Field:
    """Noise drawn out along the rays from a point: rills down a slope, channels over a beach."""
    key = (x, y, fineness)
    if key not in site.drawn:
        size, textures = site.land.canvas.size, site.land.textures
        radius, angle = polar(site.land.canvas, x, y)
        rows = (angle + np.float32(3.2)) * np.float32(size * fineness) + np.float32(2.5) * textures.warp[0]
        rows = rows.astype(np.int32) % size
        columns = (radius * np.float32(0.18)).astype(np.int32) % size
        site.drawn[key] = textures.mottle.ravel().take(rows * size + columns)
    return site.drawn[key]


def draw_dump(site: Site, ground: Ground, part: Part, date: int) -> None:
    """A lobed heap in a few lifts: rilled slopes, a bumpy top where trucks tip."""
    outline = part.outline(date)
    rng, canvas = default_rng(part.seed), site.land.canvas
    spacing = site.bench_spacing * float(rng.uniform(1.0, 2.2))
    lobe = site.lumps(
        part, "lobe", longest=max(part.largest.radius, 12), shortest=max(part.largest.radius / 6, 6), slope=1.3
    )
    field = site.inside(outline) + np.float32(rng.uniform(0.01, 0.06) * outline.radius) * lobe
    inside = field > 0
    lifts = float(np.clip(outline.radius / spacing * rng.uniform(0.2, 0.7), 1, 6))
    face = float(rng.uniform(0.45, 0.9))
    level, place = terraces(np.clip(field, 0, spacing * lifts), spacing, face)
    slope = (place < face) & (level < lifts - 0.03)
    tone = surface_tone(site, rng, level, place, face) + np.float32(0.04)
    tone += np.where(
        slope, np.float32(0.09) * streaks(site, outline.x, outline.y, float(rng.uniform(0.1, 0.5))), np.float32(0)
    )
    tip = max(canvas.pixels(rng.uniform(6, 12)), 2.4)
    bumps = site.lumps(part, "bumps", longest=tip * 2, shortest=tip * 0.8, slope=0.4)
    patchy = smoothstep(0.2, 1.0, site.swell(part, "tipped", max(part.largest.radius / 3, 4)))
    bumps = np.where(slope, np.float32(0), bumps * patchy)
    ground.paint(inside, Material.WASTE, tone + np.float32(0.07) * bumps, owner=part.owner)
    other = site.swell(part, "other", max(part.largest.radius / 2, 4)) > rng.uniform(0.3, 2)
    ground.material[inside & other] = Material.WASTE_OTHER
    lift = np.float32(site.bench_height * rng.uniform(0.6, 1.2))
    ground.raise_to(inside, site.land.broad_height + level * lift + np.float32(0.06 * tip) * bumps)


def pond_field(site: Site, outline: Blob, rng: Generator) -> tuple[Field, Field, float]:
    """Pixels to the shore (positive inside), how far towards the dam (-1..1), and the angle the dam faces."""
    canvas, land = site.land.canvas, site.land
    field = site.inside(outline)
    facing, cut, drowned = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.9), rng.random() < 0.5
    dx, dy = canvas.x - np.float32(outline.x), canvas.y - np.float32(outline.y)
    towards = (dx * np.float32(np.cos(facing)) + dy * np.float32(np.sin(facing))) / np.float32(outline.radius)
    bow = np.float32(rng.uniform(-0.25, 0.25))
    sideways = (dy * np.float32(np.cos(facing)) - dx * np.float32(np.sin(facing))) / np.float32(outline.radius)
    dam = (np.float32(cut) - towards - bow * sideways**2) * np.float32(outline.radius)
    if drowned:  # the shore follows the valley's contour lines
        inside = field > 0
        level = np.quantile(land.broad_height[inside], rng.uniform(0.55, 0.95)) if inside.any() else 0.0
        steepness = np.float32(6.0 / (np.std(land.broad_height) + 1e-6) * outline.radius / 20)
        field = np.minimum(field, (np.float32(level) - land.broad_height) * steepness)
    return np.minimum(field, dam), towards, float(facing)


def draw_pond(site: Site, ground: Ground, part: Part, date: int) -> None:
    """Tailings behind a dam: a beach that fans out from the spigots, wet margin, water, embankment."""
    outline = part.outline(date)
    rng, canvas, textures = default_rng(part.seed), site.land.canvas, site.land.textures
    field, towards, facing = pond_field(site, outline, rng)
    inside = field > 0
    spill = rng.uniform(-1.2, 1.2) + (0 if rng.random() < 0.6 else np.pi)
    origin = outline.x + outline.radius * np.cos(facing + spill), outline.y + outline.radius * np.sin(facing + spill)
    radius, _ = polar(canvas, *origin)
    reach = radius / np.float32(outline.radius * 2) + np.float32(0.1) * site.swell(
        part, "shore", max(part.largest.radius / 3, 4)
    )
    lines = np.clip(rng.choice([rng.uniform(0.05, 0.5), rng.uniform(0.5, 1.1)]) + rng.normal(0, 0.12, 2), 0, 2)
    if part.renewed:
        lines = np.array([rng.uniform(0, 0.25), rng.uniform(1.0, 1.6)])
    line = float(lines[date])
    fan = streaks(site, *origin, float(rng.uniform(0.05, 0.3)))
    strength, wet = np.float32(rng.uniform(0.03, 0.22)), float(rng.uniform(0.02, 0.2))
    tone = np.float32(0.6) + strength * fan + np.float32(0.08) * textures.mottle - np.float32(0.25) * reach
    filled = 3 if part.renewed and date == 1 else 0
    ground.paint(inside, Material.TAILINGS, tone, owner=part.owner + filled)
    ground.paint(inside & (reach + 0.06 * fan > line - wet), Material.TAILINGS_WET, tone)
    deep = np.float32(0.62) - np.float32(0.9) * (reach - np.float32(line)) + np.float32(0.05) * textures.drift
    ground.raise_to(inside, site.land.broad_height + np.float32(0.1) * textures.mottle)
    water = inside & (reach > line)
    ground.paint(water, Material.PROCESS_WATER, np.clip(deep, 0.1, 0.9))
    draw_dam(site, ground, part, (field, towards), rng)


def draw_dam(site: Site, ground: Ground, part: Part, shore: tuple[Field, Field], rng: Generator) -> None:
    """An embankment in parallel bands along the shore on the dam's side, or all around."""
    field, towards = shore
    canvas = site.land.canvas
    width = max(canvas.pixels(rng.uniform(20, 90)), 2.2)
    width = min(width, part.largest.radius * 0.35)
    extent = rng.choice([-2.0, 0.0, 0.25])
    bank = (field <= 0.25 * width) & (field > -width) & (towards > extent)
    across = (field + width) / np.float32(1.25 * width)
    bands = np.sin(across * np.float32(2 * np.pi * rng.integers(1, 4)))
    tone = np.float32(0.5) + np.float32(0.1) * bands + np.float32(0.06) * site.land.textures.mottle
    crest = bank & (across > 0.75) & (across < 0.95)
    ground.paint(bank, Material.DAM, tone, owner=part.owner + 1)
    ground.paint(crest, Material.HAUL_ROAD, 0.6)
    rise = np.float32(canvas.pixels(rng.uniform(5, 25))) * smoothstep(0, 0.75, across)
    ground.raise_to(bank, site.land.broad_height + np.minimum(rise, np.float32(width * 0.5)))


def draw_cells(site: Site, ground: Ground, part: Part, date: int) -> None:
    """Rectangular basins in rows, each with its own brine, sludge or liner; their colours swing between dates."""
    outline = part.outline(date)
    rng, canvas, textures = default_rng(part.seed), site.land.canvas, site.land.textures
    u, v = part.largest.local(canvas, None)
    inside = site.inside(outline) > 0
    pitch = (
        outline.radius / rng.uniform(0.8, 3.0) if rng.random() < 0.5 else max(canvas.pixels(rng.uniform(40, 160)), 7)
    )
    pitch = max(float(pitch), 5.0)
    ratio = rng.uniform(1.0, 2.5)
    column, row = np.floor(u / np.float32(pitch * ratio)), np.floor(v / np.float32(pitch))
    edge = np.minimum(
        np.abs(u / np.float32(pitch * ratio) - column - 0.5) * ratio, np.abs(v / np.float32(pitch) - row - 0.5)
    )
    gap = np.maximum(np.abs(u / np.float32(pitch * ratio) - column - 0.5), np.abs(v / np.float32(pitch) - row - 0.5))
    cell = ((column * 31 + row * 17).astype(np.int32)) % 64
    fills = rng.choice(
        [Material.PROCESS_WATER, Material.TAILINGS_WET, Material.TAILINGS, Material.LINER], 64, p=(0.5, 0.15, 0.2, 0.15)
    )
    tones = rng.uniform(0.15, 0.85, 64) + default_rng(part.seed + 1 + date).normal(0, 0.15, 64)
    ground.paint(inside, Material.DAM, np.float32(0.6) + np.float32(0.06) * textures.grain, owner=part.owner)
    wet = inside & (gap < 0.5 - max(1.2 / pitch, float(rng.uniform(0.03, 0.12))))
    tone = tones.astype(np.float32).take(cell) + np.float32(0.05) * textures.drift - np.float32(0.1) * edge
    np.copyto(ground.material, fills.astype(np.uint8).take(cell), where=wet)
    np.copyto(ground.tone, tone, where=wet)
    ground.raise_to(inside, site.land.broad_height - np.where(wet, np.float32(canvas.pixels(3)), np.float32(0)))


def draw_leach(site: Site, ground: Ground, part: Part, date: int) -> None:
    """A flat, straight-edged heap in lifts on a dark liner, wetted in panels."""
    outline = part.outline(date)
    rng, canvas = default_rng(part.seed), site.land.canvas
    field = site.inside(outline)
    rim = max(canvas.pixels(rng.uniform(4, 15)), 1.5)
    ground.paint(field > 0, Material.LINER if rng.random() < 0.5 else Material.PAD, 0.5, owner=part.owner)
    spacing, face = site.bench_spacing * 1.2, 0.6
    lifts = float(np.clip(outline.radius / spacing * 0.5, 1, rng.integers(2, 5)))
    level, place = terraces(np.clip(field - rim, 0, spacing * lifts), spacing, face)
    heap = field > rim
    u, v = part.largest.local(canvas, None)
    panel = max(canvas.pixels(rng.uniform(30, 90)), 5)
    number = (np.floor(u / panel) * 13 + np.floor(v / panel) * 7).astype(np.int32) % 64
    tone = surface_tone(site, rng, level, place, face) + rng.normal(0, 0.09, 64).astype(np.float32).take(number)
    ground.paint(heap, rng.choice([Material.STOCKPILE, Material.WASTE_OTHER, Material.WASTE]), tone)
    ground.raise_to(field > 0, site.land.broad_height + level * np.float32(site.bench_height * 0.7))


def draw_plant(site: Site, ground: Ground, part: Part, date: int) -> None:
    """A levelled yard with halls, tanks, conveyors and stockpiles."""
    outline = part.outline(date)
    rng, textures = default_rng(part.seed), site.land.textures
    yard = site.inside(outline) > 0
    tone = np.float32(0.5) + np.float32(0.14) * textures.mottle + np.float32(0.05) * textures.grain
    ground.paint(yard, Material.PAD, tone, owner=part.owner)
    ground.raise_to(yard, site.land.broad_height)
    full = part.largest
    cos, sin = np.cos(full.angle), np.sin(full.angle)
    for _ in range(rng.integers(6, 26)):
        offset = rng.uniform(-0.8, 0.8, 2) * full.radius * (full.elongation**0.5, full.elongation**-0.5)
        x, y = full.x + offset[0] * cos - offset[1] * sin, full.y + offset[0] * sin + offset[1] * cos
        draw_facility(site, ground, (float(x), float(y), full.angle), rng, yard)


def draw_facility(site: Site, ground: Ground, place: tuple[float, float, float], rng: Generator, yard: Mask) -> None:
    """One hall, tank, conveyor or stockpile at x, y, turned by an angle; nothing where the yard does not reach."""
    canvas = site.land.canvas
    x, y, angle = place
    length = max(canvas.pixels(log_uniform(rng, 8, 70)), 1.5)
    kind, width, roof = rng.random(), rng.uniform(0.15, 0.45), Material.ROOF + int(rng.integers(ROOFS))
    turn = angle + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.03)
    on_canvas = 0 <= x < canvas.size and 0 <= y < canvas.size
    if not on_canvas or not yard[int(y), int(x)]:
        return
    if kind < 0.5:
        put_house(canvas, ground, Box(x, y, length / 2, length * width, turn), roof)
    elif kind < 0.65:
        put_house(canvas, ground, Box(x, y, length * 1.8, max(canvas.pixels(2), 0.6), turn), Material.ROOF + 2)
    else:
        put_cone(site, ground, (x, y, length * 0.5), Material.STOCKPILE if kind < 0.85 else Material.ROOF + 1)


def put_cone(site: Site, ground: Ground, place: tuple[float, float, float], material: int) -> None:
    """A round heap or tank at x, y with a radius in pixels."""
    window = disc_window(site.land.canvas, *place)
    if window is None:
        return
    rows, columns, distance = window
    inside = distance < 1
    ground.material[rows, columns][inside] = material
    ground.tone[rows, columns][inside] = 0.55
    base = float(ground.height[rows, columns].mean())
    cone = base + np.float32(0.6 * place[2]) * np.clip(1 - distance, 0, 1)
    np.copyto(ground.height[rows, columns], cone.astype(np.float32), where=inside)


UNDRIVEN = (
    Material.PROCESS_WATER,
    Material.PIT_WATER,
    Material.TAILINGS,
    Material.TAILINGS_WET,
    Material.LINER,
    Material.PAD,
    *(Material.ROOF + k for k in range(ROOFS)),
)


def draw_road(site: Site, ground: Ground, road: Road, date: int) -> None:
    """A dusty haul road with darker berms; on the mine's own surfaces it is no change of owner."""
    canvas, textures = site.land.canvas, site.land.textures
    tone = np.float32(road.tone) + np.float32(0.06) * textures.grain + np.float32(0.05) * textures.mottle
    open_ground = ~ground.has(UNDRIVEN)
    for part in site.parts:  # roads end where they reach a part, not in its middle
        if part.outlines[date] is not None:
            open_ground &= site.inside(part.outline(date)) < road.width
    if road.width > 4:
        berm = line_mask(canvas, road.points, road.width + 2) & open_ground
        ground.paint(berm, Material.STRIPPED, 0.4)
    mask = line_mask(canvas, road.points, road.width) & open_ground
    ground.paint(mask, Material.HAUL_ROAD, tone)
    fresh = mask & (ground.owner == NATURAL)
    ground.owner[fresh] = DISTURBED
    ground.raise_to(fresh, site.land.height)
