"""Who may come in, and where nobody gets to."""

import http.client
import json
import os
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from web.serving.servers import SCRIPT, Server

TOKEN = "a-token-of-enough-letters"


def raw(server: Server, path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, str]:
    """The answer to a path that no client has made tidy."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.putrequest(method, path, skip_host="host" in (headers or {}))
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read().decode("utf-8", "replace")
    connection.close()
    return found


SECRET = "this is no result"
WAYS_OUT = (
    "../../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt", "%2e%2e%2f%2e%2e%2fsecret.txt",
    "..%252f..%252fsecret.txt", "....//....//secret.txt", "..%5c..%5csecret.txt", "..%c0%af..%c0%afsecret.txt",
    "%00/secret.txt", "secret.txt%00.png", "/{secret}", "%2f{secret}", "file:{secret}", "linked.txt",
    "linked/secret.txt",
)  # fmt: skip


@pytest.fixture(scope="module")
def with_secret(results: Path, tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, Path]":
    """A folder of results, and a file beside it to which links in the results lead."""
    root = tmp_path_factory.mktemp("way_out")
    secret = root / "secret.txt"
    secret.write_text(SECRET)
    shutil.copytree(results / "one", root / "results/one")
    (root / "results/one/linked.txt").symlink_to(secret)
    (root / "results/one/linked").symlink_to(root)
    shutil.copytree(results / "one", root / "elsewhere/hidden")
    (root / "results/elsewhere").symlink_to(root / "elsewhere")
    (root / "results/fake").mkdir()
    for path in (results / "one").iterdir():
        (root / "results/fake" / path.name).symlink_to(path)
    return root / "results", secret


@pytest.fixture(scope="module")
def guarded(with_secret: "tuple[Path, Path]"):
    with Server.start(with_secret[0]) as server:
        yield server


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize(
    "before", ["/api/results/results-one/files/", "/api/results/", "/static/", "/results/", "/", "/api/series/"]
)
def test_no_path_leads_out_of_the_results(
    guarded: Server, with_secret: "tuple[Path, Path]", before: str, way: str
) -> None:
    status, text = raw(guarded, before + way.format(secret=with_secret[1]))
    assert status in (400, 404, 405, 422), text
    assert SECRET not in text


def test_links_out_of_the_results_are_no_results(guarded: Server) -> None:
    assert [site["id"] for site in guarded.json("/api/sites")["sites"]] == ["results-one"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "a@localhost", "10.0.0.1"]
)
def test_another_name_is_not_answered_to(guarded: Server, host: str) -> None:
    """A name whose owner has led it to this machine (DNS rebinding)."""
    status, text = raw(guarded, "/api/sites", headers={"host": host})
    assert (status, list(json.loads(text))) == (421, ["detail"])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:80", "LOCALHOST:8765"])
def test_its_own_names_are_answered_to(guarded: Server, host: str) -> None:
    assert raw(guarded, "/api/sites", headers={"host": host})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "content-type": "application/json"},
        {"origin": "null", "content-type": "application/json"},
        {"origin": "http://127.0.0.1:1", "content-type": "application/json"},
        {"sec-fetch-site": "cross-site", **SCRIPT},
        {"sec-fetch-site": "same-site", **SCRIPT},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {},
    ],
)
def test_another_site_changes_nothing(server: Server, headers: dict[str, str]) -> None:
    before = server.json("/api/jobs")
    for path in ("/api/jobs", "/api/uploads?name=a.tif", "/api/jobs/0000000000000000/cancel", "/api/session"):
        request = server.client.build_request("POST", path, content=b"{}", headers=headers)
        if "content-type" not in headers:
            request.headers.pop("content-type", None)
        answer = server.client.send(request)
        assert answer.status_code == 403, (path, answer.text)
    assert server.json("/api/jobs") == before


def test_answers_allow_the_browser_nothing_else(server: Server) -> None:
    for path in ("/", "/api/sites", "/static/app.js", "/docs", "/none"):
        headers = server.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "http:" not in policy and "https:" not in policy and "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers and "server" not in headers


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server: Server) -> None:
    headers = {"content-type": "application/json"}
    assert server.client.post("/api/jobs", content=b" " * (9 * 2**20), headers=headers).status_code == 413
    pieces = (b" " * 2**20 for _ in range(12))  # which says no length
    assert server.client.post("/api/jobs", content=pieces, headers=headers).status_code == 413


def test_a_token_opens_by_header_or_cookie_and_nothing_else_does(results: Path) -> None:
    with Server.start(results / "one", "--token", TOKEN) as server:
        assert server.get("/api/sites").status_code == 401
        assert server.get("/api/results/one/files/report.html", headers={"accept": "text/html"}).status_code == 401
        page = server.get("/results/one", headers={"accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/enter")
        assert server.get("/enter").status_code == server.get("/static/app.js").status_code == 200
        for wrong in (TOKEN[:-1], TOKEN + "x", "x", TOKEN.upper()):
            answer = server.get("/api/sites", headers={"authorization": f"Bearer {wrong}"})
            assert answer.status_code == 401
            assert server.client.post("/api/session", json={"token": wrong}).status_code == 401
        assert server.get(f"/api/sites?token={TOKEN}").status_code == 401
        assert server.get("/api/sites", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        entered = server.client.post("/api/session", json={"token": TOKEN})
        cookie = entered.headers["set-cookie"]
        assert entered.status_code == 204 and TOKEN not in cookie
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
        assert server.get("/api/sites").status_code == 200
        assert server.client.delete("/api/session", headers=SCRIPT).status_code == 204
        assert server.get("/api/sites").status_code == 401
        assert server.interrupt() == 130
        assert TOKEN not in server.log.read_text()


def test_for_other_machines_a_token_is_made_and_printed_once(results: Path) -> None:
    with Server.start(results / "one", "--host", "0.0.0.0") as server:
        token = server.printed.split("Token")[1].split()[0]
        port = urlsplit(server.url).port
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            assert client.get("/api/sites").status_code == 401
            assert client.get("/api/sites", headers={"authorization": f"Bearer {token}"}).status_code == 200
            names = {"host": socket.gethostname(), "authorization": f"Bearer {token}"}
            assert client.get("/api/sites", headers=names).status_code == 200
            assert client.get("/api/sites", headers={**names, "host": "evil.example"}).status_code == 421
    assert len(token) >= 24 and f"enter#{token}" in server.printed


def test_another_name_is_answered_to_where_it_is_stated_and_asks_for_a_token(results: Path) -> None:
    with Server.start(results / "one", "--name", "mine.example", "--token", TOKEN) as server:
        headers = {"host": "mine.example", "authorization": f"Bearer {TOKEN}"}
        assert server.get("/api/sites", headers=headers).status_code == 200
        assert server.get("/api/sites").status_code == 401
        headers["origin"] = "https://mine.example"
        assert server.client.post("/api/session", json={"token": TOKEN}, headers=headers).status_code == 204


def test_a_token_may_come_from_the_environment(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MINENETCD_TOKEN", TOKEN)
    with Server.start(results / "one") as server:
        assert server.get("/api/sites").status_code == 401
