"""What lies between two dates but change: displacement and tone, found, told, and taken out where that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from minenetcd.display.words import three_figures
from minenetcd.geo.adjustment import LONGEST_SHIFT, Shift, Tone, WhyNoShift, WhyNoTone
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.geo.radiometry import find_tone
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.shift import LONGEST_FOUND, find_shift
from minenetcd.prediction.options import PredictOptions

#: A displacement from here on shows as change along edges. [pixels]
WORTH_A_WARNING = 0.5

#: Shorter displacements are told without their sides. [pixels]
SHORTEST_TOLD = 0.1

#: Below this correlation of their edges, dates show nothing in common as they lie. Of 66 pairs of one place, without
#: labels, all have 0.13; of 202 images against themselves, moved by 24 to 100 pixels, none has 0.08.
LEAST_IN_COMMON = 0.1

#: A gain this far from 1, up or down, in the median band is a clear difference in tone.
CLEAR_GAIN = 1.25

_WHY_NO_SHIFT: Mapping[WhyNoShift, str] = {
    "too small": "the images share too few pixels",
    "featureless": "too few windows show anything to compare",
    "inconsistent": "windows of the images contradict each other",
    "ambiguous": "several displacements explain the images alike",
}
_WHY_NO_TONE: Mapping[WhyNoTone, str] = {
    "too few pixels": "the images share too few pixels that vary",
    "low agreement": "no gain and offset explain the after image",
}

Bands = tuple[int, ...]


class ReadTone(NamedTuple):
    """The tone in the `bands` of both dates that a detector reads, of which they are freed where it is reliable."""

    detector: str
    bands: tuple[Bands, Bands]
    tone: Tone


@dataclass(frozen=True)
class Adjustment:
    """What was found between the dates of a scene, in pixels of its native `grid`, and what of it is taken out.

    `bands`: those of both dates in which the tone was found. `read`: where tone is taken out, that of each detector.
    """

    grid: Grid
    bands: tuple[Bands, Bands]
    shift: Shift
    tone: Tone
    coregister: bool
    take_out_tone: bool
    read: tuple[ReadTone, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether the after image is moved back."""
        return self.coregister and self.shift.is_applicable

    def apply(self, pair: AlignedPair, detector: str) -> tuple[AlignedPair, ReadTone | None]:
        """`pair`, of the same ground in pixels of any size, as `detector` reads it, without what is taken out."""
        if self.moves:
            pair = pair.adjusted(shift=self.shift.on(pair.grid, self.grid))
        if not self.take_out_tone:
            return pair, None
        bands = pair.before.bands, pair.after.bands
        tone = self.tone if bands == self.bands else find_tone(SceneSample(pair))
        return pair.adjusted(tone=tone), ReadTone(detector, bands, tone)

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Name and words of each finding."""
        return (("Shift", self._shift_in_words()), ("Tone", self._tone_in_words()))

    def doubts(self, *, feels_tone: bool) -> list[str]:
        """What is left in the images that may show as change, and what to do; of the tone where a detector feels it."""
        return [*self._shift_doubts(), *(self._tone_doubts() if feels_tone else ())]

    def _shift_doubts(self) -> list[str]:
        shift = self.shift
        if not shift.is_known:
            return self._strangers()
        if self.moves or shift.length < WORTH_A_WARNING:
            return []
        seen = f"The after image is displaced by {self._length()} against the before image"
        if not shift.is_applicable:
            return [f"{seen}, too far to be taken out (at most {LONGEST_SHIFT:g} pixels): georeference it anew."]
        return [f"{seen}: edges of what stands still may show as change; take it out (--coregister auto)."]

    def _strangers(self) -> list[str]:
        """Where no displacement is known, and the dates have nothing in common as they lie."""
        in_common = self.shift.correlation_in_place
        if in_common is None or in_common >= LEAST_IN_COMMON:
            return []
        return [
            "The two images hardly resemble each other anywhere, and no displacement explains it. Either they lie more "
            f"than about {LONGEST_FOUND} pixels apart (less in small images) or show different places, and the map "
            "means nothing; or the ground itself looks that different (another season or light, change nearly "
            "everywhere), and the map may hold. Lay one over the other: where they do not fit, georeference the after "
            "image anew, or give the one of this place."
        ]

    def _tone_doubts(self) -> list[str]:
        gain = sorted(self.tone.gain)[len(self.tone.gain) // 2]
        if self.take_out_tone or 1 / CLEAR_GAIN < gain < CLEAR_GAIN:
            return []
        return [
            f"The after image has {1 / gain:.2f} times the contrast of the before image: a difference in tone may "
            "show as change; take it out (--tone auto)."
        ]

    def _shift_in_words(self) -> str:
        shift = self.shift
        if shift.unknown is not None:
            return f"not known: {_WHY_NO_SHIFT[shift.unknown]}"
        done = "taken out" if self.moves else "left as it is"
        if shift.length < SHORTEST_TOLD:
            return f"less than {SHORTEST_TOLD:g} pixels; {done}"
        sides = f"{abs(shift.dx):.1f} px {'right' if shift.dx > 0 else 'left'}"
        sides += f", {abs(shift.dy):.1f} px {'down' if shift.dy > 0 else 'up'}"
        return f"{self._length()}: {sides}; {done}"

    def _length(self) -> str:
        metres = self.shift.metres(self.grid)
        return f"{self.shift.length:.1f} pixels" + ("" if metres is None else f" ({three_figures(metres)} m)")

    def _tone_in_words(self) -> str:
        if not self.read:
            return _tone_in_words(self.tone, "left as it is")
        if len({each.bands for each in self.read}) == 1:
            return _tone_in_words(self.read[0].tone, "taken out")
        return "; ".join(
            f"as {each.detector} reads it, in bands {', '.join(map(str, each.bands[0]))}, "
            f"{_tone_in_words(each.tone, 'taken out')}"
            for each in self.read
        )


def _tone_in_words(tone: Tone, done: str) -> str:
    """`done`: what was done about one that is known."""
    if tone.unknown is not None:
        return f"not known: {_WHY_NO_TONE[tone.unknown]}; left as it is"
    bands = ", ".join(
        f"x {gain:.3g} {'-' if offset < 0 else '+'} {three_figures(abs(offset))}"
        for gain, offset in zip(tone.gain, tone.offset, strict=True)
    )
    return f"gain and offset by band: {bands}; {done}"


def find_adjustment(sample: SceneSample, options: PredictOptions) -> Adjustment:
    """What lies between two dates, of which there is a `sample`; what `options` ask for is taken out by `apply`."""
    native = sample.pair
    shift, coregister = find_shift(native), bool(options.coregister)
    tone = find_tone(SceneSample(native.adjusted(shift=shift)) if coregister else sample)
    bands = native.before.bands, native.after.bands
    return Adjustment(native.grid, bands, shift, tone, coregister, take_out_tone=bool(options.tone))
