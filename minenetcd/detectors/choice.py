"""Which detector reads a pair when nobody names one, and how: what was found best on validation pairs.

docs/experiments.md says how each of these was chosen: on changes pasted into real images, none of them labelled.
"""

from dataclasses import dataclass

from minenetcd.detectors.by_name import OWN_CHOICE, DetectorOptions
from minenetcd.detectors.contract import Detector
from minenetcd.display.words import three_figures

#: The network, and the least and the largest pixel size at which it was better than detection without training on
#: validation pairs, which is all of them, from 0.1 to 10 m, and half an octave beyond.
NETWORK, NETWORK_METRES = "minenetcd-nano", (0.07, 14.0)

#: The detector without training, and how it is used where that was validated: 8-bit images of up to three bands, with
#: pixels of up to this size.
CLASSICAL, CLASSICAL_OPTIONS = "irmad", DetectorOptions(threshold_rule="k-means-guarded", smooth=8)
VALIDATED_BANDS, VALIDATED_METRES = 3, 14.0

#: Elsewhere: as its source has it, but that a scene without change is left alone. There were no images without labels
#: to choose by, and labelled ones choose nothing.
AS_PUBLISHED = DetectorOptions(threshold_rule="otsu-guarded", smooth=0)

#: Whether tone and displacement are taken out first. The former costs the network, and is nothing to IR-MAD.
TONE, COREGISTER = False, True


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


def choose(*, metres: float | None, bands: int, is_eight_bit: bool, wanted: DetectorOptions = OWN_CHOICE) -> Choice:
    """The detector for pixels of `metres` (None: not known), so many bands that both dates share, and their type.

    `wanted` is what the user asked for, which wins; rules for thresholds and smoothing ask for a detector without
    training.
    """
    against = _against_the_network(metres, bands, is_eight_bit, wanted)
    small_enough = metres is None or metres <= VALIDATED_METRES
    is_validated = is_eight_bit and bands <= VALIDATED_BANDS and small_enough
    classical = wanted.of_classical().or_else(CLASSICAL_OPTIONS if is_validated else AS_PUBLISHED)
    network = wanted.of_networks()
    if against is None:
        size = "pixels of unknown size" if metres is None else f"{three_figures(metres)} m pixels"
        return Choice(NETWORK, network, f"8-bit colours, {size}", CLASSICAL, classical, second_fits=True)
    if wanted.value_range is not None:
        against += "; numbers are read as they are, whatever --range says"
    return Choice(CLASSICAL, classical, against, NETWORK, network, second_fits=False)


def other_kind(detector: Detector, wanted: DetectorOptions = OWN_CHOICE) -> tuple[str, DetectorOptions]:
    """Name and options of the detector that gives a second opinion beside `detector`; `wanted` as in `choose`."""
    if detector.provenance.learns_each_scene:
        return NETWORK, wanted.of_networks()
    return CLASSICAL, wanted.of_classical().or_else(CLASSICAL_OPTIONS)


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
        return f"{NETWORK} was validated at {low:g} to {high:g} m per pixel, these are {three_figures(metres)} m"
    return None
