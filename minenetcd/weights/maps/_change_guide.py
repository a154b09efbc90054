"""Names that CGNet and HCGMNet publish alike: the trunk, the fusion of the dates, guided attention."""

from minenetcd.weights.keymap import Rules

#: The trunk is published in five pieces, its layers numbered as in torchvision.
TRUNK_AND_DATES: Rules = (
    ("inc", "trunk"),
    ("down{}", "trunk"),
    ("conv_reduce_{}.conv", "dates.level{}.conv"),
    ("conv_reduce_{}.bn", "dates.level{}.norm"),
)


def guide_rules(ours: str) -> Rules:
    """For every ChangeGuide; `ours` is where that of level `{}` stands."""
    return (
        ("cgm_{}.query_conv", f"{ours}.query"),
        ("cgm_{}.key_conv", f"{ours}.key"),
        ("cgm_{}.value_conv", f"{ours}.value"),
        ("cgm_{}.gamma", f"{ours}.gamma"),
    )
