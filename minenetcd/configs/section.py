"""Sections of a configuration: frozen, and an unknown key is an error that suggests the right one."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from minenetcd.errors import OptionError, UnknownNameError


class Section(BaseModel):
    """A group of keys that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def read(cls, values: Any) -> Self:
        """Check `values`. Raises UnknownNameError for a key that is not there, OptionError for an unfit value."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _one_line(cls, error) from error


def _one_line(section: type[BaseModel], error: ValidationError) -> OptionError | UnknownNameError:
    first = error.errors()[0]
    places = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        return UnknownNameError("configuration key", ".".join(places), _siblings(section, places))
    message = first["msg"].removeprefix("Value error, ")
    return OptionError(
        f"The configuration needs another {'.'.join(places) or 'value'} ({message}; got {first['input']!r})."
    )


def _siblings(section: type[BaseModel], places: list[str]) -> list[str]:
    """Full names of the keys that stand where the unknown one does."""
    for place in places[:-1]:
        inner = section.model_fields[place].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            section = inner
    return [".".join([*places[:-1], key]) for key in section.model_fields]


def as_mapping(values: Any, key: str) -> Mapping[str, Any]:
    """`values` itself where it is a mapping, else `{key: values}`: a name alone stands for its section."""
    return values if isinstance(values, Mapping) else {key: values}
