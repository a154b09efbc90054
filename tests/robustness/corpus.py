"""All cases by what is odd in them."""

from robustness.images_odd import images_odd
from robustness.images_right import images_right

CORPUS = {"images": images_right() + images_odd()}
