"""Verdicts of people on the polygons of a result: kept in its GeoPackage, counted in its summary and its report."""
