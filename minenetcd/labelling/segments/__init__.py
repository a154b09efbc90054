"""Multiresolution segmentation of both dates of a pair together, at scales that are nested in each other.

Source: Baatz and Schaepe, "Multiresolution segmentation: an optimization approach for high quality multi-scale image
segmentation", AGIT 2000.
Departs from it: regions merge in rounds, all mutually best pairs at once, instead of one after the other in an order
that is spread over the image. What a segment becomes then depends on its surroundings alone, and not on how far the
image reaches.
"""
