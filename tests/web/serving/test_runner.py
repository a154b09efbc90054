"""The thread that takes jobs, where they cannot be kept for a while."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from minenetcd.errors import OutputError
from minenetcd.web.serving.jobs import store as keeping
from minenetcd.web.serving.jobs.models import JobOptions, Upload
from minenetcd.web.serving.jobs.runner import Runner
from minenetcd.web.serving.jobs.store import JobStore, now
from minenetcd.web.serving.options import ServeOptions
from minenetcd.web.serving.uploads.receiving import Receiver
from web.waiting import until


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    """With two images that are known, and are not there."""
    monkeypatch.setattr(keeping, "PATIENCE", 0.05)
    store = JobStore(tmp_path / "jobs.sqlite")
    for id in ("a" * 16, "b" * 16):
        store.add_upload(Upload(id=id, name="x.tif", bytes=1, width=1, height=1, bands=1, created=now()))
    return store


@contextmanager
def started(store: JobStore, folder: Path) -> Iterator[None]:
    receiver = Receiver(folder / "files", ServeOptions())
    runner = Runner(store, receiver, folder / "results", folder / "worker.log", lambda: None)
    runner.start()
    try:
        yield
    finally:
        runner.stop()


@contextmanager
def taken_by_another_program(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield


def test_a_file_of_jobs_that_cannot_be_used_is_said_in_one_line(store: JobStore) -> None:
    with taken_by_another_program(store.path), pytest.raises(OutputError) as raised:
        store.add("a" * 16, "b" * 16, "a to b", JobOptions())
    assert "database is locked" in str(raised.value) and "\n" not in str(raised.value)
    store.path.write_bytes(b"no database at all" * 100)
    with pytest.raises(OutputError, match="cannot be used"):
        JobStore(store.path)


def test_jobs_go_on_once_they_can_be_kept_again(
    store: JobStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    id = store.add("a" * 16, "b" * 16, "a to b", JobOptions()).id
    with caplog.at_level(logging.WARNING), ExitStack() as ended:
        with taken_by_another_program(store.path):
            ended.enter_context(started(store, tmp_path))
            until(lambda: "Jobs are held up" in caplog.text)
            assert store.job(id).state == "queued"
        until(lambda: store.job(id).state == "failed")  # by the same thread
    assert "not there any more" in (store.job(id).error or "")
    assert caplog.text.count("held up") == 1
