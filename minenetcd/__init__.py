"""Mining change detection: two images of a place in, a georeferenced map of what changed out."""

__version__ = "0.1.0"
