"""What may stand between a trunk and the weights it was to start from, in one line each."""

from minenetcd.errors import OptionError, WeightsError

WAY_OUT = "start from random weights with pretrained_backbone=False"


def require_three_bands(weights: str, bands: int) -> None:
    """OptionError unless the trunk reads as many bands as the published `weights`."""
    if bands != 3:
        raise OptionError(f"The {weights} read 3 bands, this trunk {bands}: use in_channels=3, or {WAY_OUT}.")


def no_weights() -> OptionError:
    """For a trunk of a size that nobody published."""
    return OptionError("This trunk has no pretrained weights: build it with pretrained_backbone=False.")


def not_downloaded(weights: str, error: BaseException) -> WeightsError:
    """Where `weights` are neither on this disk nor to be had."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return WeightsError(f"The {weights} could not be downloaded ({reason}): go online once, or {WAY_OUT}.")
