"""Rasters of a scene, strip by strip: its probability as it is stored, also on another grid, and its mask."""
