"""FC-Siam-diff as published on the hub: HZDR-FWGEL/UCD-<data set>-SiamUDiff. Its layers are named as FC-EF's."""

from minenetcd.weights.maps.fc_ef import OPTIONS, RULES
from minenetcd.weights.method import PublishedMethod

__all__ = ["OPTIONS", "PUBLISHED", "RULES"]

PUBLISHED = PublishedMethod(
    framework="SiamUnet_diff",
    table="SiamUNet-Diff",
    label="SiamUnet-Diff",
    chosen_on_test=True,
    notes={
        "LEVIRCD256": "misprinted: F1 repeats SYSUCD's, precision is the F1; IoU implies F1 0.7822 and precision 0.907"
    },
)
