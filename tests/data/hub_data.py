"""A data set in the published layout, and a process that uses it as a hub's client.

HF_ENDPOINT and HF_HOME count when huggingface_hub is imported, hence the process. Run as a program, this file reads one
JSON request a line, {"call": name of a function of minenetcd.data.catalog or "stream", "arguments", "options"}, and
answers with one JSON line: {"ok": facts} or {"error": type, "message": text}.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

_PICTURE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
SIDE = 40


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def drawn_pair(seed: int, *, side: int = SIDE, changed: int = 255) -> tuple[NDArray, NDArray, NDArray]:
    """Before, after (H, W, 3) and a mask (H, W) in which the first column and a random part are changed."""
    rng = np.random.default_rng(seed)
    before, after = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    mask = (rng.random((side, side)) < 0.2).astype(np.uint8) * changed
    mask[:, 0] = changed
    return before, after, mask


def parquet(
    seeds: Iterable[int], *, columns: tuple[str, str, str] = ("imageA", "imageB", "label"), **extra: list[Any]
) -> bytes:
    """A parquet file as `push_to_hub` of `datasets` writes it, some rows in a row group."""
    seeds = list(seeds)
    cells: dict[str, list[dict[str, Any]]] = {column: [] for column in columns}
    for seed in seeds:
        for column, pixels in zip(columns, drawn_pair(seed), strict=True):
            cells[column].append({"bytes": png(pixels), "path": f"patch_{seed}.png"})
    features = {column: {"_type": "Image"} for column in columns}
    features |= {name: {"dtype": "string", "_type": "Value"} for name in extra}
    fields = [pa.field(column, _PICTURE) for column in columns] + [pa.field(name, pa.string()) for name in extra]
    schema = pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})
    file = io.BytesIO()
    pq.write_table(pa.table(cells | extra, schema=schema), file, row_group_size=3)
    return file.getvalue()


def published_files(first: int = 0) -> dict[str, bytes]:
    """A repository: 5 training pairs in two files, 2 to choose on, 3 to test on; pairs from seed `first`."""
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n---\n"
    return {
        "README.md": card.encode(),
        ".gitattributes": b"*.parquet filter=lfs\n",
        "data/train-00000-of-00002.parquet": parquet(range(first, first + 3)),
        "data/train-00001-of-00002.parquet": parquet(range(first + 3, first + 5)),
        "data/val-00000-of-00001.parquet": parquet(range(first + 5, first + 7)),
        "data/test-00000-of-00001.parquet": parquet(range(first + 7, first + 10)),
    }


class DataClient:
    """A process that loads data sets from the hub at `endpoint`, with a cache of its own in `home`."""

    def __init__(self, endpoint: str, home: Path, **settings: str) -> None:
        settings |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=kept | settings | {"PYTHONPATH": str(root)},
            cwd=root,
        )

    def ask(self, call: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """The answer to one request."""
        self.start(call, *arguments, **options)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("answer "):
                return json.loads(line.removeprefix("answer "))
        raise AssertionError("the client ended without an answer")

    def start(self, call: str, *arguments: Any, **options: Any) -> None:
        """Send a request, and do not wait."""
        assert self.process.stdin is not None
        request = {"call": call, "arguments": arguments, "options": options}
        print(json.dumps(request), file=self.process.stdin, flush=True)

    def ok(self, call: str, *arguments: Any, **options: Any) -> Any:
        answer = self.ask(call, *arguments, **options)
        assert "ok" in answer, answer
        return answer["ok"]

    def refusal(self, call: str, *arguments: Any, **options: Any) -> str:
        """The message of the DataError, which is one line."""
        answer = self.ask(call, *arguments, **options)
        assert answer.get("error") in ("DataError", "MissingRepository", "UnknownNameError"), answer
        assert "\n" not in answer["message"]
        return answer["message"]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def _answer(call: str, arguments: list[Any], options: dict[str, Any]) -> Any:
    if call in ("download_dataset", "available_on_disk"):
        return _fetched(call, arguments, options)
    from minenetcd.data import catalog

    if call == "load_dataset":
        return _facts(catalog.load_dataset(*arguments, **options))
    if call == "stream":
        stream = catalog.load_dataset(*arguments, streaming=True, **options)
        samples = list(stream)
        return {"facts": asdict(stream.facts), "names": [sample.name for sample in samples], "sums": _sums(samples)}
    return getattr(catalog, call)(*arguments, **options)


def _fetched(call: str, arguments: list[Any], options: dict[str, Any]) -> Any:
    """What needs no torch, and so answers quickly."""
    from minenetcd.data import download

    if call == "available_on_disk":
        return {split: asdict(part) for split, part in download.available_on_disk(*arguments, **options).items()}
    heard: list[tuple[int, int]] = []
    stop = options.pop("interrupt_after", None)

    def hear(done: int, of: int) -> None:
        heard.append((done, of))
        if stop is not None and done >= stop:
            os.kill(os.getpid(), signal.SIGINT)

    splits = tuple(options.pop("splits", ())) or None
    try:
        found = download.download_dataset(*arguments, splits=splits, progress=hear, **options)
    except KeyboardInterrupt:
        return {"interrupted": True, "progress": heard}
    return {"repo_id": found.repo_id, "commit": found.commit, "progress": heard}


def _facts(dataset: Any) -> dict[str, Any]:
    samples = list(dataset)
    return {
        "facts": asdict(dataset.facts),
        "names": list(dataset.names),
        "changed": [int((sample.mask == 1).sum()) for sample in samples],
        "sums": _sums(samples),
        "shape": list(samples[0].before.shape),
        "sites": dataset.sites,
    }


def _sums(samples: list[Any]) -> list[int]:
    """A number by which to know each pair: sum of before minus sum of after."""
    return [int(sample.before.long().sum() - sample.after.long().sum()) for sample in samples]


def main() -> None:
    """Answer requests until the input ends; errors of the package are answers, any other ends this process."""
    from minenetcd.errors import MineNetCDError

    time.sleep = lambda seconds: None  # huggingface_hub tries an unreachable hub several times, with pauses
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": _answer(**request)}
        except MineNetCDError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print("answer " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
