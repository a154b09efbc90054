"""Several processes on this machine from one command, the way torch's launcher sets them up.

One line of error stays one line: only the errors of the process that failed first are shown.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack

from minenetcd.registry import handed_on
from minenetcd.runtime.interruption import handled

POLL_SECONDS = 0.2
STOP_SECONDS = 20.0  # for the others to end by themselves, once one has failed


def is_launched() -> bool:
    """Whether a launcher started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_main_process() -> bool:
    """Whether this process is the one, of those launched together, that writes and speaks."""
    return int(os.environ.get("RANK", "0")) == 0


def run_processes(arguments: Sequence[str], processes: int) -> int:
    """Run `minenetcd ARGUMENTS` as `processes` processes that train together; the exit code of the first to fail.

    Ctrl-C reaches them all, since they share the terminal, and SIGTERM is handed on; this process waits until they have
    saved.
    """
    with ExitStack() as files:
        logs = [files.enter_context(tempfile.TemporaryFile()) for _ in range(1, processes)]
        streams = [None, *logs]
        port = _free_port()
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "minenetcd", *_of_one_process(arguments)],
                env=_environment(rank, processes, port),
                stderr=stream,
                stdout=None if rank == 0 else subprocess.DEVNULL,
            )
            for rank, stream in enumerate(streams)
        ]

        def hand_on(number: int, _: object) -> None:
            if number == signal.SIGTERM:  # Ctrl-C has reached them by itself
                for process in running:
                    process.terminate()

        try:
            with handled(hand_on):
                failed = _wait(running)
        finally:
            for process in running:
                process.kill()
        if failed is None:
            return 0
        if failed > 0:
            logs[failed - 1].seek(0)
            sys.stderr.write(logs[failed - 1].read().decode(errors="replace"))
        return running[failed].returncode


def _of_one_process(arguments: Sequence[str]) -> list[str]:
    """The command line without --processes."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != "--processes" and not argument.startswith("--processes="):
            kept.append(argument)
        skip = argument == "--processes"
    return kept


def _wait(running: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Wait for all; the rank of the process that failed first, None where none did."""
    failed, deadline = None, None
    while any(process.poll() is None for process in running):
        if failed is None:
            failed = next((rank for rank, process in enumerate(running) if process.returncode), None)
            deadline = None if failed is None else time.monotonic() + STOP_SECONDS
        if deadline is not None and time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    if failed is None:
        failed = next((rank for rank, process in enumerate(running) if process.returncode), None)
    return failed


def _environment(rank: int, processes: int, port: int) -> dict[str, str]:
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) // processes))
    return {
        **os.environ,
        **handed_on(),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": threads,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
