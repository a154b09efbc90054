"""When a difference of an index is called a kind of change. Docs: docs/where.md has the same table.

Both have to hold: the index itself goes up or down by `least`, and so it does against unchanged pixels that looked
alike, by `least` and by DEVIATIONS of their robust standard deviations. So what season, light or sensor do to all of a
scene is no kind of change, and neither is what stays while all else changes.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minenetcd.prediction.kinds.layers import LEVELS, ZERO
from minenetcd.prediction.kinds.usual import UsualChange

#: "Very conservative" of the 2 to 3 that are usual: Leys et al. 2013, Journal of Experimental Social Psychology 49.
DEVIATIONS = 3.0


class Rule(NamedTuple):
    """`up`, `down`: in words. `least`: difference of the means on both dates.

    `level`: what vegetation, or water, has at least. "reached": on the date that has more of it; "crossed": on that
    date alone.
    """

    up: str
    down: str
    least: float
    level: float = -np.inf
    needs: Literal["reached", "crossed"] = "reached"


RULES = {
    # USGS, NDVI: 0.1 or less is barren, sparse vegetation begins at about 0.2
    "ndvi": Rule("vegetation gained", "vegetation lost", least=0.1, level=0.2),
    # chosen here: grey is 0 by definition, and excess green knows no value of its own for vegetation
    "exg": Rule("greener", "less green", least=0.05, level=0.05),
    # above 0 is water: McFeeters 1996; Xu 2006
    "ndwi": Rule("water appeared", "water gone", least=0.1, level=0.0, needs="crossed"),
    "mndwi": Rule("water appeared", "water gone", least=0.1, level=0.0, needs="crossed"),
    # chosen here: a twentieth of the value range
    "brightness": Rule("brighter", "darker", least=0.05),
}

#: All words, in the order in which they are told.
KINDS = tuple(dict.fromkeys(word for rule in RULES.values() for word in (rule.up, rule.down)))


def in_words(
    name: str, before: NDArray[np.float64], after: NDArray[np.float64], usual: UsualChange
) -> NDArray[np.object_]:
    """What the index `name` says of changes, by its means before and after (P,): a word, or nothing."""
    rule, change = RULES[name], after - before
    levels = np.nan_to_num((before + 1) * ZERO).round().astype(np.intp).clip(0, LEVELS - 1)
    beyond = change - usual.median[levels]
    margin = np.maximum(rule.least, DEVIATIONS * usual.deviation[levels])
    up = (change >= rule.least) & (beyond >= margin) & (after >= rule.level)
    down = (change <= -rule.least) & (beyond <= -margin) & (before >= rule.level)
    if rule.needs == "crossed":
        up, down = up & (before < rule.level), down & (after < rule.level)
    return np.select([up, down], [rule.up, rule.down], "").astype(object)
