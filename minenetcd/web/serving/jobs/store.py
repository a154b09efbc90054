"""Jobs and uploads in SQLite: whatever is killed, what was asked for is known, and how far it came."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from minenetcd.errors import OutputError, one_line
from minenetcd.web.serving.jobs.models import ENDED, Job, JobOptions, Jobs, State, Upload
from minenetcd.web.serving.problems import NotThere, Refused

#: A job whose process, or whose server, was killed is begun so often in all.
MOST_STARTS = 3
#: That another program may have the file. [seconds]
PATIENCE = 30.0
#: Jobs that wait, or are at work.
MOST_WAITING = 200

_SCHEMA = """
create table if not exists uploads (
    id text primary key, name text not null, bytes integer not null, width integer not null, height integer not null,
    bands integer not null, created text not null);
create table if not exists jobs (
    number integer primary key autoincrement, id text not null unique, title text not null,
    before text not null references uploads (id), after text not null references uploads (id),
    options text not null, state text not null, phase text not null default '', done integer not null default 0,
    total integer not null default 0, starts integer not null default 0, cancel integer not null default 0,
    error text, note text, created text not null, started text, ended text, result text);
create table if not exists revision (number integer not null);
insert into revision select 0 where not exists (select 1 from revision);
"""


class JobStore:
    """The file `path`; for threads, each of which has a connection of its own for as long as a call takes.

    Every call raises OutputError where the file cannot be used: a disk that is full, say, or another program has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._connected() as connection:
            connection.executescript("pragma journal_mode = wal;" + _SCHEMA)

    # --- uploads ---

    def add_upload(self, upload: Upload) -> None:
        with self._changing() as change:
            change.execute(
                "insert into uploads values (:id, :name, :bytes, :width, :height, :bands, :created)",
                upload.model_dump(),
            )

    def upload(self, id: str) -> Upload:
        """NotThere where there is none of that id."""
        with self._connected() as connection:
            return _upload(connection, id)

    def upload_ids(self) -> list[str]:
        """Those of all."""
        with self._connected() as connection:
            return [row["id"] for row in connection.execute("select id from uploads")]

    def unused_uploads(self, *, older_than: datetime) -> list[str]:
        """Ids of those that no job needs, and that came before `older_than`."""
        until = older_than.isoformat(timespec="milliseconds")
        with self._connected() as connection:
            rows = connection.execute(
                "select id from uploads where created <= ? and id not in (select before from jobs union select after "
                "from jobs)",
                (until,),
            ).fetchall()
        return [row["id"] for row in rows]

    def forget_upload(self, id: str) -> None:
        """Refused (409) where a job needs it."""
        with self._changing() as change:
            if change.execute("select 1 from jobs where before = :id or after = :id", {"id": id}).fetchone():
                raise Refused(409, "A job needs this image: remove the job first.")
            change.execute("delete from uploads where id = ?", (id,))

    # --- jobs ---

    def add(self, before: str, after: str, title: str, options: JobOptions) -> Job:
        """One that waits. NotThere for uploads that are not there, Refused (429) where too many wait."""
        id = secrets.token_hex(8)
        with self._changing() as change:
            for upload in (before, after):
                _upload(change, upload)
            waiting = change.execute("select count(*) from jobs where state in ('queued', 'running')").fetchone()[0]
            if waiting >= MOST_WAITING:
                raise Refused(429, f"At most {MOST_WAITING} jobs wait at a time: wait for some of them.")
            change.execute(
                "insert into jobs (id, title, before, after, options, created, state) "
                "values (?, ?, ?, ?, ?, ?, 'queued')",
                (id, title, before, after, options.model_dump_json(), now()),
            )
        return self.job(id)

    def job(self, id: str) -> Job:
        """NotThere where there is none of that id."""
        with self._connected() as connection:
            row = connection.execute("select * from jobs where id = ?", (id,)).fetchone()
        if row is None:
            raise NotThere("There is no job of that id: it was removed.")
        return self._job(row)

    def jobs(self) -> Jobs:
        with self._connected() as connection:
            connection.execute("begin")  # both of one moment
            revision = connection.execute("select number from revision").fetchone()[0]
            rows = connection.execute("select * from jobs order by number desc").fetchall()
            uploads = {row["id"]: Upload(**dict(row)) for row in connection.execute("select * from uploads")}
        return Jobs(revision=revision, jobs=[_as_job(row, uploads) for row in rows])

    def take(self) -> Job | None:
        """The one that has waited longest, which runs from here on; None where none waits."""
        with self._changing() as change:
            row = change.execute("select id from jobs where state = 'queued' order by number limit 1").fetchone()
            if row is None:
                return None
            change.execute(
                "update jobs set state = 'running', starts = starts + 1, started = ?, phase = '', done = 0, total = 0, "
                "note = null where id = ?",
                (now(), row["id"]),
            )
        return self.job(row["id"])

    def progress(self, id: str, phase: str, done: int, total: int) -> None:
        with self._changing() as change:
            change.execute(
                "update jobs set phase = ?, done = ?, total = ? where id = ? and state = 'running'",
                (phase, done, total, id),
            )

    def end(self, id: str, state: State, *, error: str | None = None, result: str | None = None) -> None:
        """It is done, failed or cancelled."""
        with self._changing() as change:
            change.execute(
                "update jobs set state = ?, error = ?, result = ?, ended = ? where id = ? and state = 'running'",
                (state, error, result, now(), id),
            )

    def wait_again(self, id: str, note: str, *, counts: bool = True) -> None:
        """It is begun again; a start that does not count was not its fault."""
        with self._changing() as change:
            change.execute(
                "update jobs set state = 'queued', note = ?, starts = starts - ? where id = ? and state = 'running'",
                (note, 0 if counts else 1, id),
            )

    def died(self, id: str, why: str) -> None:
        """Its process was killed: it waits again, but fails at its last start; cancelled where that was asked for."""
        job = self.job(id)
        if self.is_cancelled(id):
            self.end(id, "cancelled")
        elif job.starts >= MOST_STARTS:
            self.end(id, "failed", error=f"It was begun {job.starts} times, and ended each time: {why}.")
        else:
            self.wait_again(id, f"Begun again: {why}.")

    def recover(self, why: str = "the server was killed") -> None:
        """What is said to run, and does not, waits again, by the rule of `died`."""
        for job in self.jobs().jobs:
            if job.state == "running":
                self.died(job.id, why)

    def cancel(self, id: str) -> Job:
        """A job that waits is cancelled; one that runs is as soon as it has stopped. One that has ended stays."""
        self.job(id)
        with self._changing() as change:
            change.execute("update jobs set cancel = 1 where id = ? and state = 'running'", (id,))
            change.execute(
                "update jobs set state = 'cancelled', ended = ? where id = ? and state = 'queued'", (now(), id)
            )
        return self.job(id)

    def is_cancelled(self, id: str) -> bool:
        """Whether it is to stop."""
        with self._connected() as connection:
            row = connection.execute("select cancel from jobs where id = ?", (id,)).fetchone()
        return row is None or bool(row["cancel"])

    def remove(self, id: str) -> Job:
        """Out of the history. Refused (409) where it has not ended."""
        job = self.job(id)
        if job.state not in ENDED:
            raise Refused(409, "This job has not ended: cancel it first.")
        with self._changing() as change:
            change.execute("delete from jobs where id = ?", (id,))
        return job

    def _job(self, row: sqlite3.Row) -> Job:
        return _as_job(row, {id: self.upload(id) for id in (row["before"], row["after"])})

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                connection.execute("pragma foreign_keys = on")
                connection.execute("pragma synchronous = full")
                yield connection
        except sqlite3.Error as error:
            raise OutputError(
                f"Jobs are kept in {self.path}, which cannot be used ({one_line(error)}): free the disk, or the file, "
                "or name another folder (--uploads)."
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A change that is whole or not at all, and is seen by who asks for the revision."""
        with self._connected() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
                if connection.total_changes:  # who looks for a job each second has changed nothing
                    connection.execute("update revision set number = number + 1")
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:  # SQLite ends one by itself where the disk is full
                    connection.execute("rollback")
                raise


def now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _upload(connection: sqlite3.Connection, id: str) -> Upload:
    row = connection.execute("select * from uploads where id = ?", (id,)).fetchone()
    if row is None:
        raise NotThere("There is no upload of that id: upload the image again.")
    return Upload(**dict(row))


def _as_job(row: sqlite3.Row, uploads: dict[str, Upload]) -> Job:
    values: dict[str, Any] = {name: row[name] for name in Job.model_fields}
    values["options"] = JobOptions(**json.loads(row["options"]))
    values["before"], values["after"] = uploads[row["before"]], uploads[row["after"]]
    return Job(**values)
