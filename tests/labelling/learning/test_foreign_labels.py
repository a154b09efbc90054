"""Labels that somebody handed over lead nowhere else, and what was taught stays what a run was begun with."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import shapely

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from labelling.learning.judged_results import make_result, say, small_network
from minenetcd.errors import InputError, RunInterrupted
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.reading.hand_labels import read_labels
from minenetcd.labelling.learning.reading.results import read_result
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.training.records.reporting import TrainingReporter


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """The port of a server on this machine, and what was asked of it."""
    asked: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Noting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_mask_that_leads_to_the_network_is_refused(tmp_path: Path) -> None:
    grid = utm_grid(40, 40)
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        write_geotiff(tmp_path / name / "p.tif", np.full((40, 40, 3), 7, np.uint8), grid)
    (tmp_path / "mask").mkdir()
    with listening() as (port, asked):
        (tmp_path / "mask" / "p.tif").write_text(
            '<VRTDataset rasterXSize="40" rasterYSize="40"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
            f"<SourceFilename>/vsicurl/http://127.0.0.1:{port}/m.tif</SourceFilename><SourceBand>1</SourceBand>"
            "</SimpleSource></VRTRasterBand></VRTDataset>"
        )
        with pytest.raises(InputError, match="names files on the network"):
            read_labels(tmp_path)
        assert asked == []


def test_what_is_taught_has_a_checksum(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 0), 0)

    def checksum() -> str:
        return read_result(result, LearnOptions())[0].taught

    verdicts, as_it_was = Verdicts(result), checksum()
    assert checksum() == as_it_was
    polygon = verdicts.polygons().iloc[0]
    verdicts.give(polygon["id"], polygon["status"], by="another", comment="the same again")
    assert checksum() == as_it_was
    smaller = shapely.intersection(polygon.geometry, shapely.box(*polygon.geometry.buffer(-15).bounds))
    verdicts.give(polygon["id"], polygon["status"], by="another", geometry=smaller)
    assert checksum() != as_it_was
    verdicts.undo(by="another")
    assert checksum() == as_it_was
    verdicts.give(polygon["id"], "unsure", by="another")
    assert checksum() != as_it_was


class Stops(TrainingReporter):
    """Ctrl-C at the first step."""

    def step(self, *_: object) -> None:
        raise KeyboardInterrupt


@pytest.mark.slow  # a network is trained
def test_other_verdicts_of_the_same_numbers_are_another_run(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number), number) for number in range(3)]
    out, options = tmp_path / "out", LearnOptions(steps=2, rehearsal=0.0)
    with pytest.raises(RunInterrupted):
        minenetcd.learn(results, out, start=small_network(), options=options, device="cpu", reporter=Stops())
    statuses = Verdicts(results[0]).statuses()
    accepted, rejected = (
        next(id for id, said in statuses.items() if said == word) for word in ("accepted", "rejected")
    )
    Verdicts(results[0]).give(accepted, "rejected", by="a tester")
    Verdicts(results[0]).give(rejected, "accepted", by="a tester")
    with pytest.raises(InputError, match=r"was begun with other [a-z, ]*verdicts"):
        minenetcd.learn(results, out, start=small_network(), options=options, device="cpu", resume=True)
