"""Everything a finished prediction knows, for those who show or save it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from geopandas import GeoDataFrame

from minenetcd.display.words import counted, percent
from minenetcd.geo.polygons.vector_files import day_column
from minenetcd.prediction.areas import Change
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kinds.layers import IndexLayers
from minenetcd.prediction.pair_checks.findings import PairFindings
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.report.pictures import DatePictures
from minenetcd.prediction.report.sheet_pictures import NO_SHEETS, SheetPictures
from minenetcd.prediction.where.places import NOTHING_KNOWN, KnownPlaces


@dataclass(frozen=True)
class Outcome:
    """The rasters of a scene, what they say, and where they come from."""

    scene: SceneRasters
    change: Change
    facts: SceneFacts
    pictures: DatePictures
    findings: PairFindings
    seconds: float  # from opening the images to the measured polygons
    started: datetime  # when that began
    second: SceneRasters | None = None  # of the second opinion
    layers: IndexLayers | None = None  # from which kinds of change are told
    known: KnownPlaces = NOTHING_KNOWN
    sheets: SheetPictures = NO_SHEETS

    @property
    def agreement(self) -> float | None:
        """The share of what changed that the second opinion calls changed, too; None without one, or where none did."""
        return self.change.agreement

    @property
    def second_in_words(self) -> str | None:
        """Who gave a second opinion, and what it says; None without one."""
        facts, share = self.facts, self.change.second_share
        if facts.second is None or share is None:
            return None
        words = f"{facts.second} calls {percent(share)} of the scene changed"
        if self.agreement is not None:
            words += f", and {percent(self.agreement)} of what {facts.model} calls changed"
        return words if facts.second_fits else f"{words}; it is not made for such images"

    @property
    def polygons(self) -> GeoDataFrame:
        """With the columns of change.gpkg, which are always the same: nothing where something is not known."""
        frame = self.change.polygons.assign(**self.facts.columns())
        for name, day in self.facts.days().items():
            frame[name] = day_column(day, len(frame))
        if "agreement" not in frame:
            frame["agreement"] = np.full(len(frame), np.nan)
        return frame[[*frame.columns.drop("geometry"), "geometry"]]

    @property
    def unsure_in_words(self) -> str | None:
        """How many changes a seed threshold left out; None where none did."""
        if not self.change.unsure:
            return None
        least = self.facts.options.seed_threshold
        return f"{counted(self.change.unsure, 'change')} left out, without a pixel of {least:g} or more"

    @property
    def about_nothing(self) -> str:
        """What it means that no change was found."""
        unsure = self.unsure_in_words
        return self.facts.about_nothing if unsure is None else f"{unsure} (--seed-threshold)."
