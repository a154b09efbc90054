"""The settings of a run, from a configuration and changes to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minenetcd.configs.reading import merge, read_config
from minenetcd.configs.schema import Settings
from minenetcd.configs.section import as_mapping
from minenetcd.models.catalog import KNOWN_CONFIGURATIONS

Config = str | Path | Mapping[str, Any]


def read_settings(config: Config, **overrides: Any) -> Settings:
    """`config` with `overrides`, checked; a file of the earlier framework is translated first.

    Raises UnknownNameError for a name, OptionError for a key or a value that does not fit.
    """
    return with_known_names(parse_settings(config, **overrides))


def parse_settings(config: Config, **overrides: Any) -> Settings:
    """The same without torch: what a recipe names is not looked up."""
    values = read_config(config, KNOWN_CONFIGURATIONS)
    if "model_name" in values:
        from minenetcd.training import earlier_framework  # here, because it brings torch

        values = merge(read_config("base"), earlier_framework.translate(values))
    return merged(values, overrides)


def merged(values: dict[str, Any], overrides: dict[str, Any]) -> Settings:
    """`overrides` over `values`, checked by the schema."""
    # a bare name stands for its section, on either side of a merge
    for key in ("data", "recipe"):
        for side in (values, overrides):
            if key in side:
                side[key] = dict(as_mapping(side[key], "name"))
    if "name" in overrides.get("recipe", {}):
        values["recipe"] = {}  # another recipe brings its own values
    return Settings.read(merge(values, overrides))


def with_known_names(settings: Settings) -> Settings:
    """The same settings; UnknownNameError or OptionError where the recipe names what cannot be had."""
    from minenetcd.training.names import check_names  # here, because it brings torch

    check_names(settings.recipe)
    return settings
