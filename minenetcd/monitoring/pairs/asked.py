"""Who is asked to read pairs, and how: what is the same for all of them."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from minenetcd.constants import VERSION, Note, Progress, no_note, no_progress
from minenetcd.detectors.by_name import OWN_CHOICE, DetectorOptions, is_classical, open_detector
from minenetcd.detectors.contract import Detector
from minenetcd.errors import OptionError
from minenetcd.geo.date_files.finding import DateFiles, Image, find_date
from minenetcd.prediction.kept.unfinished import (
    IN_RESULTS,
    WorkOptions,
    digest_of,
    identity_of_date,
    identity_of_detector,
    identity_of_file,
)
from minenetcd.prediction.opening import OpenedScene, check_ground, open_scene, reads_every_band
from minenetcd.prediction.options import PredictOptions

if TYPE_CHECKING:  # torch waits until a pair is opened
    from minenetcd.prediction.automatic import Readers
    from minenetcd.prediction.forecast import Forecast
    from minenetcd.prediction.result import ScenePrediction


@dataclass(frozen=True)
class Asked:
    """Detectors are opened when the first pair needs them, and once.

    `detector`: gives the one that reads; None: each pair is read by the one that fits it. `every_band`: whether it
    reads all bands that both dates share, or colours. `second`: another opinion; `second_opinion`: whether the other
    kind of detector gives one (None: as the choice says). `wanted`: options of detectors that are chosen.
    `at_its_scale`: to analyse at the metres per pixel of the detector, with `force` also where that is finer than the
    images.
    """

    detector: Callable[[], Detector] | None = None
    every_band: bool = True
    second: Detector | None = None
    second_opinion: bool | None = None
    wanted: DetectorOptions = OWN_CHOICE
    at_its_scale: bool = False
    force: bool = False
    device: str = "auto"
    opened: Callable[[str, DetectorOptions], Detector] = field(default_factory=lambda: cache(open_detector))

    @classmethod
    def of(cls, detector: Detector | Literal["auto"], second: Detector | None = None, device: str = "auto") -> Self:
        """Of detectors that are open."""
        if detector == "auto":
            return cls(second=second, device=device)
        return cls(lambda: detector, reads_every_band(detector), second, device=device)

    @classmethod
    def named(
        cls,
        model: str | None,
        wanted: DetectorOptions,
        *,
        second_opinion: Literal["on", "off"] | None,
        device: str,
        at_its_scale: bool = False,
        force: bool = False,
    ) -> Self:
        """Of the detector `model`, opened when it is needed; None: each pair is read by the one that fits it."""
        return cls(
            None if model is None else cache(lambda: open_detector(model, wanted)),
            every_band=model is None or is_classical(model),
            second_opinion=None if second_opinion is None else second_opinion == "on",
            wanted=wanted,
            at_its_scale=at_its_scale,
            force=force,
            device=device,
        )

    def make_ready(self) -> None:
        """Open the detector that is named, so that what is wrong with it is known before a pair is read."""
        _ = self._own_identity

    def predict(
        self,
        before: Image,
        after: Image,
        out: str | Path,
        options: PredictOptions,
        *,
        work: WorkOptions = IN_RESULTS,
        progress: Progress = no_progress,
        note: Note = no_note,
    ) -> "ScenePrediction":
        """What `minenetcd.prediction.scene.predict_scene` gives, saved in `out`, and raises."""
        with open_scene(before, after, options, every_band=self.every_band) as scene:
            scene.check_out(out, options)
            from minenetcd.prediction.scene import predict_opened  # here: torch waits for images that can be read

            readers = self.readers(scene, options)
            return predict_opened(
                readers, scene, out, work=work, device=self.device, progress=progress, note=note
            )  # fmt: skip

    def forecast(
        self, before: Image, after: Image, out: str | Path, options: PredictOptions, *, work: WorkOptions = IN_RESULTS
    ) -> "Forecast":
        """What `predict` would take with the same arguments."""
        with open_scene(before, after, options, every_band=self.every_band) as scene:
            scene.check_out(out, options)
            from minenetcd.prediction.forecast import forecast  # here: torch waits for images that can be read

            return forecast(self.readers(scene, options), scene, out, work=work, device=self.device)

    def readers(self, scene: OpenedScene, options: PredictOptions) -> "Readers":
        """Who reads `scene`, and by which options."""
        from minenetcd.prediction.automatic import choose_readers, given_readers

        ask: dict[str, Any] = {"wanted": self.wanted, "second_opinion": self.second_opinion, "opened": self.opened}
        if self.detector is None:
            readers = choose_readers(scene, options, **ask)
        else:
            readers = given_readers(self.detector(), options, **ask)
        if self.second is not None:
            readers = readers._replace(second=self.second, second_is_asked=True)
        if not self.at_its_scale:
            return readers
        at = replace(readers.options, gsd=_metres_of(readers.detector), force_gsd=self.force)
        check_ground(scene.native.grid, at)
        return readers._replace(options=at)

    def identity(self, before: Image, after: Image, options: PredictOptions) -> str:
        """Equal for two results only where the same files were read in the same way.

        RasterError for files that are not there.
        """
        before, after = (find_date(image, remote=options.remote) for image in (before, after))
        dates = [identity_of_date(date) for date in (before, after)]
        how = [asdict(replace(options, yes=False)), asdict(self.wanted), self.second_opinion, self.at_its_scale]
        readers = [self._own_identity, identity_of_detector(self.second)]
        places = map(identity_of_file, _files_of_places(before, after, options))
        return digest_of([*dates, *how, *places, self.force, *readers, self.device, VERSION])

    @cached_property
    def _own_identity(self) -> Any:
        return identity_of_detector(None if self.detector is None else self.detector())


def _files_of_places(before: DateFiles, after: DateFiles, options: PredictOptions) -> tuple[Path, ...]:
    """Of areas, masks and known places."""
    if not options.names_places:
        return ()
    from minenetcd.prediction.where.reading import files_of_places  # here: it brings polygons, and a start waits

    return files_of_places(before, after, options)


def _metres_of(detector: Detector) -> float:
    """The middle of the pixel sizes that it is good for. OptionError where it is made for none."""
    if detector.metres_per_pixel is None:
        raise OptionError(
            f"{detector.name} is made for no pixel size of its own: leave --gsd out, or give it a number, e.g. 1.2."
        )
    low, high = detector.metres_per_pixel
    return math.sqrt(low * high)
