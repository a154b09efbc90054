"""What somebody says about places in a scene: polygons in vector files, and masks of what is not to be looked at."""
