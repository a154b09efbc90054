"""minenetcd review"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument

from minenetcd.cli.console import print_json, print_rich, table
from minenetcd.cli.options import Json
from minenetcd.display.escaping import in_terminal
from minenetcd.display.words import counted, number, some_of

if TYPE_CHECKING:  # a start does not wait for it
    from minenetcd.labelling.verdicts.counts import ReviewCounts


def review(
    result: Annotated[Path, Argument(help="Folder that minenetcd predict has written.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Count what people accepted and rejected of a result, and bring its summary and report to that.

    Example: minenetcd review change
    """
    from minenetcd.labelling.verdicts.refreshing import refresh

    reviewed = refresh(result, with_pdf=True)
    if as_json:
        files = {path.name: str(path) for path in reviewed.files}
        print_json({"review": reviewed.counts.as_json(), "files": files, "warnings": list(reviewed.problems)})
        return
    _print(reviewed.counts, reviewed.files)
    for problem in reviewed.problems:
        print(in_terminal(f"Note: {problem}"))


def _print(counts: "ReviewCounts", files: tuple[Path, ...]) -> None:
    print(counts.in_words())
    is_ground = counts.unit == "ha"
    shown = table("", "places", "hectares" if is_ground else "pixels", right=("places", "hectares", "pixels"))
    for name, part in counts.parts.items():
        shown.add_row(name, f"{part.places:,}", number(part.area) if is_ground else f"{part.area:,.0f}")
    print_rich(shown)
    if counts.reviewers:
        last = "" if counts.last is None else f", last on {counts.last:%Y-%m-%d %H:%M} UTC"
        print(f"Judged by {in_terminal(some_of(counts.reviewers))}{last}")
    if counts.edited:
        print(f"{counted(counts.edited, 'outline')} drawn anew")
    for path in files:
        print(f"  {in_terminal(str(path))}")
