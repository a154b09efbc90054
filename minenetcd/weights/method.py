"""What a method's published weights are called, beside the rules that read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishedMethod:
    """`framework`: `model_name` in the unified framework's configurations; `table`: the spelling of its tables.

    `label`: the paper's spelling, where it is another. Of MineNetCD256: `chosen_on_test` where the published
    configuration reads the data from a local folder, in which case the epoch was chosen on the test split;
    `averaged` where F1, IoU, precision and recall do not agree to the last digit. `notes`: data set -> what else is
    doubtful about its row. `released`: hub ids beside those of the tables.
    """

    framework: str
    table: str
    label: str | None = None
    chosen_on_test: bool = False
    averaged: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    released: tuple[str, ...] = ()
