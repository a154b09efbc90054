"""What --nodata says."""

import pytest

from minenetcd.cli.options import nodata_values
from minenetcd.errors import OptionError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (None, (None, None)),
        ("0", (0, 0)),
        ("none,255", (None, 255)),
        ("-9999,NONE", (-9999, None)),
        ("-3.4e38", (-3.4e38, -3.4e38)),
        ("18446744073709551615,-9223372036854775807", (2**64 - 1, 1 - 2**63)),  # exactly
    ],
)
def test_numbers_that_mean_no_data(text: str | None, values: tuple[float | None, float | None]) -> None:
    assert nodata_values(text) == values


@pytest.mark.parametrize("text", ["", "black", "0,1,2", "1,,"])
def test_what_is_no_number_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(OptionError, match="--nodata needs a number, or one for each date"):
        nodata_values(text)
