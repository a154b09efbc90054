"""What cannot be learned from is refused in one line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from labelling.learning.judged_results import FEW_STEPS, drawn, make_result, say, small_network
from minenetcd.errors import InputError


def refused(sources: list[Path], out: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        minenetcd.learn(sources, out, start=small_network(), options=replace(FEW_STEPS, **options), device="cpu")
    message = str(caught.value)
    assert "\n" not in message and not out.exists() and not out.with_name(f"{out.name}.learning").exists()
    return message


def test_what_cannot_be_learned_from_is_refused_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = make_result(tmp_path, 0)
    assert refused([tmp_path / "nowhere"], out).startswith("A folder of a result or of labels is needed, there is none")
    (tmp_path / "empty").mkdir()
    assert "holds neither details.zip nor images" in refused([tmp_path / "empty"], out)
    assert "has none: accept and reject polygons first" in refused([result], out)
    say(result, 0, only=["rejected"])
    assert "has rejected polygons alone: accept what is right" in refused([result], out)
    say(result, 0, only=["accepted"])
    assert "reject what is wrong, or say that the results were looked at as a whole" in refused([result], out)
    say(result, 0)
    coarse = say(make_result(tmp_path, 5, metres=30), 5)
    assert re.search(r"has 10 m and .* 30 m: learn from each by itself", refused([result, coarse], out))


@pytest.mark.slow  # a network is trained
def test_images_that_are_gone_or_others(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 0), 0)
    image = tmp_path / "0_after.tif"
    kept = image.read_bytes()
    write_geotiff(image, drawn(99, 160, 3)[1], utm_grid(160, 160))
    assert "0_after.tif was changed since then" in refused([result], tmp_path / "out")
    image.unlink()
    message = refused([result], tmp_path / "out")
    assert message.startswith(f"To learn from {result} needs both images, {image} ")
    assert message.endswith(": bring it back, or give the command where predict was run.")
    image.write_bytes(kept)
    minenetcd.learn([result], tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")


def test_a_start_that_reads_other_bands(results: list[Path], tmp_path: Path) -> None:
    four = minenetcd.ChangeDetector(minenetcd.create_model("fc_ef", in_channels=4))
    with pytest.raises(InputError, match=r"reads 4 bands, the images of [^\n]* are read with 3: start from a detector"):
        minenetcd.learn(results, tmp_path / "out", start=four, options=FEW_STEPS, device="cpu")
    with pytest.raises(InputError, match=r"A trained network is needed to start from, irmad needs no training"):
        minenetcd.learn(results, tmp_path / "out", start="irmad", options=FEW_STEPS, device="cpu")
