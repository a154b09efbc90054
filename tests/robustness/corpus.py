"""All cases by what is odd in them."""

from robustness.configurations import configurations
from robustness.data_sets import data_sets
from robustness.detector_folders import detector_folders
from robustness.images_odd import images_odd
from robustness.images_right import images_right

CORPUS = {
    "rasters and pairs": images_right() + images_odd(),
    "data sets": data_sets(),
    "detector folders": detector_folders(),
    "configurations": configurations(),
}
