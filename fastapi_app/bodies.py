"""JSON bodies, checked by Pydantic."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def parse(body: bytes) -> Any:
    """The JSON document in `body`; ValueError if there is none."""
    # Not model_validate_json: Pydantic's parser and json.loads do not accept the same documents.
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text(value: str) -> str:
    """`value`; ValueError if UTF-8 cannot encode it."""
    value.encode()
    return value


Text = Annotated[str, AfterValidator(text)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """A JSON object. Strict: a string is not a number, and a bool is not an integer."""

    model_config = ConfigDict(strict=True, frozen=True)
