"""FC-Siam-diff as published on the hub: HZDR-FWGEL/UCD-<data set>-SiamUDiff. Its layers are named as FC-EF's."""

from minenetcd.weights.maps.fc_ef import OPTIONS, RULES

__all__ = ["OPTIONS", "RULES"]
