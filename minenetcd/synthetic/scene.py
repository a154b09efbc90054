"""Bi-temporal mine scenes with truth, drawn from a seed.

The picture, in the order it is painted:
1. relief, then land cover in warped zones, single trees, fields, rivers, lakes, villages, public roads (land)
2. a mine planned with its history: what each part is, where, and what becomes of it between the dates (site)
3. each date's ground: cleared aprons, dumps, ponds, pits, plants, regrowth, roads (excavations, deposits, mine)
4. the truth, from the two grounds alone (label)
5. each date's view: colours of the season, sun and shadow, snow, haze (palettes, light), then the camera (sensor)

So nothing of step 5, and none of what nature or farmers do in step 1, can reach the truth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from minenetcd.errors import OptionError
from minenetcd.synthetic import land as nature
from minenetcd.synthetic.canvas.ground import Ground, make_textures
from minenetcd.synthetic.canvas.materials import BIOMES, ORES, Biome
from minenetcd.synthetic.canvas.noise import Canvas, lowpass
from minenetcd.synthetic.canvas.palettes import Colours, Season, colours_of, place_colours
from minenetcd.synthetic.label import changed
from minenetcd.synthetic.land import Land
from minenetcd.synthetic.light import Sky, draw_skies, illuminate, lay_snow, veil
from minenetcd.synthetic.mining.mine import draw_mine, scatter_vehicles
from minenetcd.synthetic.mining.site import HISTORIES, Site, plan_site
from minenetcd.synthetic.sensor import Sensor, displace, draw_sensors, focus, record, tone

SMALLEST, LARGEST = 16, 8192
STREAMS = ("scale", "place", "textures", "nature", "mine", "weather", "camera", "traffic")


@dataclass(frozen=True)
class SyntheticScene:
    """Two dates of one place, uint8 (H, W, 3), and where mining changed it, uint8 (H, W) of 0 and 1."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    metres_per_pixel: float
    seed: int


def make_scene(
    seed: int,
    *,
    size: int = 512,
    metres_per_pixel: float | None = None,
    variety: str = "full",
    date_effects: bool = True,
) -> SyntheticScene:
    """Draw the scene of a seed: the same seed and options always give the same bytes.

    size: side of the square, pixels, 16 to 8192. metres_per_pixel: None draws it, 0.5 to 10, mostly near 1.2.
    variety: "full" for training, "plain" for a clear-cut growing mine under fair skies.
    date_effects: False shows both dates through one sky, one season and one camera; the mask stays the same.
    Raises OptionError for a value out of range.
    """
    check_options(seed, size, metres_per_pixel, variety)
    streams = dict(zip(STREAMS, default_rng(seed).spawn(len(STREAMS)), strict=True))
    full = variety == "full"
    drawn = draw_scale(streams["scale"]) if full else 1.2
    canvas = Canvas(size, float(drawn if metres_per_pixel is None else metres_per_pixel))
    place = streams["place"]
    biome = BIOMES[str(place.choice(list(BIOMES)))]
    ore = ORES[str(place.choice(list(ORES)))]
    colours = place_colours(place, biome, ore, 0.14 if full else 0.06)
    land, grounds = draw_land(streams, canvas, biome)
    site = plan_site(streams["mine"], land, draw_history(place, full=full), busy=float(place.beta(1.2, 1.3)))
    for date, ground in enumerate(grounds):
        draw_mine(site, ground, date)
    mask = changed(site, *grounds)
    if date_effects:
        for ground in grounds:
            scatter_vehicles(streams["traffic"], site, ground)
    weather = draw_weather(streams["weather"], biome, full=full)
    sensors = draw_sensors(streams["camera"], full=full)
    pictures = []
    for date, ground in enumerate(grounds):
        conditions = weather[date if date_effects else 0]
        sensor = sensors[date if date_effects else 0]
        pictures.append(view(site, ground, colours, conditions, (streams["camera"], sensor)))
    return SyntheticScene(pictures[0], pictures[1], mask, canvas.metres_per_pixel, seed)


def check_options(seed: int, size: int, metres_per_pixel: float | None, variety: str) -> None:
    """Raise OptionError for what cannot be drawn."""
    if seed < 0:
        raise OptionError(f"seed must be 0 or more, got {seed}: use a non-negative integer.")
    if not SMALLEST <= size <= LARGEST:
        raise OptionError(f"size must be {SMALLEST} to {LARGEST} pixels, got {size}: choose a size in that range.")
    if metres_per_pixel is not None and not 0.1 <= metres_per_pixel <= 100:
        raise OptionError(
            f"metres_per_pixel must be 0.1 to 100, got {metres_per_pixel}: give the ground size of a pixel."
        )
    if variety not in ("full", "plain"):
        raise OptionError(f"variety must be 'full' or 'plain', got {variety!r}: use 'full' for training.")


