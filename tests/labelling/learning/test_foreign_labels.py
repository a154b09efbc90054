"""Labels that somebody handed over lead nowhere else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.errors import InputError
from minenetcd.labelling.learning.reading.hand_labels import read_labels


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
