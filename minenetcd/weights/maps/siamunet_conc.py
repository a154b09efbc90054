"""FC-Siam-conc as published on the hub: HZDR-FWGEL/UCD-MNCD256-SiamUConc. Its layers are named as FC-EF's."""

from minenetcd.weights.maps.fc_ef import OPTIONS, RULES
from minenetcd.weights.method import PublishedMethod

__all__ = ["OPTIONS", "PUBLISHED", "RULES"]

PUBLISHED = PublishedMethod(
    framework="siamunet_conc", table="SiamUNet-Conc", label="SiamUnet-Conc", chosen_on_test=True
)
