"""Area and length of rings of short edges on the WGS 84 ellipsoid, of all of them at once."""

import math

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.grid import WGS84

_ECCENTRICITY = math.sqrt(WGS84.es)
_HALF_EARTH = 2 * math.pi * WGS84.b**2 * (1 / (1 - WGS84.es) + math.atanh(_ECCENTRICITY) / _ECCENTRICITY) / 2  # [m2]
_AUTHALIC_RADIUS = math.sqrt(_HALF_EARTH / (2 * math.pi))  # of the sphere with the area of the ellipsoid [m]


def zone_area(sine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area between the equator and the parallel whose latitude has this sine, for a radian of longitude [m2]."""
    zone: NDArray[np.float64] = sine / (1 - WGS84.es * sine**2) + np.arctanh(_ECCENTRICITY * sine) / _ECCENTRICITY
    return WGS84.b**2 / 2 * zone


def ring_areas(
    longitudes: NDArray[np.float64], latitudes: NDArray[np.float64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Area inside each closed ring [m2]; `counts` of the points, in degrees, belong to each.

    Edges are great circles of the authalic sphere, where a region is as large as on the ellipsoid: an edge of 1 km
    differs from a geodesic by less than 0.1 m2. A ring around a pole encloses the smaller part of the Earth.
    """
    authalic = np.arcsin(np.clip(zone_area(np.sin(np.radians(latitudes))) / _AUTHALIC_RADIUS**2, -1, 1))
    turn = np.diff(longitudes)
    east = np.radians(turn - 360 * np.rint(turn / 360))  # across the date line; exact, unlike a remainder
    middle, half = (authalic[1:] + authalic[:-1]) / 2, np.diff(authalic) / 2
    # what lies between an edge and the equator: the excess of a triangle at the pole, less that of one from the equator
    excess = 2 * np.arctan2(np.sin(east / 2) * np.sin(middle), np.cos(east / 2) * np.cos(half))
    areas = np.abs(_sums(excess, counts)) * _AUTHALIC_RADIUS**2
    goes_around = np.abs(_sums(east, counts)) > math.pi
    return np.where(goes_around, _HALF_EARTH - areas, areas)


def ring_lengths(
    longitudes: NDArray[np.float64], latitudes: NDArray[np.float64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Length of the edges of each closed ring [m], as `ring_areas`: chords in space, as arcs (to 1e-9 for 1 km)."""
    longitude, latitude = np.radians(longitudes), np.radians(latitudes)
    normal = WGS84.a / np.sqrt(1 - WGS84.es * np.sin(latitude) ** 2)
    across = normal * np.cos(latitude)
    place = (across * np.cos(longitude), across * np.sin(longitude), normal * (1 - WGS84.es) * np.sin(latitude))
    chord = np.sqrt(sum(np.diff(axis) ** 2 for axis in place))
    arc = 2 * _AUTHALIC_RADIUS * np.arcsin(np.minimum(chord / (2 * _AUTHALIC_RADIUS), 1))
    return _sums(arc, counts)


def _sums(of_edges: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Over the edges of each ring; between two rings lies one that belongs to none."""
    of_edges = np.append(of_edges, 0.0)
    of_edges[np.cumsum(counts) - 1] = 0.0
    return np.bincount(np.repeat(np.arange(len(counts)), counts), of_edges, len(counts)).astype(np.float64)
