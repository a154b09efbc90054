"""What a browser keeps of a desk is of no other desk that has its name."""

import shutil
from pathlib import Path

import pytest

from labelling.drawn_pair import drawn_pair, new_desk
from minenetcd.labelling.labels.desk import open_desk

pytestmark = [pytest.mark.needs("numba"), pytest.mark.needs("fastapi"), pytest.mark.needs("rio_tiler")]


def addresses(folder: Path) -> list[str]:
    """Of tiles, as the page of the desk in `folder` is told them."""
    from fastapi.testclient import TestClient

    from minenetcd.web.desks.shown import ShownDesk
    from minenetcd.web.serving.app import make_app, make_served
    from minenetcd.web.serving.options import ServeOptions

    with open_desk(folder) as desk:
        app = make_app(make_served([], ServeOptions(), 8765, ShownDesk(desk)))
        with TestClient(app, base_url="http://localhost:8765") as client:
            described = client.get(f"/api/labels/{folder.name}").json()
            found = [described["segments"], *(layer["tiles"] for layer in described["layers"].values())]
            for address in found:
                place = address.replace("{level}", "0").replace("{outlines}", "true").replace("{revision}", "0")
                answer = client.get("/" + place.replace("{z}", "0").replace("{x}", "0").replace("{y}", "0"))
                assert answer.headers["content-type"] == "image/png"
    return found


def test_a_desk_that_takes_the_name_of_another_has_addresses_of_its_own(tmp_path: Path) -> None:
    images = drawn_pair(tmp_path)
    folder = new_desk(tmp_path / "pit", images)
    first = addresses(folder)
    assert addresses(folder) == first
    shutil.rmtree(folder)
    second = addresses(new_desk(folder, images))  # of the same images
    assert len(first) == 3 and not set(first) & set(second)
