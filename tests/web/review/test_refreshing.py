"""The summary of a reviewed result when its server ends."""

from pathlib import Path

import pytest

from minenetcd.labelling.verdicts.refreshing import is_stale
from minenetcd.labelling.verdicts.store import Verdicts

pytestmark = pytest.mark.needs("fastapi")


def test_what_is_being_written_is_done_when_the_server_ends(result: Path) -> None:
    from minenetcd.web.serving.refreshing import Refreshing

    verdicts, refreshing = Verdicts(result), Refreshing(seconds=0)
    for number in verdicts.queue()[:3]:
        verdicts.give(number, "accepted", by="Ann")
        refreshing.soon(result)
        refreshing.finish()
        assert not is_stale(result, verdicts.counts())
