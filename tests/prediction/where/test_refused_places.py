"""Files of places that cannot be used, or would be replaced: one line, and nothing is written."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from fixtures.scene_files import utm_grid
from minenetcd.errors import GridError, InputError, OptionError, OutputError, RasterError
from prediction.conftest import WriteScene
from prediction.where.conftest import Images, layer, on_grid, predicted


def test_what_cannot_be_used_is_one_line_and_nothing_is_written(
    images: Images, tmp_path: Path, write_scene: WriteScene
) -> None:
    out = tmp_path / "out"

    def refused(kind: type[InputError], said: str, pair: Images = images, **options: Any) -> None:
        with pytest.raises(kind, match=said) as error:
            predicted(pair, out, **options)
        assert "\n" not in str(error.value) and not out.exists()

    refused(OptionError, r"\(--aoi\), there is no file", aoi=str(tmp_path / "missing.gpkg"))
    refused(OptionError, r"\(--mask-after\), there is no file", mask_after=str(tmp_path / "missing.geojson"))
    refused(RasterError, "There is no file", mask=str(tmp_path / "missing.tif"))
    refused(GridError, "needs polygons in the scene", aoi=layer(tmp_path / "far.gpkg", on_grid(900, 0, 950, 50)))
    refused(RasterError, "leave none of", mask=layer(tmp_path / "all.gpkg", on_grid(-9, -9, 400, 400)))
    thin = layer(
        tmp_path / "thin.gpkg", shapely.box(400_101, 5_599_901, 400_104, 5_599_904)
    )  # without a pixel's centre
    refused(RasterError, "leave none of", aoi=thin)
    refused(RasterError, r"A quality band \(SCL or QA_PIXEL\) beside .* is needed \(--mask auto\)", mask="auto")
    refused(OptionError, r"\(--mask-values\), none is given", mask_values=(3,))
    refused(OptionError, r"add --leases FILE", lease_name="name")
    refused(OptionError, r"add --prior FILE", isolated_threshold=0.8)
    refused(OptionError, "a distance .* of zero or more metres", prior_distance=-1.0)
    refused(OptionError, r"by omnicloudmask or s2cloudless \(--clouds\), got 'x'", clouds="x")
    part = write_scene("part.tif", np.full((50, 50), 60, np.uint8), utm_grid(50, 50))
    aside = layer(tmp_path / "aside.gpkg", on_grid(100, 100, 150, 150))
    refused(GridError, "in what both images show is needed", (images[0], part), aoi=aside)
    pictures = (
        write_scene("b.png", np.full((60, 70), 20, np.uint8)),
        write_scene("a.png", np.full((60, 70), 60, np.uint8)),
    )
    area = layer(tmp_path / "aoi.gpkg", on_grid(10, 40, 90, 190))
    refused(OptionError, r"A place on Earth is needed \(--aoi\), got a picture without CRS", pictures, aoi=area)


def test_no_result_replaces_what_it_was_told_of_places(images: Images, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    mines = layer(tmp_path / "out" / "change.gpkg", on_grid(45, 25, 50, 30))
    with pytest.raises(OutputError, match=r"change\.gpkg"):
        predicted(images, tmp_path / "out", prior=mines)
    assert len(gpd.read_file(mines)) == 1
