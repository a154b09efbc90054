"""What a result is written as, beside its rasters and its report: for programs, for a GIS, for catalogues."""
