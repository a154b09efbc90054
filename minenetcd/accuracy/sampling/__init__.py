"""From a map to points that a person judges: strata, size of the sample, places, pictures, a page."""
