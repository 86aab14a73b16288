"""A file of published figures: TOML with a `[[figures]]` table for each row, or CSV with a line for each."""

import csv
import io
import math
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.model.published import GIVEN, MEASURED, Published, Span

PICKED = ("mean", "median", "best")
WORDS = {"true": True, "false": False}
KEYS = ("name", "source", *MEASURED, *GIVEN, "runs", "picked", "spread", "keep_alive")
MOST_ROWS = 10_000


def load_published(path: Path) -> tuple[Published, ...]:
    """The rows of the file. Raises BenchError, with the place and what is allowed there, where it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(_csv(text) if path.suffix.lower() == ".csv" else _toml(text))
    except FileNotFoundError:
        raise BenchError(f"{path}: there is no such file") from None
    except (OSError, ValueError, csv.Error, RecursionError) as error:
        raise BenchError(f"{path}: {error}") from None
    if not rows:
        raise BenchError(f"{path} has no figures: write a [[figures]] table for each row of them")
    if len(rows) > MOST_ROWS:
        raise BenchError(f"{path} has {len(rows)} rows, and at most {MOST_ROWS} are read")
    try:
        return tuple(_published(number, row) for number, row in enumerate(rows, start=1))
    except ValueError as error:
        raise BenchError(f"{path}: {error}") from None


def _toml(text: str) -> Iterable[Mapping[str, Any]]:
    tables = tomllib.loads(text, parse_float=Decimal)
    unknown = [name for name in tables if name != "figures"]
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key; known: figures")
    rows = tables.get("figures", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("figures: write [[figures]] above each row")
    return rows


def _csv(text: str) -> Iterable[Mapping[str, Any]]:
    """The lines, without their empty cells."""
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=1):
        if None in row or None in row.values():
            raise ValueError(f"line {number} below the header has another number of cells than it")
        yield {key: value for key, value in row.items() if value.strip()}


def _published(number: int, row: Mapping[str, Any]) -> Published:
    """A row. Raises ValueError where it is not one."""
    where = f"figures {number}" if not isinstance(row.get("name"), str) else f"figures {number} ({row['name']})"
    unknown = [key for key in row if key not in KEYS]
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]}; known: {', '.join(KEYS)}")
    name, source = (_text(where, key, row.get(key)) for key in ("name", "source"))
    figures = {key: _span(f"{where}: {key}", row[key], exact=key in GIVEN) for key in (*MEASURED, *GIVEN) if key in row}
    if not figures:
        raise ValueError(f"{where}: it has no figures; known: {', '.join((*MEASURED, *GIVEN))}")
    runs = None if "runs" not in row else _span(f"{where}: runs", row["runs"], exact=True)
    if runs is not None and not runs.low.is_integer():
        raise ValueError(f"{where}: runs: a whole number, not {_shown(row['runs'])}")
    picked = row.get("picked")
    if picked is not None and picked not in PICKED:
        raise ValueError(f"{where}: picked: one of {', '.join(PICKED)}, not {_shown(picked)}")
    return Published(
        name=name,
        source=source,
        figures=figures,
        runs=None if runs is None else int(runs.low),
        picked=picked,
        spread=_flag(where, row, "spread"),
        keep_alive=_flag(where, row, "keep_alive"),
    )


def _text(where: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {key} is missing: a text is wanted")
    return value.strip()


def _flag(where: str, row: Mapping[str, Any], key: str) -> bool | None:
    value = row.get(key)
    found = WORDS.get(value.strip().lower()) if isinstance(value, str) else value
    if found is None or isinstance(found, bool):
        if value is not None and found is None:
            raise ValueError(f"{where}: {key}: true or false, not {_shown(value)}")
        return found
    raise ValueError(f"{where}: {key}: true or false, not {_shown(value)}")


def _span(where: str, value: object, *, exact: bool) -> Span:
    """What a number as it is printed stands for: half a unit of its last digit, either way, unless it is `exact`.

    The zeros at the end of a whole number may be rounding: 12000 is from 11500 to 12500. A list of two numbers is a
    range that somebody knows better.
    """
    if isinstance(value, list):
        ends = [_decimal(where, end) for end in value]
        if len(ends) != 2 or ends[0] > ends[1]:
            raise ValueError(f"{where}: a range has two numbers, the smaller one first, not {_shown(value)}")
        return Span(float(ends[0]), float(ends[1]))
    number = _decimal(where, value)
    if exact:
        if number <= 0:
            raise ValueError(f"{where}: a number over 0, not {_shown(value)}")
        return Span(float(number), float(number))
    exponent = int(number.as_tuple().exponent)
    if exponent >= 0 and number:
        exponent = int(number.normalize().as_tuple().exponent)
    half = Decimal(1).scaleb(exponent) / 2
    return Span(max(float(number - half), 0.0), float(number + half))


def _decimal(where: str, value: object) -> Decimal:
    """The number with its digits. Raises ValueError where it is none, or below 0, or beyond what a float can hold."""
    try:
        number = Decimal(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0 or math.isinf(float(number)):
        raise ValueError(f"{where}: a number of 0 or more, or a range [low, high], not {_shown(value)}")
    return number


def _shown(value: object) -> str:
    return reprlib.repr(str(value) if isinstance(value, Decimal) else value)
