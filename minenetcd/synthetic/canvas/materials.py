"""What can cover a pixel, and the colours of places, ores, crops, roofs and waters, as tables.

A ramp is three display colours, dark to light.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Ramp = NDArray[np.float32]  # (3 keys, 3 channels), 0..1


class Material(IntEnum):
    """What covers a pixel. Crops count up from CROP, roofs from ROOF."""

    FOREST = 0
    SHRUB = 1
    GRASS = 2
    SOIL = 3
    ROCK = 4
    SAND = 5
    CROP = 6  # to 11
    WATER = 12
    PAVED = 13
    TRACK = 14
    ROOF = 15  # to 19
    YARD = 20
    PIT = 21
    PIT_SEAM = 22
    WASTE = 23
    WASTE_OTHER = 24
    TAILINGS = 25
    TAILINGS_WET = 26
    PROCESS_WATER = 27
    PIT_WATER = 28
    DAM = 29
    HAUL_ROAD = 30
    STRIPPED = 31
    PAD = 32
    STOCKPILE = 33
    RECLAIMED = 34
    VEHICLE = 35
    LINER = 36


CROPS = 6
ROOFS = 5


def ramp(keys: str) -> Ramp:
    """Three colours in hexadecimal, dark to light."""
    return np.array([list(bytes.fromhex(key)) for key in keys.split()], np.float32) / np.float32(255)


@dataclass(frozen=True)
class Biome:
    """Natural colours, green and dry, and how the covers share the land from its dry to its wet end."""

    forest: tuple[Ramp, Ramp]
    grass: tuple[Ramp, Ramp]
    soil: Ramp
    rock: Ramp
    cover: tuple[tuple[Material, float], ...]
    relief: tuple[float, float]  # typical slope, least and most
    farms: float  # chance of farmland
    snow: float  # chance of snow on a date


F, S, G, B, R, D = Material.FOREST, Material.SHRUB, Material.GRASS, Material.SOIL, Material.ROCK, Material.SAND


BARE_ROCK = ramp("4a443e 766e64 a49c92")
# The landscapes scenes are set in.
BIOMES: dict[str, Biome] = {
    "rainforest": Biome(
        forest=(ramp("122016 243a22 425a32"), ramp("1e2618 383e28 5c5e3c")),
        grass=(ramp("3e522a 5e703c 848e56"), ramp("625c3a 887e54 aa9e70")),
        soil=ramp("703c28 a4623e cc946a"),
        rock=BARE_ROCK,
        cover=((B, 0.04), (G, 0.16), (S, 0.15), (F, 0.65)),
        relief=(0.05, 0.4),
        farms=0.25,
        snow=0.0,
    ),
    "cerrado": Biome(
        forest=(ramp("182422 2a3a30 485640"), ramp("2a2a24 464234 68604a")),
        grass=(ramp("46543a 68724e 909268"), ramp("685844 8e7a5e b49e7e")),
        soil=ramp("804c38 ae7454 d6a682"),
        rock=BARE_ROCK,
        cover=((B, 0.06), (G, 0.24), (S, 0.28), (F, 0.42)),
        relief=(0.08, 0.4),
        farms=0.35,
        snow=0.0,
    ),
    "savanna": Biome(
        forest=(ramp("26301c 3e482a 5e643e"), ramp("3e3a28 5c543a 7c7050")),
        grass=(ramp("5c6238 82824e a6a068"), ramp("7c6a46 a48c60 c6ae80")),
        soil=ramp("804e32 b07650 d4a278"),
        rock=ramp("5e4a3c 8a705c b49a82"),
        cover=((R, 0.06), (B, 0.2), (G, 0.42), (S, 0.22), (F, 0.1)),
        relief=(0.01, 0.15),
        farms=0.3,
        snow=0.0,
    ),
    "desert": Biome(
        forest=(ramp("3c3e2e 585840 767256"), ramp("524a3a 6e644e 8c8066")),
        grass=(ramp("706850 928668 b0a482"), ramp("7e6e56 a08e70 beac8c")),
        soil=ramp("8a7056 b29676 d6be9e"),
        rock=ramp("584a40 827062 ac9886"),
        cover=((D, 0.12), (R, 0.35), (B, 0.4), (S, 0.13)),
        relief=(0.03, 0.5),
        farms=0.06,
        snow=0.0,
    ),
    "puna": Biome(
        forest=(ramp("424030 5e5a44 7c765c"), ramp("504838 6e624c 8c7e64")),
        grass=(ramp("666042 887e5a a89c76"), ramp("78684a 9c8864 bca680")),
        soil=ramp("6e5e50 948270 bcaa96"),
        rock=ramp("524a48 7a706c a69a94"),
        cover=((R, 0.4), (B, 0.3), (G, 0.3)),
        relief=(0.1, 0.6),
        farms=0.04,
        snow=0.12,
    ),
    "temperate": Biome(
        forest=(ramp("162418 2a3e26 485c36"), ramp("363028 544a3c 746654")),
        grass=(ramp("465c30 687c44 8c9860"), ramp("706848 928862 b2a67e")),
        soil=ramp("5c4a38 846e56 ac967a"),
        rock=BARE_ROCK,
        cover=((B, 0.04), (G, 0.4), (S, 0.14), (F, 0.42)),
        relief=(0.02, 0.25),
        farms=0.75,
        snow=0.05,
    ),
    "mediterranean": Biome(
        forest=(ramp("242c1e 3e442e 5e6044"), ramp("303224 4c4c36 6a684e")),
        grass=(ramp("5c643e 808254 a29e70"), ramp("8a7a56 ae9c72 ccbc94")),
        soil=ramp("86684c b29270 d4ba98"),
        rock=ramp("7a746a a0988c c8c0b4"),
        cover=((R, 0.1), (B, 0.16), (G, 0.26), (S, 0.28), (F, 0.2)),
        relief=(0.05, 0.35),
        farms=0.5,
        snow=0.01,
    ),
    "boreal": Biome(
        forest=(ramp("121e1a 223228 3a4a38"), ramp("222620 363a30 525444")),
        grass=(ramp("485236 686e4a 8a8c66"), ramp("625c44 827a5c a29878")),
        soil=ramp("685c4e 908270 b8aa96"),
        rock=ramp("5c5a58 84827e acaaa4"),
        cover=((R, 0.05), (G, 0.18), (S, 0.17), (F, 0.6)),
        relief=(0.01, 0.2),
        farms=0.08,
        snow=0.14,
    ),
}


@dataclass(frozen=True)
class Ore:
    """Colours of a mine: wall rock, a second rock, waste, dry tailings."""

    pit: Ramp
    seam: Ramp
    waste: Ramp
    tailings: Ramp


def ore(pit: str, seam: str, waste: str, tailings: str) -> Ore:
    """An ore from its ramps' keys."""
    return Ore(ramp(pit), ramp(seam), ramp(waste), ramp(tailings))


