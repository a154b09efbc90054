"""Whether the hub answers is known soon, also of one that takes calls and says nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from huggingface_hub import constants

from minenetcd.runtime import hub


class Silent(BaseHTTPRequestHandler):
    """Answers with its front page, and never with what a program asks for, until the test is over."""

    over = threading.Event()

    def do_HEAD(self) -> None:
        if self.path != "/":
            self.over.wait(30)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def silent_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Silent.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setattr(hub, "PATIENCE_SECONDS", 0.2)
        yield
        Silent.over.set()
        server.shutdown()


def test_a_hub_that_never_answers_is_not_waited_for(silent_hub: None) -> None:
    assert not hub.hub_answers()
