"""STAC (SpatioTemporal Asset Catalog) items: of a result, and of a trained detector; by pystac, of the extra `stac`."""
