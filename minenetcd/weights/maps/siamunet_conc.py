"""FC-Siam-conc as published on the hub: HZDR-FWGEL/UCD-MNCD256-SiamUConc. Its layers are named as FC-EF's."""

from minenetcd.weights.maps.fc_ef import OPTIONS, RULES

__all__ = ["OPTIONS", "RULES"]
