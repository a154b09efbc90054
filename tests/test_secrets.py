"""Passwords, signatures and tokens do not reach what is shown or stored."""

import pytest

from minenetcd.errors import RasterError
from minenetcd.secrets import without_secrets


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
        ("/data/what?.tif", "/data/what?.tif"),
        ("mail me@host: a@b", "mail me@host: a@b"),
        ("synthetic:10?size=64", "synthetic:10?size=64"),
    ],
)  # fmt: skip
def test_a_name_is_shown_without_them(name: str, shown: str) -> None:
    assert without_secrets(name) == shown


def test_an_error_never_holds_them() -> None:
    error = RasterError("http://u:PW@h/a.tif?sig=SIG cannot be opened")
    assert str(error) == "http://h/a.tif cannot be opened"
    assert "PW" not in repr(error)
