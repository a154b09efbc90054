"""Numbers of a configuration: true and false are none, which YAML makes of yes, on and their like."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed")
    return value


Number = Annotated[float, BeforeValidator(_no_boolean)]
PositiveNumber = Annotated[Number, Field(gt=0)]
NonNegativeNumber = Annotated[Number, Field(ge=0)]
WholeNumber = Annotated[int, BeforeValidator(_no_boolean)]
