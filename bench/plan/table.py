"""What the tables of bench.toml have in common: how they are checked, and the types of their values."""

from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bench.errors import cut

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Rate = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^\P{Cc}*$")]

LONGEST_SHOWN = 200
"""Characters of what somebody wrote, in a message about it."""

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
"""The characters that a path may have as they are; what is percent-encoded already is left alone."""


def _target(path: str) -> str:
    """The path. PydanticCustomError where it does not begin with a slash, or has to be percent-encoded."""
    if not path.startswith("/"):
        raise PydanticCustomError("no_slash", "A path begins with /")
    encoded = quote(path, safe=PRINTABLE)
    if encoded != path:
        message = "A path is percent-encoded: write '{encoded}'"
        raise PydanticCustomError("not_encoded", message, {"encoded": cut(encoded, LONGEST_SHOWN)})
    return path


RequestTarget = Annotated[str, AfterValidator(_target)]


class Table(BaseModel):
    """A table: a key that it does not know is an error, and so is a value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)
