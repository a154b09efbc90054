"""What was found where, beside the polygons themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from minenetcd.display.words import counted, number
from minenetcd.prediction.where.concessions import ConcessionAreas
from minenetcd.prediction.where.isolated import Isolated
from minenetcd.prediction.where.rows import (
    AREA,
    CLOUDS,
    CONCESSIONS,
    KNOWN_MINES,
    MASK,
    MASK_AFTER,
    MASK_BEFORE,
)

#: Concessions named in a line.
_NAMED = 3


@dataclass(frozen=True)
class WhereFound:
    """Change by concession, and what was dropped far from known mines: nothing of what nobody asked for."""

    concessions: ConcessionAreas | None = None
    isolated: Isolated | None = None

    def as_json(self, told: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """With what is `told` of areas, masks and known places, by its keys: nothing where nobody asked."""
        said = dict(told)
        found: dict[str, Any] = {key: said[key] for key in (AREA, CLOUDS) if key in said}
        masks = {"before": said.get(MASK_BEFORE, said.get(MASK)), "after": said.get(MASK_AFTER, said.get(MASK))}
        if any(masks.values()):
            found["masks"] = masks
        for key in (CONCESSIONS, KNOWN_MINES):
            if key in said:
                found[key] = {"source": said[key]}
        if self.concessions is not None:
            found.setdefault(CONCESSIONS, {}).update(self.concessions.as_json())
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
            inside = f"concessions: {', '.join(named)}" if named else "nothing in any concession"
            found.append(("Inside", inside))
            found.append(("Outside", f"{number(self.concessions.outside)} ha in no concession"))
        if self.isolated is not None:
            found.append(("Isolated", self.isolated.in_words))
        return found


NOTHING_FOUND = WhereFound()
