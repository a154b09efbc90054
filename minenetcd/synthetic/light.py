"""How a date looks from above: sun and shade on the ground, snow, haze and clouds in the air."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from minenetcd.synthetic.canvas.ground import Ground
from minenetcd.synthetic.canvas.materials import Material
from minenetcd.synthetic.canvas.noise import Canvas, Field, displaced, fractal, smooth, smoothstep
from minenetcd.synthetic.land import Land

WATERS = (Material.WATER, Material.PROCESS_WATER, Material.PIT_WATER)


@dataclass(frozen=True)
class Sky:
    """Sun and air of one date. Angles in radians; azimuth is where the light comes from, clockwise from north."""

    azimuth: float
    elevation: float
    ambient: float  # share of light that shade keeps
    haze: float  # share of the air's colour that covers the ground
    haze_colour: tuple[float, float, float]
    clouds: float  # 0 none .. 1 dense
    snow: float  # share of the ground under snow

    @property
    def towards_sun(self) -> tuple[float, float]:
        """Unit step in pixels (x right, y down) towards the sun."""
        return float(np.sin(self.azimuth)), float(-np.cos(self.azimuth))


def shading(height: Field, sky: Sky) -> Field:
    """Sunlight on the slopes, 1 on level ground."""
    east, south = np.zeros_like(height), np.zeros_like(height)
    east[:, 1:-1] = (height[:, 2:] - height[:, :-2]) * np.float32(0.5)
    south[1:-1] = (height[2:] - height[:-2]) * np.float32(0.5)
    sun_x, sun_y = sky.towards_sun
    cos, sin = np.float32(np.cos(sky.elevation)), np.float32(np.sin(sky.elevation))
    facing = sin - cos * (east * np.float32(sun_x) + south * np.float32(sun_y))
    lit = np.maximum(facing, 0) / np.sqrt(1 + east * east + south * south)
    return np.minimum(lit / sin, np.float32(1.8))


def cast_shadows(height: Field, sky: Sky) -> Field:
    """1 where something towards the sun stands above the ray, 0 in the open.

    The horizon is built by doubling: after k steps it knows everything within 2**k pixels.
    """
    tangent = float(np.tan(sky.elevation))
    sun_x, sun_y = sky.towards_sun
    horizon = shifted(height, sun_x, sun_y) - np.float32(tangent)
    reach = 1.0
    while reach < min(height.shape[0] / 2, 100):
        farther = shifted(horizon, sun_x * reach, sun_y * reach) - np.float32(tangent * reach)
        horizon = np.maximum(horizon, farther)
        reach *= 2
    return smoothstep(0.0, 0.8, horizon - height)


def shifted(field: Field, dx: float, dy: float) -> Field:
    """`field` read dx, dy whole pixels away, edges repeated."""
    dx, dy = round(dx), round(dy)
    height, width = field.shape
    padded = np.pad(field, ((max(-dy, 0), max(dy, 0)), (max(-dx, 0), max(dx, 0))), mode="edge")
    return padded[max(dy, 0) : max(dy, 0) + height, max(dx, 0) : max(dx, 0) + width]


def illuminate(picture: Field, ground: Ground, sky: Sky) -> Field:
    """Albedo (3, H, W) under the sky's light; shade is bluish, as the sky lights it."""
    level = ground.has(WATERS)
    direct = np.where(level, np.float32(1), shading(ground.height, sky)) * (1 - cast_shadows(ground.height, sky))
    light = np.float32(sky.ambient) + np.float32(1 - sky.ambient) * direct
    blue = np.float32(0.10) * np.clip(1 - direct, 0, 1)
    return picture * np.stack([light - blue * np.float32(0.3), light, light + blue])


def lay_snow(rng: Generator, picture: Field, land: Land, ground: Ground, share: float) -> Field:
    """Snow on a share of the ground, thin under trees, none on water."""
    if share <= 0:
        return picture
    depth = fractal(rng, land.canvas, longest=land.canvas.size, shortest=3, slope=1.5)
    depth = depth + np.float32(0.6) * (land.height - land.height.mean()) / (land.height.std() + np.float32(1e-6))
    limit = float(np.quantile(depth[::4, ::4], 1 - share))
    cover = smoothstep(limit - 0.15, limit + 0.25, depth + np.float32(0.15) * land.textures.mottle)
    thickness = np.full(64, 0.92, np.float32)
    thickness[Material.FOREST] = 0.25
    thickness[Material.SHRUB] = 0.6
    thickness[list(WATERS)] = 0.0
    cover = cover * thickness.take(ground.material)
    return picture * (1 - cover) + cover * np.float32(0.93)


def veil(rng: Generator, picture: Field, canvas: Canvas, sky: Sky) -> Field:
    """Haze, uneven over the scene, and clouds with their shadows."""
    if sky.clouds > 0:
        picture = _cloud(rng, picture, canvas, sky)
    if sky.haze <= 0:
        return picture
    density = np.float32(sky.haze) * np.clip(1 + 0.3 * smooth(rng, canvas, canvas.size / 2), 0.2, 2)
    density = np.clip(density, 0, 0.8)
    colour = np.asarray(sky.haze_colour, np.float32)[:, None, None]
    return picture * (1 - density) + colour * density


def _cloud(rng: Generator, picture: Field, canvas: Canvas, sky: Sky) -> Field:
    billows = fractal(rng, canvas, longest=canvas.size * 0.8, shortest=3, slope=1.7)
    cover = smoothstep(1.6 - 0.8 * sky.clouds, 2.6 - 0.8 * sky.clouds, billows) * np.float32(0.35 + 0.6 * sky.clouds)
    reach = canvas.size * rng.uniform(0.08, 0.25)
    sun_x, sun_y = sky.towards_sun
    dx, dy = np.float32(sun_x * reach), np.float32(sun_y * reach)
    shade = displaced(cover, np.full_like(cover, dx), np.full_like(cover, dy))
    return picture * (1 - np.float32(0.5) * shade) * (1 - cover) + cover * np.float32(0.95)


def draw_skies(rng: Generator, *, full: bool, snow: float) -> tuple[Sky, Sky]:
    """Both dates' skies over one hemisphere: `full` asks for the whole range, otherwise clear and alike."""
    south = rng.random() < 0.5
    skies = []
    for _ in range(2):
        azimuth = np.deg2rad(rng.uniform(15, 75) if south else rng.uniform(105, 185))
        elevation = np.deg2rad(rng.uniform(24, 72) if full else rng.uniform(40, 62))
        hazy = rng.random() < (0.5 if full else 0.15)
        grey = rng.uniform(0.45, 0.85)
        skies.append(
            Sky(
                azimuth=float(azimuth),
                elevation=float(elevation),
                ambient=float(rng.uniform(0.3, 0.6)),
                haze=float(rng.beta(1.2, 4) * 0.7) if hazy else 0.0,
                haze_colour=(grey * rng.uniform(0.88, 1.02), grey, grey * rng.uniform(0.98, 1.15)),
                clouds=float(rng.uniform(0.05, 0.8)) if full and rng.random() < 0.07 else 0.0,
                snow=float(rng.uniform(0.05, 0.7)) if full and rng.random() < 0.5 * snow else 0.0,
            )
        )
    return skies[0], skies[1]
