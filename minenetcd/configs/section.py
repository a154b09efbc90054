"""Sections of a configuration: frozen, and an unknown key is an error that suggests the right one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WithJsonSchema, model_validator

from minenetcd.configs.numbers import Number
from minenetcd.constants import check_threshold
from minenetcd.errors import InputError, OptionError, UnknownNameError

#: A probability from which a pixel counts as changed.
Threshold = Annotated[
    Number,
    AfterValidator(check_threshold),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
]

_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")  # of a section, of a dataclass


class Section(BaseModel):
    """A group of keys that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    named_by: ClassVar[str | None] = None  # the key that a value stands for which is no mapping

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        return values if cls.named_by is None else as_mapping(values, cls.named_by)

    @classmethod
    def read(cls, values: Any) -> Self:
        """Check `values`. Raises UnknownNameError for a key that is not there, OptionError for an unfit value."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _one_line(cls, error) from error


def as_mapping(values: Any, key: str) -> Mapping[str, Any]:
    """`values` itself where it is a mapping, else `{key: values}`: a name alone stands for its section."""
    return values if isinstance(values, Mapping) else {key: values}


def _one_line(section: type[BaseModel], error: ValidationError) -> OptionError | UnknownNameError:
    """The first error of `error`: the one place that puts pydantic's words into ours."""
    first = error.errors()[0]
    places = [str(part) for part in first["loc"]]
    if first["type"] in _UNKNOWN_KEY:
        return UnknownNameError("configuration key", ".".join(places), _siblings(section, places))
    where = ".".join(places) or "value"
    if first["type"] == "missing":
        return OptionError(f"The configuration needs {where}, and it is not there: add it.")
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):  # which says what to do
        return OptionError(f"The configuration needs another {where} ({str(cause).removesuffix('.')}).")
    message = first["msg"].removeprefix("Value error, ")
    way_out = ", or leave it out" if _has_default(section, places) else ""
    return OptionError(
        f"The configuration needs another {where} ({message}; got {first['input']!r:.200}): correct it{way_out}."
    )


def _siblings(section: type[Any], places: Sequence[str]) -> list[str]:
    """Full names of the keys that stand where the unknown one does."""
    return [".".join([*places[:-1], key]) for key in _annotations(_section_at(section, places))]


def _has_default(section: type[Any], places: Sequence[str]) -> bool:
    """Whether the key that `places` lead to may be left out."""
    known = getattr(_section_at(section, places), "model_fields", {}).get(places[-1] if places else None)
    return known is not None and not known.is_required()


def _section_at(section: type[Any], places: Sequence[str]) -> type[Any]:
    """The one in `section` that holds the key `places` lead to."""
    for place in places[:-1]:
        inner = next(_sections(_annotations(section).get(place)), None)
        section = inner or section  # a number in a list of sections stays in it
    return section


def _annotations(section: type[Any]) -> dict[str, Any]:
    """The type of each key."""
    if is_dataclass(section):
        return {field.name: field.type for field in fields(section)}
    return {key: field.annotation for key, field in section.model_fields.items()}


def _sections(annotation: Any) -> Iterator[type[Any]]:
    """Sections that a value of the type `annotation` is or holds."""
    if isinstance(annotation, type) and (is_dataclass(annotation) or issubclass(annotation, BaseModel)):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
