"""The labelling desk of one pair: a folder with both dates on one grid, their segments, and all that was marked."""
