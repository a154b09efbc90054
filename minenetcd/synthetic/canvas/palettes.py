"""The colours of one place on one date.

A material is a ramp of three colours, dark to light; a pixel picks its place on the ramp by its tone (0..1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from minenetcd.synthetic.canvas.materials import CROP_RAMPS, ROOF_RAMPS, WATER_RAMPS, Biome, Material, Ore, Ramp, ramp
from minenetcd.synthetic.canvas.noise import Field

TONES = 64


def tinted(rng: Generator, keys: Ramp, amount: float) -> Ramp:
    """A ramp under a random change of brightness (mostly) and of each channel (a little)."""
    gain = np.exp(rng.normal(0, amount)) * np.exp(rng.normal(0, amount * 0.35, 3))
    return np.clip(keys * gain.astype(np.float32), 0.015, 0.98)


def mixed(a: Ramp, b: Ramp, share: float) -> Ramp:
    """Share of b in a."""
    return a * np.float32(1 - share) + b * np.float32(share)


@dataclass(frozen=True)
class Season:
    """How green each kind of vegetation stands on a date (0 dry .. 1 green), and which colours its waters have."""

    forest: float
    grass: float
    shrub: float
    waters: tuple[int, int, int]  # natural, process, pit: index into WATER_RAMPS
    wet: float  # darkens bare ground, 0..1


@dataclass(frozen=True)
class Colours:
    """The ramps of one place, before season: `ramps[material]`, and the dry ends of its vegetation."""

    green: dict[int, Ramp]
    dry: dict[int, Ramp]

    def table(self, season: Season) -> NDArray[np.float32]:
        """Colour of every material and tone on a date: (3, materials * TONES)."""
        ramps = dict(self.green)
        shares = {Material.FOREST: season.forest, Material.SHRUB: season.shrub, Material.GRASS: season.grass}
        for material, share in (shares | {Material.RECLAIMED: season.grass}).items():
            ramps[material] = mixed(self.dry[material], self.green[material], share)
        for material, index in zip(
            (Material.WATER, Material.PROCESS_WATER, Material.PIT_WATER), season.waters, strict=True
        ):
            ramps[material] = WATER_RAMPS[index]
        for material in (Material.SOIL, Material.STRIPPED, Material.CROP, Material.WASTE, Material.TAILINGS):
            ramps[material] = ramps[material] * np.float32(1 - 0.25 * season.wet)
        return _expanded(ramps)


def _expanded(ramps: dict[int, Ramp]) -> NDArray[np.float32]:
    t = np.linspace(0, 2, TONES)
    table = np.zeros((3, (max(ramps) + 1) * TONES), np.float32)
    for material, keys in ramps.items():
        for channel in range(3):
            table[channel, material * TONES : (material + 1) * TONES] = np.interp(t, (0, 1, 2), keys[:, channel])
    return table


def place_colours(rng: Generator, biome: Biome, ore: Ore, jitter: float) -> Colours:
    """The colours of one place: those of a biome and an ore, each a little its own."""
    bare = tinted(rng, biome.soil, jitter)
    brown = mixed(bare, biome.rock, 0.4)
    stripped = mixed(bare, ore.waste, float(rng.uniform(0.1, 0.6)))
    dust = mixed(mixed(stripped, ore.waste, 0.5) * np.float32(1.1), np.ones((3, 3), np.float32), 0.06)
    grass_green, grass_dry = (tinted(rng, keys, jitter * 0.6) for keys in biome.grass)
    forest_green, forest_dry = (tinted(rng, keys, jitter * 0.6) for keys in biome.forest)
    tailings = tinted(rng, mixed(ore.tailings, ore.pit, float(rng.uniform(0, 0.3))), jitter)
    ramps: dict[int, Ramp] = {
        Material.FOREST: forest_green,
        Material.SHRUB: mixed(forest_green, grass_green, 0.5),
        Material.GRASS: grass_green,
        Material.SOIL: bare,
        Material.ROCK: tinted(rng, mixed(biome.rock, bare, 0.25), jitter * 0.5),
        Material.SAND: mixed(bare, np.full((3, 3), 0.86, np.float32), 0.35),
        Material.PAVED: tinted(rng, ramp("606060 80807e a09e9a"), jitter),
        Material.TRACK: mixed(bare * np.float32(1.12), np.full((3, 3), 0.8, np.float32), 0.15),
        Material.YARD: mixed(brown, np.full((3, 3), 0.7, np.float32), 0.3),
        Material.PIT: tinted(rng, ore.pit, jitter),
        Material.PIT_SEAM: tinted(rng, mixed(ore.seam, ore.pit, float(rng.uniform(0, 0.5))), jitter),
        Material.WASTE: tinted(rng, mixed(ore.waste, bare, float(rng.uniform(0, 0.5))), jitter),
        Material.WASTE_OTHER: tinted(rng, mixed(ore.pit, ore.waste, 0.5), jitter),
        Material.TAILINGS: tailings,
        Material.TAILINGS_WET: tailings * np.float32(rng.uniform(0.45, 0.75)),
        Material.DAM: tinted(rng, mixed(ore.waste, bare, float(rng.uniform(0.2, 0.9))), jitter),
        Material.HAUL_ROAD: tinted(rng, dust, jitter * 0.6),
        Material.STRIPPED: tinted(rng, stripped, jitter * 0.6),
        Material.PAD: tinted(rng, mixed(dust, np.full((3, 3), 0.62, np.float32), 0.35), jitter),
        Material.STOCKPILE: tinted(rng, mixed(ore.pit, ore.tailings, float(rng.uniform(0, 1))), jitter),
        Material.VEHICLE: ramp("32343c dcc85a f5f5f0"),
        Material.LINER: ramp("181a1e 2c3036 50545a"),
        Material.RECLAIMED: tinted(rng, mixed(grass_green, stripped, 0.15), jitter * 0.6),
    }
    ramps |= {Material.CROP + i: tinted(rng, mixed(keys, bare, 0.15), jitter) for i, keys in enumerate(CROP_RAMPS)}
    ramps |= {Material.ROOF + i: tinted(rng, keys, jitter * 0.5) for i, keys in enumerate(ROOF_RAMPS)}
    dry = {Material.FOREST: forest_dry, Material.SHRUB: mixed(forest_dry, grass_dry, 0.5), Material.GRASS: grass_dry}
    dry[Material.RECLAIMED] = mixed(grass_dry, stripped, 0.2)
    return Colours(green={int(k): v for k, v in ramps.items()}, dry={int(k): v for k, v in dry.items()})


def colours_of(table: NDArray[np.float32], material: NDArray[np.uint8], tone: Field) -> Field:
    """The picture (3, H, W), 0..1, of a material map and its tones under a date's table."""
    index = np.clip(tone * np.float32(TONES), 0, TONES - 1).astype(np.int32)
    index += material.astype(np.int32) * TONES
    return table.take(index, axis=1)
