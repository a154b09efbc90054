"""When the images of a pair were taken, as far as that is said."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from minenetcd.prediction.facts import SceneFacts


def date_findings(facts: SceneFacts) -> Iterator[str]:
    """Where dates run backwards, are the same, or lie in the future."""
    days = {name: day for name, day in facts.days().items() if day is not None}
    before, after = days.get("date_before"), days.get("date_after")
    if before is not None and after is not None and before > after:
        yield (
            f"The after image is older than the before image ({facts.after.acquired.in_words}; "
            f"{facts.before.acquired.in_words}): what appeared is shown as what vanished, and the reverse; exchange "
            "the two, or state when they were taken (--date-before, --date-after)."
        )
    if before is not None and before == after and not _has_two_times(facts):
        yield (
            f"Both images are of one day ({facts.before.acquired.in_words}; {facts.after.acquired.in_words}): two "
            "bands or products of one image, maybe, which differ without any change on the ground; give two dates, or "
            "state when they were taken (--date-before, --date-after)."
        )
    latest = _today() + timedelta(days=1)
    for name, image in (("before", facts.before), ("after", facts.after)):
        day = days.get(f"date_{name}")
        if day is not None and day > latest:
            yield (
                f"The {name} image was taken in the future ({image.acquired.in_words}): its date is wrong; state it "
                f"(--date-{name})."
            )


def _has_two_times(facts: SceneFacts) -> bool:
    """Whether both say at what time of the day, and differ in it."""
    dates = [image.date or "" for image in (facts.before, facts.after)]
    return dates[0] != dates[1] and all("T" in date for date in dates)


def _today() -> date:
    return datetime.now(UTC).date()
