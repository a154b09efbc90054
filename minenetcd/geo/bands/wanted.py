"""Bands as somebody asks for them; plain Python, for options that are read before anything is opened."""

#: Numbers from 1, or names: a colour (red, nir), or what the file calls them (B4).
Wanted = tuple[int | str, ...]


def parse_bands(text: str) -> Wanted | None:
    """ "4,3,2" as numbers, "B4,B3,B2" as names; None where something between commas is missing."""
    parts = [part.strip() for part in text.split(",")]
    return tuple(int(part) if _is_number(part) else part for part in parts) if all(parts) else None


def _is_number(text: str) -> bool:
    """Of so many digits as a file may have bands."""
    return len(text) < 10 and text.lstrip("+-").isdecimal()
