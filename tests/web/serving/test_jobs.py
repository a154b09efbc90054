"""Two images in, a map of change out: whatever is killed meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from fixtures.scene_files import utm_grid
from minenetcd.geo.grid import Grid
from web.serving.made_results import write_pair
from web.serving.servers import SCRIPT, Server
from web.waiting import until

pytestmark = pytest.mark.slow  # each starts a server, and a worker that loads GDAL and torch

QUICK = {"detector": "irmad"}


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    return write_pair(tmp_path / "images", "mine")


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


def running(server: Server, id: str) -> int:
    """The worker of a job that has begun to read its images."""
    until(lambda: server.job(id)["phase"] == "preparing")
    return server.worker()


def test_a_job_leads_to_a_result_that_is_shown(uploads: Path, images: tuple[Path, Path]) -> None:
    with Server.start("--uploads", uploads) as server:
        job = server.ask(*images, **QUICK, coregister=True)
        assert (job["state"], job["title"]) == ("queued", "mine_2019.tif to mine_2022.tif")
        done = server.wait(job["id"], "done", "failed")
        assert done["error"] is None and (done["done"], done["total"]) == (done["total"], done["done"])
        described = server.json(f"/api/results/{done['result']}")
        assert described["detector"] == "irmad" and set(described["layers"]) == {"before", "after", "probability"}
        assert [site["id"] for site in server.json("/api/sites")["sites"]] == [done["result"]]
        brought = server.upload(images[0]).json()["id"]  # no job has asked for it yet
        assert server.client.delete(f"/api/jobs/{job['id']}", headers=SCRIPT).status_code == 204
        assert [path.name for path in (uploads / "files").iterdir()] == [brought]
        assert server.client.delete(f"/api/uploads/{brought}", headers=SCRIPT).status_code == 204
        assert server.json("/api/sites")["sites"] == [] and server.json("/api/jobs")["jobs"] == []
        assert not list((uploads / "files").iterdir()) and not list((uploads / "results").iterdir())


def test_a_job_that_cannot_be_done_says_why_and_the_next_is_done(uploads: Path, images: tuple[Path, Path]) -> None:
    elsewhere = write_pair(uploads.parent / "far", "far", _far())
    with Server.start("--uploads", uploads) as server:
        wrong = server.ask(images[0], elsewhere[1], **QUICK)
        right = server.ask(*images, **QUICK)
        failed, done = server.wait(wrong["id"], "failed", "done"), server.wait(right["id"], "done", "failed")
    assert failed["state"] == "failed" and "overlap" in failed["error"] and failed["starts"] == 1
    assert done["state"] == "done"


def test_a_job_is_cancelled_while_it_waits_and_while_it_runs(uploads: Path, images: tuple[Path, Path]) -> None:
    with Server.start("--uploads", uploads) as server:
        first, second, third = (server.ask(*images, **QUICK) for _ in range(3))
        running(server, first["id"])
        for job in (first, second):
            assert server.client.post(f"/api/jobs/{job['id']}/cancel", headers=SCRIPT).status_code == 200
        assert server.client.delete(f"/api/jobs/{third['id']}", headers=SCRIPT).status_code == 409
        states = [server.wait(job["id"], "cancelled", "done", "failed")["state"] for job in (first, second, third)]
    assert states == ["cancelled", "cancelled", "done"]
    assert {path.name for path in (uploads / "results").iterdir()} == {third["id"]}


def test_a_job_whose_process_is_killed_is_begun_again(uploads: Path, images: tuple[Path, Path]) -> None:
    with Server.start("--uploads", uploads) as server:
        job, next_job = server.ask(*images, **QUICK), server.ask(*images, **QUICK)
        os.kill(running(server, job["id"]), signal.SIGKILL)
        again = until(lambda: (found := server.job(job["id"]))["starts"] == 2 and found)
        assert again["state"] in ("running", "done")
        done = server.wait(job["id"], "done", "failed")
        assert (done["state"], done["starts"]) == ("done", 2)
        assert server.wait(next_job["id"], "done", "failed")["state"] == "done"


def test_a_job_that_is_killed_each_time_fails_and_the_next_is_done(uploads: Path, images: tuple[Path, Path]) -> None:
    with Server.start("--uploads", uploads) as server:
        job, next_job = server.ask(*images, **QUICK), server.ask(*images, **QUICK)
        killed: set[int] = set()  # by the number of the start

        def killed_until_it_ended() -> dict[str, Any] | None:
            found = server.job(job["id"])
            if found["phase"] == "preparing" and found["starts"] not in killed:
                os.kill(server.worker(), signal.SIGKILL)
                killed.add(found["starts"])
            return found if found["state"] in ("failed", "done") else None

        found = until(killed_until_it_ended)
        assert killed == {1, 2, 3}
        assert found["state"] == "failed" and "killed by signal 9" in found["error"]
        assert server.wait(next_job["id"], "done", "failed")["state"] == "done"


def test_a_job_goes_on_after_its_server_was_killed(uploads: Path, images: tuple[Path, Path]) -> None:
    server = Server.begin("--uploads", uploads)
    job, waiting = server.ask(*images, **QUICK), server.ask(*images, **QUICK)
    running(server, job["id"])
    server.kill()
    server.end()
    with Server.start("--uploads", uploads) as again:
        done = again.wait(job["id"], "done", "failed")
        assert (done["state"], done["starts"]) == ("done", 2)
        assert again.wait(waiting["id"], "done", "failed")["state"] == "done"


def test_ctrl_c_ends_with_130_and_the_job_waits_for_the_next_server(uploads: Path, images: tuple[Path, Path]) -> None:
    with Server.start("--uploads", uploads) as server:
        job = server.ask(*images, **QUICK)
        worker = running(server, job["id"])
        assert server.interrupt() == 130
        assert server.log.read_text() == "Error: interrupted\n"
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
    with Server.start("--uploads", uploads) as again:
        done = again.wait(job["id"], "done", "failed")
        assert (done["state"], done["starts"]) == ("done", 1)


def test_two_servers_do_not_share_uploads(uploads: Path) -> None:
    with Server.start("--uploads", uploads):
        command = [sys.executable, "-m", "minenetcd", "serve", "--no-open", "--port", "0", "--uploads", str(uploads)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert second.returncode == 1 and "Another server keeps its uploads" in second.stderr
    assert second.stderr.count("\n") == 1


def test_many_ask_at_once_and_nothing_is_lost(uploads: Path, images: tuple[Path, Path]) -> None:
    with Server.start("--uploads", uploads) as server:
        ids = [server.upload(path).json()["id"] for path in images]
        asked: list[str] = []

        def ask() -> None:
            for _ in range(5):
                answer = server.client.post("/api/jobs", json={"before": ids[0], "after": ids[1], "options": QUICK})
                asked.append(answer.json()["id"])

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for id in asked[1:]:
            server.client.post(f"/api/jobs/{id}/cancel", headers=SCRIPT)
        found = server.json("/api/jobs")
        assert sorted(job["id"] for job in found["jobs"]) == sorted(asked) and len(set(asked)) == 20
        assert found["revision"] >= 20


def _far() -> Grid:
    return utm_grid(200, 240, left=700_000)