BEIGE = "86745e b29e84 d8c6ac"
GREY = "686662 8e8c88 b6b4ae"
# What is mined, as its colours.
ORES: dict[str, Ore] = {
    "copper": ore("5c5c58 84847e b0aea6", "56625a 7c887c a0a89a", BEIGE, "92908a b8b6b0 dcdad4"),
    "porphyry": ore("6e5e50 9a8876 c4b4a2", "785844 a68268 ccac92", "746456 9c8a7a c0b09e", GREY),
    "slate": ore("3e4258 666a7c 9c9ca6", "54525c 807e84 b2aeac", "7e6c58 ac967c d4c2a8", "8c8e96 bec0c6 e8e8ea"),
    "coal": ore("1a1a1e 343438 5c5a5a", "46423e 6a6660 948e86", "58524c 7e7870 a8a096", "161618 2c2c30 4e4e50"),
    "lignite": ore("302822 50443a 786a5c", "7a6850 a49072 ccba9c", "827056 ac987a d0bea2", "3c3630 5c564e 827c72"),
    "iron": ore("422a2a 68423c 94685c", "564e54 7c7274 a49a98", "744838 9e6852 c4947a", "60302c 884e42 ae7664"),
    "bauxite": ore("84422c b66442 da946c", "a06046 c88c6c e4b89c", "8a5038 b67654 d8a27c", "7c3226 a44e38 c87a5c"),
    "gold": ore("7a6244 aa8e68 d2ba94", "64605e 8c8884 b6b0aa", "8c7452 b89e78 dac6a4", "969288 bcb8ae dedad0"),
    "limestone": ore("969084 c2bcb0 e8e4da", "a28c70 ccb89c e8dac4", "928470 bcae9a ded4c4", "b4b0a8 d4d0c8 eeece6"),
    "granite": ore("706a68 9a928e c6beb8", "8a746a b29c90 d4c2b6", GREY, "928e86 bab6ae dedad4"),
    "phosphate": ore("8c8474 b8b0a0 ded8ca", "767068 9c968e c4beb4", BEIGE, "aaa8a4 d0ceca f0eeec"),
    "oilsand": ore("24201e 3e3834 625c56", "60564a 887c6c b0a492", "706250 988872 beae96", "706860 968e84 bcb4a8"),
    "placer": ore("8a7050 bca07a e0ccac", "7c6044 aa8a68 d0b492", BEIGE, "9e8a6c c6b498 e4d6be"),
}


# Ploughed, stubble, young green, full green, ripe, fallow.
CROP_RAMPS: list[Ramp] = [
    ramp("544234 725c4a 927a64"),
    ramp("96825c b6a278 d0c098"),
    ramp("5c763a 7a924c 9aac66"),
    ramp("284622 3c5e2e 567640"),
    ramp("988842 bcaa5c d4c680"),
    ramp("646042 827c58 a09872"),
]


# Tile, bright metal, grey, dark, blue.
ROOF_RAMPS: list[Ramp] = [
    ramp("764434 9c624c be8870"),
    ramp("b0b2b4 d6d8da f6f6f6"),
    ramp("787878 9c9c9a bcbcba"),
    ramp("3e3c3c 585656 767472"),
    ramp("466286 6484a8 92acc8"),
]


# Navy, black, bottle green, turquoise, muddy, milky, rust.
WATER_RAMPS: list[Ramp] = [
    ramp("08122c 101e3e 223456"),
    ramp("0a1014 141c20 2c3436"),
    ramp("0e2624 1c3a34 3c5c50"),
    ramp("2c6868 4c8e86 7eb4a6"),
    ramp("5c4a32 806a4c a48e6e"),
    ramp("70807a 94a298 b8c2b8"),
    ramp("68321e 92502e b4764e"),
]
