"""What the report of a result says of its review."""

import re
from html import escape

from minenetcd.display.tables import html_table
from minenetcd.display.words import counted, number, some_of
from minenetcd.labelling.verdicts.counts import UNREVIEWED, ReviewCounts
from minenetcd.prediction.report.page import REVIEW_PLACE

_BEGIN, _END = REVIEW_PLACE.replace("--><!--", "-->|<!--").split("|")
_PLACE = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
#: Before what the section stands in the report of an earlier version.
_FOLLOWS = "<h2>How it was read</h2>"

_NAMES = {"accepted": "Accepted", "rejected": "Rejected", "unsure": "Unsure", UNREVIEWED: "Not reviewed"}
_MOST_NAMES = 20


def with_review(page: str, counts: ReviewCounts) -> str:
    """The report `page` with what `counts` say, in place of what it said before; as it is without a place."""
    section = _BEGIN + _section(counts) + _END
    if _PLACE.search(page):
        return _PLACE.sub(lambda _: section, page, count=1)
    return page.replace(_FOLLOWS, f"{section}\n{_FOLLOWS}", 1)


def _section(counts: ReviewCounts) -> str:
    """Nothing where nothing is reviewed, any more or yet."""
    if not counts.reviewed:
        return ""
    is_ground = counts.unit == "ha"
    body = [
        (name, f"{part.places:,}", number(part.area) if is_ground else f"{part.area:,.0f}")
        for key, name in _NAMES.items()
        for part in (counts.parts[key],)
    ]
    table = html_table(("", "places", "hectares" if is_ground else "pixels"), body, emphasised=1)
    return f'<h2>Review</h2>{table}<p class="note">{escape(_note(counts))}</p>'


def _note(counts: ReviewCounts) -> str:
    words = f"Judged by {some_of(counts.reviewers, _MOST_NAMES)}"
    if counts.last is not None:
        words += f", last on {counts.last:%Y-%m-%d %H:%M} UTC"
    if counts.edited:
        words += f"; {counted(counts.edited, 'outline')} drawn anew, with the area of the new ones"
    return f"{words}. The map and all other numbers of this report are the detector's."
