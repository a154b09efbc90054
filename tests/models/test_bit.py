import pytest
import torch

from minenetcd.errors import WeightsError
from minenetcd.models.bit import BIT
from minenetcd.models.contract import random_dates
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.bit import RULES
from parity.golden import load_golden


def test_the_wide_decoder_heads_of_the_authors_are_an_option() -> None:
    torch.manual_seed(0)
    wide = BIT(decoder_head_width=64)
    assert wide.decoder[0].attention.query.out_features == 512
    assert wide(*random_dates(wide, 64, 64)).logits.isfinite().all()
    with pytest.raises(WeightsError, match="wrong options"):
        load_strictly(wide, rename(load_golden("bit").weights, RULES))
