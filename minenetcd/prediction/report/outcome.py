"""Everything a finished prediction knows, for those who show or save it."""

from dataclasses import dataclass

from geopandas import GeoDataFrame

from minenetcd.prediction.areas import Change
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.rasters import SceneRasters
from minenetcd.prediction.report.pictures import DatePictures


@dataclass(frozen=True)
class Outcome:
    """The rasters of a scene, what they say, and where they come from."""

    scene: SceneRasters
    change: Change
    facts: SceneFacts
    pictures: DatePictures
    seconds: float  # from opening the images to the measured polygons
    second: SceneRasters | None = None  # of the second opinion

    @property
    def polygons(self) -> GeoDataFrame:
        """With the columns of change.gpkg."""
        frame = self.change.polygons.assign(**self.facts.columns())
        return frame[[*frame.columns.drop("geometry"), "geometry"]]
