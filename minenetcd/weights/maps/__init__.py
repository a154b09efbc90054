"""Name rules and options of published weights, by model."""

from types import ModuleType

from minenetcd.weights.maps import minenetcd

MAPS: dict[str, ModuleType] = {
    "minenetcd": minenetcd,
}
