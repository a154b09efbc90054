"""Days in file names."""

import pytest

from minenetcd.geo.metadata.acquired import date_in_name


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("mine_2019-06-01.tif", "2019-06-01"),
        ("20190601.tif", "2019-06-01"),
        ("mine_2019_06_01_rgb.png", "2019-06-01"),
        ("T33UVR_20190601T101031_B04_10m.jp2", "2019-06-01"),
        ("S2A_MSIL2A_20190601T101031_N0212_R022_T33UVR_20190602T120000.SAFE", "2019-06-01"),
        ("LC08_L1TP_196030_20190601_20200828_02_T1_B4.TIF", "2019-06-01"),
        ("20190601_183012_1020_3B_AnalyticMS.tif", "2019-06-01"),
        ("19JUN01183012-M2AS-012345678901_01_P001.TIF", "2019-06-01"),
        ("change_20190601_20200601.tif", None),  # which of the two?
        ("2019.tif", None),
        ("20191301.tif", None),
        ("20190230.tif", None),
        ("scene_120190601.tif", None),
        ("mine.tif", None),
    ],
)
def test_a_day_in_a_name_is_found_where_there_is_one(name: str, day: str | None) -> None:
    assert date_in_name(name) == day
