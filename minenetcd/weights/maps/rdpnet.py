"""RDPNet as the unified framework publishes it; the authors' release has the same names and the same network."""

from typing import Any

from minenetcd.models.rdpnet import DEPTH
from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

_IN_EACH_BLOCK = (
    ("mixer{}.depthconv", "mixers.{}.depthwise"),
    ("mixer{}.gn1", "mixers.{}.depthwise_norm"),
    ("mixer{}.pointconv", "mixers.{}.pointwise"),
    ("mixer{}.gn2", "mixers.{}.pointwise_norm"),
    ("ch{}.layer1.0", "heads.{}.reduce"),
    ("ch{}.layer1.1", "heads.{}.reduce_norm"),
    ("ch{}.patchup", "heads.{}.unfold"),
    ("ch{}.bn2", "heads.{}.unfold_norm"),
)

#: Published blocks count from 1, ours from 0.
RULES: Rules = (
    ("patchEmb", "embed"),
    ("gn1", "embed_norm"),
    *((theirs.format(k + 1), ours.format(k)) for k in range(DEPTH) for theirs, ours in _IN_EACH_BLOCK),
    ("weight", "channel_weight"),
    ("final", "classify"),
)

OPTIONS: dict[str, Any] = {}

PUBLISHED = PublishedMethod(framework="RDPNet", table="RDPNet", chosen_on_test=True)
