import torch
from torch import Tensor, nn

from minenetcd.layers.both_dates import encode_both


class TwoLevels(nn.Module):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse, self.calls = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3, stride=2), 0

    def forward(self, image: Tensor) -> list[Tensor]:
        self.calls += 1
        fine = self.fine(image)
        return [fine, self.coarse(fine)]


def test_both_dates_come_apart_again_as_if_each_had_passed_by_itself() -> None:
    torch.manual_seed(0)
    encoder = TwoLevels()
    dates = torch.randn(2, 3, 3, 20, 24)
    together = encode_both(encoder, *dates, at_once=True)
    assert encoder.calls == 1
    apart = encode_both(encoder, *dates, at_once=False)
    assert encoder.calls == 3
    for one, other in zip(together, apart, strict=True):
        assert len(one) == 2
        torch.testing.assert_close(one, other)
    assert not torch.equal(together[0][0], together[1][0])
