"""item.json and the item of a model: valid STAC 1.1 by the schemas that pystac brings, read back by its extensions."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine

import minenetcd
from fixtures.scene_files import utm_grid
from minenetcd.files import json_text
from minenetcd.geo.grid import Grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

pytestmark = [pytest.mark.needs("pystac"), pytest.mark.needs("jsonschema")]
DAYS = "2019-05-04", "2023-06-07T10:20:30"


@pytest.fixture
def out(write_scene: WriteScene, tmp_path: Path) -> Path:
    return predicted(write_scene, tmp_path / "out")


def predicted(write_scene: WriteScene, out: Path, grid: Grid | None = None, *, dated: bool = True, **more: Any) -> Path:
    before = np.full((60, 80), 20, np.uint8)
    after = before + 40
    after[10:30, 20:50] = 200
    images = (
        write_scene(name, date, grid or utm_grid(60, 80), tags={"ACQUISITION_DATE": day} if dated else {})
        for name, date, day in (("b.tif", before, DAYS[0]), ("a.tif", after, DAYS[1]))
    )
    predict_scene(Difference(), *images, out, options=PredictOptions(also=("geojson", "stac"), **more)).close()
    return out


def valid(item: dict[str, Any]) -> Any:
    """`item`, which the core's own schema allows, offline."""
    import pystac
    from pystac.validation import JsonSchemaSTACValidator

    JsonSchemaSTACValidator().validate_core(item, pystac.STACObjectType.ITEM, "1.1.0", None)
    return pystac.Item.from_dict(item)


def written(out: Path) -> Any:
    return valid(json.loads((out / "item.json").read_text(encoding="utf-8")))


def test_it_says_where_when_and_how(out: Path) -> None:
    from pystac.extensions.projection import ProjectionExtension

    item = written(out)
    assert item.properties["start_datetime"] == "2019-05-04T00:00:00Z"
    assert item.properties["end_datetime"] == "2023-06-07T10:20:30Z" and item.datetime is None
    placed = ProjectionExtension.ext(item)
    assert (placed.code, placed.shape) == ("EPSG:32633", [60, 80])
    assert shapely.geometry.shape(item.geometry).exterior.is_ccw
    assert item.properties["change:places"] == 1 and "difference on" in item.properties["processing:lineage"]


def test_every_file_is_an_asset_with_size_and_checksum(out: Path) -> None:
    from pystac.extensions.classification import ClassificationExtension
    from pystac.extensions.file import FileExtension

    item = written(out)
    names = {asset.href.removeprefix("./") for asset in item.assets.values()}
    assert names | {"item.json"} == {path.name for path in out.iterdir()}
    for asset in item.assets.values():
        content = (out / asset.href).read_bytes()
        assert FileExtension.ext(asset).size == len(content)
        assert FileExtension.ext(asset).checksum == "1220" + hashlib.sha256(content).hexdigest()
    classes = ClassificationExtension.ext(item.assets["map"]).classes
    assert [(each.value, each.name) for each in classes or ()] == [
        (0, "unchanged"),
        (1, "changed"),
        (255, "no-data"),
    ]
    assert item.assets["probability"].extra_fields["raster:scale"] == 1 / 254


def test_inputs_are_linked_by_paths_from_it(out: Path) -> None:
    links = written(out).get_links("derived_from")
    assert [link.href for link in links] == ["../b.tif", "../a.tif"]
    digest = hashlib.sha256((out / links[0].href).read_bytes()).hexdigest()
    assert links[0].extra_fields["file:checksum"] == "1220" + digest


def test_undated_images_have_the_time_of_the_processing(write_scene: WriteScene, tmp_path: Path) -> None:
    item = written(predicted(write_scene, tmp_path / "out", dated=False, date_after="2023-06-07"))
    assert item.datetime == datetime(2023, 6, 7, tzinfo=UTC)
    item = written(predicted(write_scene, tmp_path / "out", dated=False, float_probability=True))
    assert "Its time is that of the processing" in item.properties["description"]
    assert item.datetime == item.common_metadata.created
    assert item.assets["probability"].extra_fields["nodata"] == "nan"


def test_a_footprint_is_cut_at_the_antimeridian(write_scene: WriteScene, tmp_path: Path) -> None:
    grid = Grid(60, 80, Affine(10, 0, 817_300, 0, -10, 8_007_500), utm_grid(1, 1).crs.from_epsg(32760))
    item = written(predicted(write_scene, tmp_path / "out", grid))
    west, _, east, _ = item.bbox
    footprint = shapely.geometry.shape(item.geometry)
    assert west > 179 and east < -179 and len(footprint.geoms) == 2 and footprint.is_valid


@pytest.mark.needs("stac_model")
def test_a_trained_detector_is_an_item_of_the_model_extension() -> None:
    from pystac.extensions.mlm import MLMExtension
    from stac_model.schema import MLModelProperties

    from minenetcd.detectors.sources import EMBEDDED
    from minenetcd.prediction.formats.stac.model import model_item

    item = valid(json.loads(json_text(model_item("minenetcd-nano"))))
    model = MLMExtension.ext(item)
    assert (model.mlm_name, model.architecture) == ("minenetcd-nano", "minenetcd_lite")
    assert [each.name for each in model.input] == ["before", "after"] and model.pretrained
    assert item.assets["model"].extra_fields["mlm:artifact_type"] == "safetensors"
    weights = (EMBEDDED / "minenetcd-nano" / "model.safetensors").read_bytes()
    assert item.assets["model"].extra_fields["file:checksum"] == "1220" + hashlib.sha256(weights).hexdigest()
    fields = {name.removeprefix("mlm:"): value for name, value in item.properties.items() if name[:4] == "mlm:"}
    assert MLModelProperties(**fields).name == "minenetcd-nano"


def test_an_item_names_the_temperature_of_a_calibrated_detector() -> None:
    from minenetcd.prediction.formats.stac.model import model_properties

    detector = minenetcd.from_config({"model": {"name": "fc_ef"}})
    said = model_properties(detector)["mlm:output"][0]["description"]
    assert said == "Logits; the stored threshold is one of their probability."
    told = model_properties(detector.with_model(detector.model, temperature=2.5))
    assert "logits divided by 2.5" in told["mlm:output"][0]["description"]
    assert told["mlm:hyperparameters"]["temperature"] == 2.5
