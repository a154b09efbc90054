"""What a method's published weights are called, beside the rules that read them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedMethod:
    """`framework`: `model_name` in the unified framework's configurations; `table`: the spelling of its tables.

    `label`: the paper's spelling, where it is another. Of MineNetCD256: `chosen_on_test` where the published
    configuration reads the data from a local folder, in which case the epoch was chosen on the test split;
    `averaged` where F1, IoU, precision and recall do not agree to the last digit.
    """

    framework: str
    table: str
    label: str | None = None
    chosen_on_test: bool = False
    averaged: bool = False