def draw_scale(rng: Generator) -> float:
    """Metres per pixel: 0.5 to 10 on a logarithmic scale, half of them close to 1.2."""
    if rng.random() < 0.45:
        return float(np.clip(1.2 * np.exp(rng.normal(0, 0.3)), 0.5, 10))
    return float(np.exp(rng.uniform(np.log(0.5), np.log(10))))


def draw_history(rng: Generator, *, full: bool) -> str:
    """What happens to the mine between the dates."""
    if not full:
        return "showcase"
    names = list(HISTORIES)
    shares = np.array([HISTORIES[name][0] for name in names])
    return str(rng.choice(names, p=shares / shares.sum()))


def draw_land(streams: dict[str, Generator], canvas: Canvas, biome: Biome) -> tuple[Land, tuple[Ground, Ground]]:
    """The land both dates share, and its ground on each with that date's crops and waters."""
    rng = streams["nature"]
    textures = make_textures(streams["textures"], canvas)
    height = nature.draw_relief(rng, canvas, float(rng.uniform(*biome.relief)))
    shape = (canvas.size, canvas.size)
    empty = Ground(np.zeros(shape, np.uint8), np.zeros(shape, np.float32), height.copy(), np.zeros(shape, np.int16))
    land = Land(canvas, textures, height, lowpass(height, canvas.size / 16), empty)
    nature.draw_cover(rng, land, biome)
    nature.scatter_trees(rng, land)
    grounds = (empty, empty.copy())
    if rng.random() < biome.farms:
        farmland = nature.plan_farmland(rng, land, share=float(rng.uniform(0.1, 0.9)))
        seed = int(rng.integers(2**31))
        for date, ground in enumerate(grounds):
            nature.draw_farmland(default_rng(seed), ground, farmland, date)
    if rng.random() < 0.25:
        nature.draw_river(rng, land, list(grounds))
    for _ in range(rng.binomial(2, 0.15)):
        nature.draw_lake(rng, land, list(grounds))
    if rng.random() < 0.08:
        nature.draw_clearing(rng, land, grounds[rng.integers(2)])
    nature.draw_public_roads(rng, land, list(grounds))
    for _ in range(rng.binomial(2, 0.2)):
        nature.draw_village(rng, land, list(grounds))
    for ground in grounds:
        nature.raise_canopy(land, ground)
    return land, grounds


@dataclass(frozen=True)
class Weather:
    """Season and sky of one date."""

    season: Season
    sky: Sky


def draw_weather(rng: Generator, biome: Biome, *, full: bool) -> tuple[Weather, Weather]:
    """Season and sky of both dates, more alike when not `full`."""
    skies = draw_skies(rng, full=full, snow=biome.snow)
    first = rng.uniform(0, 1, 3)
    second = first if rng.random() < (0.2 if full else 0.5) else rng.uniform(0, 1, 3)
    waters = rng.choice(7, 3, p=(0.22, 0.16, 0.22, 0.14, 0.12, 0.1, 0.04))
    both = []
    for sky, green in zip(skies, (first, second), strict=True):
        if rng.random() < 0.5:
            waters = np.where(rng.random(3) < 0.5, waters, rng.choice(6, 3))
        season = Season(
            forest=float(green[0] ** 0.6),
            grass=float(green[1]),
            shrub=float((green[0] + green[1]) / 2),
            waters=(int(waters[0]), int(waters[1]), int(waters[2])),
            wet=float(rng.beta(1, 2.5)),
        )
        both.append(Weather(season, sky))
    return both[0], both[1]


def view(
    site: Site, ground: Ground, colours: Colours, weather: Weather, camera: tuple[Generator, Sensor]
) -> NDArray[np.uint8]:
    """The image of a ground: colour, snow, light, air, camera."""
    rng, sensor = camera
    canvas = site.land.canvas
    picture = colours_of(colours.table(weather.season), ground.material, ground.tone)
    picture = lay_snow(rng, picture, site.land, ground, weather.sky.snow)
    picture = illuminate(picture, ground, weather.sky)
    picture = displace(rng, picture, canvas, ground.height, sensor)
    picture = veil(rng, picture, canvas, weather.sky)
    return record(rng, tone(focus(picture, sensor), sensor), sensor)
