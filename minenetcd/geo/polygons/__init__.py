"""Changed pixels as polygons: traced, measured on the ellipsoid, written."""
