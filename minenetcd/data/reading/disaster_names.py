"""Names of images of xView2 (xBD) and BRIGHT, which carry their role: NAME_pre_disaster.png, NAME_post_disaster.png.

Their masks are damage of buildings (NAME_post_disaster_target.png, NAME_building_damage.tif): 0 none, 1 not damaged,
2 and more damaged or destroyed, which is what changed.
"""

import re
from pathlib import PurePosixPath

#: From this class of damage on a building has changed.
DAMAGED_FROM = 2

_IMAGE = re.compile(r"(?P<pair>.+)_(?P<date>pre|post)_disaster(?P<target>_target)?", re.IGNORECASE)
_DAMAGE = re.compile(r"(?P<pair>.+)_building_damage", re.IGNORECASE)


def disaster_image(stem: str) -> tuple[str | None, str] | None:
    """Role and pair of an image by its name without ending; None where it is not called so.

    Without a role is the map of buildings before a disaster.
    """
    damage = _DAMAGE.fullmatch(stem)
    if damage:
        return "mask", damage["pair"]
    image = _IMAGE.fullmatch(stem)
    if image is None:
        return None
    before = image["date"].lower() == "pre"
    if image["target"]:
        return (None if before else "mask"), image["pair"]
    return ("before" if before else "after"), image["pair"]


def is_damage_map(file: str) -> bool:
    """Whether a mask is called as damage of buildings."""
    found = disaster_image(PurePosixPath(file).stem)
    return found is not None and found[0] == "mask"
