"""The classes of a map, and what a person may write for one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from minenetcd.display.words import some_of
from minenetcd.errors import OptionError

#: What a person writes who cannot tell; the page of interpretation writes the first.
UNSURE = ("u", "unsure")

LARGEST_CODE = 65_535


@dataclass(frozen=True)
class MapClass:
    """A number in a raster, and its name."""

    code: int
    name: str


#: Of change.tif.
NO_CHANGE, CHANGE = MapClass(0, "no change"), MapClass(1, "change")


def named_classes(names: Sequence[str]) -> tuple[MapClass, ...]:
    """("0=no change", "1=mine") -> classes. OptionError for anything else, and for codes or names that repeat."""
    classes = []
    for text in names:
        code, equals, name = (part.strip() for part in text.partition("="))
        if not (equals and name and code.isascii() and code.isdecimal() and int(code) <= LARGEST_CODE):
            raise OptionError(f"A class needs a whole number and a name, got {text!r}: e.g. --class '1=new pit'.")
        classes.append(MapClass(int(code), name))
    for kind, found in (
        ("numbers", [str(each.code) for each in classes]),
        ("names", [each.name.casefold() for each in classes]),
    ):
        if len(set(found)) < len(found):
            raise OptionError(f"Classes need different {kind}, got {', '.join(found)}: change --class.")
    codes = {str(each.code) for each in classes}
    if taken := [each for each in classes if each.name in codes - {str(each.code)}]:
        raise OptionError(f"{taken[0].name!r} is the number of another class: give {taken[0].code} another name.")
    if unclear := [each.name for each in classes if each.name.casefold() in UNSURE]:
        raise OptionError(f"{unclear[0]!r} stands for a person who cannot tell, not for a class: give it another name.")
    return tuple(classes)


class Legend:
    """Finds the class that a person meant: by its number or its name."""

    def __init__(self, classes: Sequence[MapClass]) -> None:
        self.classes = tuple(classes)
        self._places = {each.name.casefold(): place for place, each in enumerate(self.classes)}
        self._places |= {str(each.code): place for place, each in enumerate(self.classes)}

    def place(self, text: str) -> int | None:
        """The place of a class among the classes; None for unsure. KeyError for what is neither."""
        word = text.strip().casefold()
        if word in UNSURE:
            return None
        return self._places[word if word in self._places else word.removesuffix(".0")]  # as spreadsheets write a 1

    @property
    def in_words(self) -> str:
        """What may be written."""
        return some_of([f"{each.code} ({each.name})" for each in self.classes], most=12) + f" or {UNSURE[0]} (unsure)"
