"""What is doubtful about two rows of the table of MineNetCD256."""

SAME_NUMBERS = {"MineNetCD256": "AFCF3D and TFI_GR have the same five numbers: at least one row is a copy"}
