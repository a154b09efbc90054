"""A small hub over HTTP, with what huggingface_hub asks of the real one to list, download and upload.

Repositories live in memory: id ("owner/name" of a model, "datasets/owner/name") -> commits, each a mapping of file to
bytes; branches and tags name commits.
"""

import base64
import contextlib
import hashlib
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

TOKEN = "hf_test"

_RESOLVE = re.compile(r"/(?P<id>(datasets/)?[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
_API = re.compile(
    r"/api/(?P<kind>models|datasets)/(?P<name>[^/]+/[^/]+)/(?P<call>preupload|commit|revision|tree|paths-info)/"
    r"(?P<revision>[^/]+)(/(?P<folder>.+))?"
)
_LARGE = (".safetensors", ".bin", ".parquet")
_CDN = re.compile(r"/cdn/(?P<hash>[0-9a-f]{64})")


@dataclass
class HubRepository:
    """Commits by hash, and what `main` and other names point at."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    gated: bool = False

    def commit(self, files: dict[str, bytes], *references: str) -> str:
        """Store `files` as a commit that `main` and `references` then name."""
        parent = self.commits.get(self.references.get("main", ""), {})
        whole = parent | files
        digest = hashlib.sha1(repr((len(self.commits), sorted(whole))).encode()).hexdigest()
        self.commits[digest] = whole
        self.references |= dict.fromkeys(("main", *references), digest)
        return digest


class HubServer(ThreadingHTTPServer):
    """Serves `repositories` on a free port of this machine and logs each request as (method, path).

    `interruptions`: SHA-256 of a large file -> after how many bytes each of the next answers with it ends; None does
    not end, and sends no more. `ranges` logs what parts of large files were asked for. `exchanged`: SHA-256 of a large
    file -> what is sent in its place.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, HubRepository] = {}
        self.log: list[tuple[str, str]] = []
        self.ranges: list[str | None] = []
        self.exchanged: dict[str, bytes] = {}
        self.interruptions: dict[str, list[int | None]] = {}
        self.stopped = threading.Event()
        self.connections: list[socket.socket] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        """What HF_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self.server_port}"

    def bodies(self) -> list[str]:
        """Paths whose contents were fetched since the log was cleared."""
        return [path for method, path in self.log if method == "GET"]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Remember connections: a client keeps them for later requests."""
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def stop(self) -> None:
        """No request is answered any more, on old connections neither."""
        self.stopped.set()
        self.shutdown()
        self.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubServer

    def log_message(self, *args: Any) -> None:
        """Quiet: the log is kept by the server."""

    def do_HEAD(self) -> None:
        self._fetch(head=True)

    def do_GET(self) -> None:
        self._fetch(head=False)

    def do_POST(self) -> None:
        path, body = self._log(), self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = _API.fullmatch(path)
        if call and call["call"] == "paths-info":
            self._list(call, set(parse_qs(body.decode()).get("paths", [])) or set(json.loads(body)["paths"]))
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "Invalid username or password."})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._answer(HTTPStatus.OK, {"errors": [], "warnings": []})
        elif call:
            self._upload(call, body)
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"no such call: {path}"})

    def _fetch(self, *, head: bool) -> None:
        path = self._log()
        if asked := _RESOLVE.fullmatch(path):
            self._resolve(**asked.groupdict(), head=head)
        elif asked := _CDN.fullmatch(path):
            commits = [c for repository in self.server.repositories.values() for c in repository.commits.values()]
            blobs = (blob for commit in commits for blob in commit.values())
            blob = next(blob for blob in blobs if hashlib.sha256(blob).hexdigest() == asked["hash"])
            self._send_part(self.server.exchanged.get(asked["hash"], blob), asked["hash"], head=head)
        elif (asked := _API.fullmatch(path)) and asked["call"] in ("revision", "tree"):
            self._list(asked)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound", head=head)

    def _resolve(self, id: str, revision: str, file: str, *, head: bool) -> None:
        repository = self.server.repositories.get(id)
        if repository is None:
            return self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound", head=head)
        if repository.gated:
            return self._refuse(HTTPStatus.FORBIDDEN, "GatedRepo", head=head)
        commit = repository.references.get(revision, revision)
        if commit not in repository.commits:
            return self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound", head=head)
        headers = {"X-Repo-Commit": commit}
        blob = repository.commits[commit].get(file)
        if blob is None:
            return self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound", head=head, headers=headers)
        if not file.endswith(_LARGE):
            etag = hashlib.sha1(blob).hexdigest()
            return self._send(HTTPStatus.OK, blob, headers | {"ETag": f'"{etag}"'}, head=head)
        digest = hashlib.sha256(blob).hexdigest()  # large files: where they lie, their hash and size
        headers |= {"X-Linked-Size": str(len(blob)), "X-Linked-ETag": f'"{digest}"', "ETag": f'"{commit}"'}
        headers["Location"] = f"http://localhost:{self.server.server_port}/cdn/{digest}"  # another host, as the hub's
        return self._send(HTTPStatus.FOUND, b"", headers, head=head)

    def _list(self, call: re.Match[str], paths: set[str] | None = None) -> None:
        """A commit's hash, or its files: all, those in a folder, or those of `paths`."""
        repository = self.server.repositories.get(_key(call))
        if repository is None:
            return self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound", head=False)
        commit = repository.references.get(call["revision"], call["revision"])
        if commit not in repository.commits:
            return self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound", head=False)
        if call["call"] == "revision":
            facts = {"id": call["name"], "sha": commit, "siblings": [], "tags": [], "private": False}
            return self._answer(HTTPStatus.OK, facts)
        files = [_entry(file, blob) for file, blob in sorted(repository.commits[commit].items())]
        if paths is not None:
            return self._answer(HTTPStatus.OK, [file for file in files if file["path"] in paths])
        below = f"{call['folder']}/" if call["folder"] else ""
        if "recursive=true" not in self.path.lower():
            files = [file for file in files if "/" not in file["path"].removeprefix(below)]
        return self._answer(HTTPStatus.OK, [file for file in files if file["path"].startswith(below)])

    def _create(self, wanted: dict[str, Any]) -> None:
        owner = wanted.get("organization") or "me"
        repo_id = f"{'datasets/' * (wanted.get('type') == 'dataset')}{owner}/{wanted['name']}"
        known = repo_id in self.server.repositories
        if not known:
            self.server.repositories[repo_id] = HubRepository()
            self.server.repositories[repo_id].commit({})
        status = HTTPStatus.CONFLICT if known else HTTPStatus.OK
        self._answer(status, {"url": f"{self.server.endpoint}/{repo_id}", "name": repo_id, "id": repo_id})

    def _upload(self, call: re.Match[str], body: bytes) -> None:
        if call["call"] == "preupload":
            files = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in files]
            return self._answer(HTTPStatus.OK, {"files": modes})
        lines = [json.loads(line) for line in body.splitlines()]
        files = {
            line["value"]["path"]: base64.b64decode(line["value"]["content"]) for line in lines if line["key"] == "file"
        }
        commit = self.server.repositories[_key(call)].commit(files)
        url = f"{self.server.endpoint}/{_key(call)}/commit/{commit}"
        return self._answer(HTTPStatus.OK, {"commitUrl": url, "commitOid": commit, "success": True})

    def _log(self) -> str:
        path = self.path.split("?")[0]
        self.server.log.append((self.command, path))
        return path

    def _refuse(self, status: HTTPStatus, code: str, *, head: bool, headers: dict[str, str] | None = None) -> None:
        self._send(status, b"", (headers or {}) | {"X-Error-Code": code, "X-Error-Message": code}, head=head)

    def _answer(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"}, head=False)

    def _send_part(self, blob: bytes, digest: str, *, head: bool) -> None:
        """A large file, or the range of it that is asked for; cut off where an interruption is due."""
        headers, status, start = {"ETag": f'"{digest}"'}, HTTPStatus.OK, 0
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            size, start, end = len(blob), int(asked[1]), int(asked[2] or len(blob) - 1)
            blob, status = blob[start : end + 1], HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {start}-{start + len(blob) - 1}/{size}"
        if head:
            return self._send(status, blob, headers, head=True)
        self.server.ranges.append(self.headers.get("Range"))
        if due := self.server.interruptions.get(digest):
            headers["Content-Length"], self.close_connection = str(len(blob)), True
            stop = due.pop(0)
            self._send(status, blob[: len(blob) // 2 if stop is None else stop], headers, head=False)
            if stop is None:
                self.server.stopped.wait()
            return None
        return self._send(status, blob, headers, head=False)

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str], *, head: bool) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(body)


def _key(call: re.Match[str]) -> str:
    """The id of a repository that an API call is about."""
    return f"{'datasets/' * (call['kind'] == 'datasets')}{call['name']}"


def _entry(file: str, blob: bytes) -> dict[str, Any]:
    """What the hub lists of a file."""
    entry: dict[str, Any] = {"type": "file", "path": file, "size": len(blob), "oid": hashlib.sha1(blob).hexdigest()}
    if file.endswith(_LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(blob).hexdigest(), "size": len(blob), "pointerSize": 134}
    return entry
