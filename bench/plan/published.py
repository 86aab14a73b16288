"""A file of published figures: TOML with a `[[figures]]` table for each row, or CSV with a line for each."""

import csv
import io
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args

from bench.errors import BenchError, cut, plain
from bench.model.published import GIVEN, MEASURED, Picked, Published, Span

WORDS = {"true": True, "false": False}
LEAST, MOST = Decimal("1e-30"), Decimal("1e30")
LONGEST = 200
"""Characters of a name, in a message about it."""

KEYS = ("name", "source", *MEASURED, *GIVEN, "runs", "picked", "spread", "keep_alive")
MOST_ROWS = 10_000


def load_published(path: Path) -> tuple[Published, ...]:
    """The rows of the file. Raises BenchError, with the place and what is allowed there, where it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(_csv(text) if path.suffix.lower() == ".csv" else _toml(text))
    except FileNotFoundError:
        raise BenchError(f"{path}: there is no such file") from None
    except (OSError, ValueError, ArithmeticError, csv.Error, RecursionError) as error:
        raise BenchError(f"{path}: {plain(str(error)) or 'a number that cannot be read'}") from None
    if not rows:
        what = "a line below the names" if path.suffix.lower() == ".csv" else "a [[figures]] table"
        raise BenchError(f"{path} has no figures: write {what} for each row of them")
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
    reader = csv.DictReader(io.StringIO(text))
    names = list(reader.fieldnames or ())
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the first line has {twice!r} twice")
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"line {reader.line_num} has another number of cells than the first one")
        yield {key: value for key, value in row.items() if value.strip()}


def _published(number: int, row: Mapping[str, Any]) -> Published:
    """A row. Raises ValueError where it is not one."""
    named = row.get("name")
    where = f"figures {number}" + (f" ({cut(named, LONGEST)})" if isinstance(named, str) else "")
    unknown = [key for key in row if key not in KEYS]
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]}; known: {', '.join(KEYS)}")
    name, source = (_text(where, key, row.get(key)) for key in ("name", "source"))
    figures = {key: _span(f"{where}: {key}", key, row[key]) for key in (*MEASURED, *GIVEN) if key in row}
    if not figures:
        raise ValueError(f"{where}: it has no figures; known: {', '.join((*MEASURED, *GIVEN))}")
    runs = row.get("runs")
    if runs is not None and (isinstance(runs, bool) or not str(runs).strip().isdecimal() or int(runs) < 1):
        raise ValueError(f"{where}: runs: a whole number from 1 on, not {_shown(runs)}")
    return Published(
        name=name,
        source=source,
        figures=figures,
        runs=None if runs is None else int(runs),
        picked=_picked(where, row.get("picked")),
        spread=_flag(where, row, "spread"),
        keep_alive=_flag(where, row, "keep_alive"),
    )


def _text(where: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not plain(value):
        raise ValueError(f"{where}: {key} is missing: a text is wanted")
    return plain(value)


def _picked(where: str, value: object) -> Picked | None:
    known: tuple[Picked, ...] = get_args(Picked)
    for one in known:
        if isinstance(value, str) and value.strip() == one:
            return one
    if value is not None:
        raise ValueError(f"{where}: picked: one of {', '.join(known)}, not {_shown(value)}")
    return None


def _flag(where: str, row: Mapping[str, Any], key: str) -> bool | None:
    value = row.get(key)
    found = WORDS.get(value.strip().lower(), value) if isinstance(value, str) else value
    if found is None or isinstance(found, bool):
        return found
    raise ValueError(f"{where}: {key}: true or false, not {_shown(value)}")


def _span(where: str, key: str, value: object) -> Span:
    """What a number as it is printed stands for: half a unit of its last digit, either way; what is GIVEN is exact.

    The zeros at the end of a whole number may be rounding, but in a length of time: 12000/s is from 11500 to 12500, and
    30 s from 29.5 to 30.5. A list of two numbers is a range that somebody knows better.
    """
    if isinstance(value, list):
        ends = [_decimal(where, end) for end in value]
        if len(ends) != 2 or ends[0] > ends[1]:
            raise ValueError(f"{where}: a range has two numbers, the smaller one first, not {_shown(value)}")
        low, high, text = *ends, f"{ends[0]} to {ends[1]}"
    else:
        number = _decimal(where, value)
        exponent = int(number.as_tuple().exponent)
        if exponent >= 0 and number and key != "duration_s":
            exponent = int(number.normalize().as_tuple().exponent)
        half = Decimal(0) if key in GIVEN else Decimal(1).scaleb(exponent) / 2
        low, high, text = max(number - half, Decimal(0)), number + half, str(number)
    if low <= 0 and (key in GIVEN or key == "duration_s"):
        raise ValueError(f"{where}: a number over 0, not {_shown(value)}")
    return Span(float(low), float(high), text)


def _decimal(where: str, value: object) -> Decimal:
    """The number with its digits. Raises ValueError where it is none, or below 0, or unheard of."""
    try:
        number = Decimal(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not (number == 0 or LEAST <= number <= MOST):
        raise ValueError(f"{where}: a number of 0 or more, or a range [low, high], not {_shown(value)}")
    return number


def _shown(value: object) -> str:
    return reprlib.repr(str(value) if isinstance(value, Decimal) else value)
