"""JSON text that others may have written, parsed only if it is of a size and has numbers that a run can have."""

import json
from typing import Any

MOST_BYTES = 32_000_000
MOST_VALUES = 1_500_000
"""A cell has about a hundred values and three thousand bytes. Parsed, a value may take a hundred times its text."""

LARGEST = 1e30
"""No number of a run is so large. The square of a square of it is still a float."""


def parsed(text: bytes) -> Any:
    """What the text says.

    Raises ValueError where it is no JSON, has more than MOST_VALUES values or a number that is infinite, missing or
    beyond LARGEST; RecursionError where it is nested too deeply.
    """
    values = sum(text.count(mark) for mark in b",[{")
    if values > MOST_VALUES:
        raise ValueError(f"it has {values} values, and at most {MOST_VALUES} can be read")
    return json.loads(text, parse_int=_whole, parse_float=_decimal, parse_constant=_decimal)


def _whole(digits: str) -> int:
    # To read thousands of digits takes long, and more than 4300 are refused in other words.
    if len(digits) > len(f"-{LARGEST:.0f}") or abs(value := int(digits)) > LARGEST:
        raise ValueError(_unlikely(digits))
    return value


def _decimal(digits: str) -> float:
    value = float(digits)
    if not abs(value) <= LARGEST:
        raise ValueError(_unlikely(digits))
    return value


def _unlikely(digits: str) -> str:
    shown = digits if len(digits) <= 20 else f"{digits[:20]}..."
    return f"{shown} is no number that a run can have"
