"""Synthetic mine scenes with truth: `make_scene(seed)`."""

from minenetcd.synthetic.scene import SyntheticScene, make_scene

__all__ = ["SyntheticScene", "make_scene"]
