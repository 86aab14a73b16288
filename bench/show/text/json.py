"""Numbers as JSON: null for every number that JSON cannot write."""

import json
import math
from typing import Any


def json_text(value: Any) -> str:
    """The value as JSON text, infinite and missing numbers as null."""
    return json.dumps(_finite(value), indent=1, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """The same, with None for infinite and missing numbers."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
