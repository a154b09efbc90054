"""What kind of change each polygon is, in plain indices of the bands, against what did not change."""
