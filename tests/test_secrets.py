"""Passwords, signatures and tokens do not reach what is shown or stored."""

import logging
import sys
import warnings
from pathlib import Path

import pytest

from minenetcd.cli.main import run
from minenetcd.data.dataset import DatasetFacts
from minenetcd.errors import RasterError, one_line
from minenetcd.secrets import without_secrets

URL = "http://user:PW@host/a.tif?sig=SIG"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("http://user:PW@host:80/a.tif?sig=SIG", "http://host:80/a.tif"),
        ("/vsicurl/https://TOKEN@host/a.tif?token=SIG#x", "/vsicurl/https://host/a.tif"),
        ("https://x.blob.core.windows.net/c/a.tif?sv=2020&sig=SIG%3D", "https://x.blob.core.windows.net/c/a.tif"),
        ("s3://bucket/a.tif?X-Amz-Signature=SIG", "s3://bucket/a.tif"),
        ("/vsicurl?pc_url_signing=yes&url=https%3A%2F%2Fu%3APW%40host%2Fa.tif%3Fsig%3DSIG", "/vsicurl/https://host/a.tif"),
        ("https://user:P/W@host/a.tif", "https://host/a.tif"),
        ("https://u:P@W@host/a.tif", "https://host/a.tif"),
        ("PG:host=db user=me password='P W' dbname=x", "PG:host=db user=me password=... dbname=x"),
        ("(https://h/a.tif?sig=SIG), next", "(https://h/a.tif), next"),
        ("<SourceFilename>/vsicurl/http://u:PW@h/a.tif</SourceFilename>", "<SourceFilename>/vsicurl/http://h/a.tif</SourceFilename>"),
        ("http://user:a'PW@h/a.tif?sig=ab'SIG", "http://h/a.tif"),
        ("no 'http://u:PW@h/a.tif?sig=SIG', 'b.tif'", "no 'http://h/a.tif', 'b.tif'"),
        ("https://h/a.tif;token=SIG", "https://h/a.tif;token=..."),
        ("//user:PW@host/a.tif", "//host/a.tif"),
        ("AWS_SECRET_ACCESS_KEY=PW, password = 'P W'", "AWS_SECRET_ACCESS_KEY=... password=..."),
        ("1http://u:PW@h/a.tif", "1http://h/a.tif"),
        ("https:/u:PW@host/truth.gpkg?sig=SIG", "https:/host/truth.gpkg"),  # as a Path writes it
        ("pasted:/data/scenes?pairs=9", "pasted:/data/scenes?pairs=9"),
        ("/data/what?.tif", "/data/what?.tif"),
        ("mail me@host: a@b", "mail me@host: a@b"),
        ("synthetic:10?size=64", "synthetic:10?size=64"),
    ],
)  # fmt: skip
def test_a_name_is_shown_without_them(name: str, shown: str) -> None:
    assert without_secrets(name) == shown


def test_a_long_name_is_soon_looked_through() -> None:
    name = "x" * 1_000_000
    assert without_secrets(name) == name


def test_an_error_never_holds_them() -> None:
    error = RasterError("http://u:PW@h/a.tif?sig=SIG cannot be opened")
    assert str(error) == "http://h/a.tif cannot be opened"
    assert "PW" not in repr(error)


def test_the_error_of_a_library_is_told_without_them() -> None:
    assert one_line(OSError(f"{URL} does not exist")) == "http://host/a.tif does not exist"


def test_facts_of_data_never_hold_them() -> None:
    assert DatasetFacts(f"scenes of {URL}", "test", "0f").source == "scenes of http://host/a.tif"


def as_python_does(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
    print(warnings.formatwarning(message, category, filename, lineno), file=sys.stderr)


def test_what_libraries_say_within_a_command_is_shown_without_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def noisy(*_: object, **__: object) -> list[object]:
        logger = logging.getLogger("a library")
        logger.warning("cannot reach %s", URL)
        try:
            raise OSError(f"no answer of {URL}")
        except OSError:
            logger.exception("failed")
        warnings.warn(f"{URL} is slow", UserWarning, stacklevel=1)
        return []

    handler = logging.StreamHandler(sys.stderr)
    monkeypatch.setattr(logging.getLogger("a library"), "handlers", [handler])
    monkeypatch.setattr("minenetcd.training.records.runs.list_runs", noisy)
    monkeypatch.setattr(sys, "argv", ["minenetcd", "runs", str(tmp_path)])
    monkeypatch.setattr(warnings, "showwarning", as_python_does)  # in place of what pytest does
    factory = logging.getLogRecordFactory()
    with pytest.raises(SystemExit), warnings.catch_warnings():
        warnings.simplefilter("always")
        run()
    said = capsys.readouterr().err
    for words in ("cannot reach {}\n", "OSError: no answer of {}\n", "UserWarning: {} is slow"):
        assert words.format("http://host/a.tif") in said
    assert "PW" not in said and "SIG" not in said and logging.getLogRecordFactory() is factory
