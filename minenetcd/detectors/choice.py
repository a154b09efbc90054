"""Which detector reads a pair when nobody names one, and how: what was found best on validation pairs.

docs/experiments.md says how each of these was chosen: on changes pasted into real images, none of them labelled.
"""

from dataclasses import dataclass, replace

from minenetcd.detectors.by_name import OWN_CHOICE, DetectorOptions
from minenetcd.detectors.contract import Detector

#: The network, and the least and the largest pixel size at which it was at least as good as detectors without training.
NETWORK, NETWORK_METRES = "minenetcd-nano", (0.4, 2.4)

#: The detector without training, and how it is used.
CLASSICAL, CLASSICAL_OPTIONS = "irmad", DetectorOptions(threshold_rule="otsu-guarded", smooth=8)

#: Whether tone and displacement are taken out first.
TONE, COREGISTER = True, True


@dataclass(frozen=True)
class Choice:
    """A detector by name, how it is made, and why; the other kind beside it, and whether it fits as well."""

    name: str
    options: DetectorOptions
    reason: str
    second: str
    second_options: DetectorOptions
    second_fits: bool
    tone: bool = TONE
    coregister: bool = COREGISTER

    @property
    def is_network(self) -> bool:
        return self.name == NETWORK


def choose(*, metres: float | None, bands: int, is_eight_bit: bool, wanted: DetectorOptions = OWN_CHOICE) -> Choice:
    """The detector for pixels of `metres` (None: not known), so many bands that both dates share, and their type.

    `wanted` is what the user asked for, which wins; rules for thresholds and smoothing ask for a detector without
    training.
    """
    against = _against_the_network(metres, bands, is_eight_bit, wanted)
    classical = wanted.or_else(CLASSICAL_OPTIONS)
    network = replace(wanted, threshold_rule=None, smooth=None)
    if against is None:
        size = "pixels of unknown size" if metres is None else f"{metres:.3g} m pixels"
        return Choice(NETWORK, network, f"8-bit colours, {size}", CLASSICAL, classical, second_fits=True)
    return Choice(CLASSICAL, classical, against, NETWORK, network, second_fits=False)


def other_kind(detector: Detector) -> tuple[str, DetectorOptions]:
    """Name and options of the detector that gives a second opinion beside `detector`."""
    return (NETWORK, OWN_CHOICE) if detector.provenance.learns_each_scene else (CLASSICAL, CLASSICAL_OPTIONS)


def _against_the_network(metres: float | None, bands: int, is_eight_bit: bool, wanted: DetectorOptions) -> str | None:
    """Why the network does not fit, in words; None where it does."""
    low, high = NETWORK_METRES
    if wanted.threshold_rule or wanted.smooth:
        return "what was asked for belongs to detectors without training"
    if bands < 3:
        return f"{NETWORK} needs three bands, there {'is one' if bands == 1 else 'are two'}"
    if not is_eight_bit:
        return f"{NETWORK} was validated on 8-bit images alone"
    if metres is not None and not low <= metres <= high:
        return f"{NETWORK} was validated at {low:g} to {high:g} m per pixel, these are {metres:.3g} m"
    return None
