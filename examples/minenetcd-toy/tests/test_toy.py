"""What minenetcd asks of any network."""

from collections.abc import Callable

import pytest

from minenetcd import ChangeModel
from minenetcd.models.contract import CHECKS
from minenetcd_toy.network import Toy


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check: Callable[[ChangeModel], None]) -> None:
    check(Toy(width=4))
