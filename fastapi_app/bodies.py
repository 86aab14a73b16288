"""JSON bodies, checked by Pydantic."""

import json
import zlib
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ENCODINGS = "gzip, deflate"
LIMIT_BYTES = 1_000_000
"""The most that a body of the upstream may have, with its content encoding and without."""


def decoded(body: bytes, encoding: str) -> bytes:
    """`body` without its content encoding, if it is one of ENCODINGS; ValueError if it is broken or over the limit."""
    if encoding.lower() not in ENCODINGS.split(", "):
        return body
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip's header, or deflate's
    try:
        plain = decoder.decompress(body, LIMIT_BYTES + 1)
    except zlib.error as error:
        raise ValueError(encoding) from error
    if len(plain) > LIMIT_BYTES or decoder.unused_data or not decoder.eof:
        raise ValueError(encoding)
    return plain


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
