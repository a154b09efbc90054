"""What may have happened to a file: cut, overwritten, replaced by something else; the same for every kind of file."""

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]


def _cut(share: float) -> Damage:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def _overwritten(start: float, length: int, seed: int | None) -> Damage:
    """`length` bytes from the share `start` on; zeros without a seed."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = int(len(content) * start)
        length_here = min(length, len(content) - place)
        content[place : place + length_here] = (
            bytes(length_here) if seed is None else random.Random(seed).randbytes(length_here)
        )
        path.write_bytes(content)

    return damage


def _content(content: bytes) -> Damage:
    return lambda path: void(path.write_bytes(content))


def _instead(make: Callable[[Path], object]) -> Damage:
    """Something else than a file."""

    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def void(_: object) -> None:
    """Of a call for what it does."""


def _socket(path: Path) -> None:
    """Its name is short by way of the working directory, as sockets need it."""
    here = os.getcwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)
    os.chdir(here)


#: After which no part of the file may be taken for what it was.
CUT: dict[str, Damage] = {f"cut-{share:.0%}": _cut(share) for share in (0.001, 0.03, 0.3, 0.6, 0.9)}

#: Another content of a file that is whole.
ANOTHER: dict[str, Damage] = {
    "empty": _content(b""), "one-byte": _content(b"\0"), "text": _content(b"see attachment\n"),
    "zeros": _content(bytes(4_096)),
    "page": _content(b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
    "noise": _content(random.Random(1).randbytes(5_000)),
    "lfs": _content(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    "pickle": _content(b"\x80\x04cposix\nsystem\n(Vtouch ran\ntR."),
}  # fmt: skip

#: No file at all, or none that may be opened.
NO_FILE: dict[str, Damage] = {
    "missing": Path.unlink, "folder": _instead(Path.mkdir), "pipe": _instead(os.mkfifo), "socket": _instead(_socket),
    "broken-link": _instead(lambda path: path.symlink_to("nowhere")),
    "looping-link": _instead(lambda path: path.symlink_to(path.name)),
    "device": _instead(lambda path: path.symlink_to("/dev/zero")),
}  # fmt: skip

#: Which a reader may or may not notice; seeds fixed.
SCATTERED: dict[str, Damage] = {
    f"{'zeroed' if seed is None else f'noise{seed}'}-{start:.0%}": _overwritten(start, length, seed)
    for seed in (None, 1, 2)
    for start, length in ((0.0, 8), (0.0, 200), (0.5, 64), (0.95, 400))
}
