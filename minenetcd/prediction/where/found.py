"""What was found where, beside the polygons themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from minenetcd.display.words import counted, number
from minenetcd.prediction.where.concessions import ConcessionAreas
from minenetcd.prediction.where.isolated import Isolated

#: Concessions named in a line.
_NAMED = 3


@dataclass(frozen=True)
class WhereFound:
    """Change by concession, and what was dropped far from known mines: nothing of what nobody asked for."""

    concessions: ConcessionAreas | None = None
    isolated: Isolated | None = None

    def as_json(self, told: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """With what is `told` of areas, masks and known places: nothing where nobody asked."""
        found: dict[str, Any] = {name.lower().replace(" ", "_"): words for name, words in told}
        if self.concessions is not None:
            found["concessions"] = self.concessions.as_json()
        if self.isolated is not None:
            found["isolated"] = {
                "farther_than_m": self.isolated.metres,
                "threshold": self.isolated.threshold,
                "left_out": self.isolated.dropped,
            }
        return found

    def rows(self) -> list[tuple[str, str]]:
        """What it is, in words."""
        found = []
        if self.concessions is not None:
            touched = [(name, hectares) for name, hectares, count in self.concessions.largest_first() if count]
            named = [f"{name} {number(hectares)} ha" for name, hectares in touched[:_NAMED]]
            if len(touched) > _NAMED:
                named.append(counted(len(touched) - _NAMED, "more concession"))
            found.append(("Inside", ", ".join(named) or "nothing in any concession"))
            found.append(("Outside", f"{number(self.concessions.outside)} ha in no concession"))
        if self.isolated is not None:
            found.append(("Isolated", self.isolated.in_words))
        return found


NOTHING_FOUND = WhereFound()
