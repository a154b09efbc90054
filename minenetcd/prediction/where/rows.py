"""What is said of places, in rows: keys for programs, labels for people.

A command that prints them starts with nothing else.
"""

from collections.abc import Iterable, Iterator

Row = tuple[str, str]

#: What an analysis can be told of, by the keys under which results keep it and programs read it, as people read it.
AREA, MASK, MASK_BEFORE, MASK_AFTER = "area_of_interest", "mask", "mask_before", "mask_after"
CLOUDS, CONCESSIONS, KNOWN_MINES = "clouds", "concessions", "known_mines"
LABELS = {
    AREA: "Area",
    MASK: "Mask",  # one of both dates
    MASK_BEFORE: "Mask before",
    MASK_AFTER: "Mask after",
    CLOUDS: "Clouds",
    CONCESSIONS: "Concessions",
    KNOWN_MINES: "Known mines",
}


def labelled(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, with labels in place of keys; what has none, in a file that others wrote, stands as it is."""
    return ((LABELS.get(key, key), words) for key, words in rows)
