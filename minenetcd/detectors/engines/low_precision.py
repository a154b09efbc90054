"""What a low precision costs in one scene, measured before it is paid."""

from collections.abc import Sequence

import numpy as np

from minenetcd.detectors.contract import SceneDetector
from minenetcd.detectors.scenes.threshold import sample_tiles, tile_scores
from minenetcd.display.words import percent
from minenetcd.geo.align import Pair

#: A larger share of pixels that are decided otherwise is warned of.
MOST_UNWARNED = 0.005


def in_words(name: str, precision: str, share: float) -> str:
    """That the detector `name` decides a `share` of the pixels of sample tiles otherwise."""
    return f"In {precision}, {name} decides {percent(share)} of the pixels of sample tiles otherwise than in float32."


def decided_otherwise(scene: SceneDetector, sample: Sequence[Pair], side: int, threshold: float) -> float | None:
    """The share of the valid pixels of sample tiles that `scene` decides otherwise than in float32, at `threshold`.

    `sample`: windows of the scene; `side` of the tiles [pixels]. None for a scene that is exact.
    """
    if scene.exact is None:
        return None
    differ = pixels = 0
    for tile in sample_tiles(sample, side):
        found, exact = (tile_scores(each, tile)[tile.valid] >= threshold for each in (scene, scene.exact))
        differ, pixels = differ + int(np.count_nonzero(found != exact)), pixels + len(found)
    return differ / max(pixels, 1)
