"""Numbers as JSON: what JSON has no word for is null."""

import json
import math
from typing import Any


def json_text(value: Any) -> str:
    """The value as JSON text, infinite and missing numbers as null."""
    return json.dumps(_plain(value), indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """The same without a number that JSON has not."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
