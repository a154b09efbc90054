"""Jobs as they are kept, by the rules that a killed process or server leads to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minenetcd.web.serving.jobs.models import JobOptions, Upload
from minenetcd.web.serving.jobs.store import MOST_STARTS, MOST_WAITING, JobStore, now
from minenetcd.web.serving.problems import NotThere, Refused

OPTIONS = JobOptions()


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    store = JobStore(tmp_path / "jobs.sqlite")
    for id in ("a" * 16, "b" * 16):
        store.add_upload(Upload(id=id, name="x.tif", bytes=1, width=1, height=1, bands=1, created=now()))
    return store


def added(store: JobStore) -> str:
    return store.add("a" * 16, "b" * 16, "a to b", OPTIONS).id


def test_the_oldest_is_taken_and_each_once(store: JobStore) -> None:
    first, second = added(store), added(store)
    taken = [store.take(), store.take(), store.take()]
    assert [job and job.id for job in taken] == [first, second, None]
    assert [job.state for job in store.jobs().jobs] == ["running", "running"]


def test_what_is_done_stays_done(store: JobStore) -> None:
    id = added(store)
    store.take()
    store.end(id, "done", result="results-x")
    for change in (lambda: store.end(id, "failed", error="late"), lambda: store.progress(id, "x", 1, 2), store.recover):
        change()
        assert (store.job(id).state, store.job(id).error) == ("done", None)
    assert store.cancel(id).state == "done"


def test_a_killed_server_counts_as_a_start_and_the_last_fails(store: JobStore) -> None:
    id = added(store)
    for start in range(1, MOST_STARTS + 1):
        job = store.take()
        assert job is not None and job.starts == start
        JobStore(store.path).recover()
    assert store.job(id).state == "failed" and str(MOST_STARTS) in (store.job(id).error or "")
    assert store.take() is None


def test_a_start_that_was_stopped_does_not_count(store: JobStore) -> None:
    id = added(store)
    for _ in range(MOST_STARTS + 2):
        assert store.take() is not None
        store.wait_again(id, "later", counts=False)
    assert (store.job(id).state, store.job(id).starts, store.job(id).note) == ("queued", 0, "later")


def test_a_cancelled_job_whose_server_is_killed_is_cancelled(store: JobStore) -> None:
    id = added(store)
    store.take()
    store.cancel(id)
    assert store.job(id).state == "running" and store.is_cancelled(id)
    JobStore(store.path).recover()
    assert store.job(id).state == "cancelled"


def test_the_revision_grows_with_each_change(store: JobStore) -> None:
    before = store.jobs().revision
    id = added(store)
    store.take()
    store.progress(id, "detecting change", 1, 2)
    assert store.jobs().revision == before + 3


def test_the_revision_stays_where_nothing_is_changed(store: JobStore) -> None:
    id = added(store)
    store.take()
    store.end(id, "done", result="results-x")
    before = store.jobs()
    assert store.take() is None
    store.progress(id, "late", 1, 2)
    store.cancel(id)
    assert store.jobs() == before


def test_uploads_that_a_job_needs_stay(store: JobStore) -> None:
    soon, before = datetime.now(UTC) + timedelta(seconds=1), datetime.now(UTC) - timedelta(hours=1)
    assert set(store.unused_uploads(older_than=soon)) == {"a" * 16, "b" * 16}
    assert store.unused_uploads(older_than=before) == []
    id = added(store)
    assert store.unused_uploads(older_than=soon) == []
    with pytest.raises(Refused, match="A job needs this image"):
        store.forget_upload("a" * 16)
    with pytest.raises(Refused, match="has not ended"):
        store.remove(id)
    store.cancel(id)
    store.remove(id)
    store.forget_upload("a" * 16)
    with pytest.raises(NotThere):
        store.upload("a" * 16)


def test_no_more_wait_than_are_done_in_a_while(store: JobStore) -> None:
    for _ in range(MOST_WAITING):
        added(store)
    with pytest.raises(Refused, match="wait at a time"):
        added(store)
