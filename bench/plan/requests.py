"""The requests of a scenario's table: the tables as people write them, checked, and what they ask for."""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from bench.errors import BenchError, cut
from bench.model.requests import Asked, Expect, Feed, Login, Method, Request
from bench.places import SHIPPED
from bench.plan.table import LONGEST_SHOWN, Name, Positive, RequestTarget, Table

NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::(int|float))?\}")
"""A value's name in braces, as loadtests/engine/templates.py reads it."""

NUMBERS: Mapping[str, Callable[[str], float]] = {"int": int, "float": float}
MOST_REQUESTS = 100
MOST_BYTES = 10_000_000
MOST_FEED_BYTES = 100_000_000
MOST_TABLE_BYTES = 200_000
LARGEST = 1e30
"""No number in run.json is larger (bench/record/parsed.py)."""

Status = Annotated[int, Field(ge=100, le=599)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$", max_length=8000)]
ValueName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
Place = Annotated[str, Field(pattern=r"^(json|header|regex):.")]

OURS = frozenset({"content-length", "transfer-encoding", "connection"})
"""Headers that the load generator writes itself."""


class ExpectTable(Table):
    """`expect` of a request."""

    text: str | None = None
    json_: JsonValue = Field(None, alias="json")
    regex: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "ExpectTable":
        _only_one({"text": self.text, "json": self.json_, "regex": self.regex}, least=1)
        if self.regex is not None:
            try:
                re.compile(self.regex)
            except re.error as error:
                raise PydanticCustomError(
                    "regex", "it is no regular expression: {error}", {"error": str(error)}
                ) from None
        return self


class AskTable(Table):
    """What a request and a login have in common."""

    method: Method = "GET"
    path: RequestTarget
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    json_: JsonValue = Field(None, alias="json")
    form: dict[str, str] | None = None
    body: str | None = None
    body_file: str | None = None
    status: Status | Annotated[list[Status], Field(min_length=1)] = 200
    expect: ExpectTable | None = None

    @model_validator(mode="after")
    def _sensible(self) -> "AskTable":
        bodies = {"json": self.json_, "form": self.form, "body": self.body, "body_file": self.body_file}
        _only_one(bodies)
        if self.method == "HEAD" and (self.expect is not None or any(one is not None for one in bodies.values())):
            raise PydanticCustomError("head", "HEAD has no body: remove json, form, body, body_file and expect")
        own = [name for name in self.headers if name.lower() in OURS]
        if own:
            message = "the load generator writes {name} itself: remove it"
            raise PydanticCustomError("own_header", message, {"name": own[0]})
        return self


class RequestTable(AskTable):
    """One of the `requests` of a scenario."""

    name: Name | None = None
    weight: Positive = 1.0


class LoginTable(AskTable):
    """`login` of a scenario."""

    take: dict[ValueName, Place] = Field(default_factory=dict)


class FeedTable(Table):
    """`feed` of a scenario."""

    file: str
    order: Literal["sequential", "random"] = "sequential"


def _only_one(given: Mapping[str, object], least: int = 0) -> None:
    there = [name for name, value in given.items() if value is not None]
    if not least <= len(there) <= 1:
        message = "give {least} of {names}"
        raise PydanticCustomError(
            "one_of", message, {"least": "one" if least else "at most one", "names": ", ".join(given)}
        )


def asked(
    where: str,
    tables: Sequence[RequestTable],
    headers: Mapping[str, str],
    feed: FeedTable | None,
    login: LoginTable | None,
    *,
    cookies: bool,
) -> Asked:
    """What these tables of the scenario at `where` ask for.

    Raises BenchError where a file is missing, or a name in braces stands for nothing.
    """
    rows: list[list[str]] = []
    found = None
    if feed is not None:
        found, rows = _feed(f"{where}.feed.file", feed)
    columns = found.columns if found is not None else ()
    takes = login.take if login is not None else {}
    for name in takes:
        if name in columns:
            raise BenchError(f"{where}.login.take.{name}: the feed has a column of that name")
    if len(tables) > MOST_REQUESTS:
        raise BenchError(f"{where}.requests: there are {len(tables)}, and at most {MOST_REQUESTS} can be told apart")
    requests = tuple(
        _request(f"{where}.requests.{number}", table, headers, table.name, table.weight)
        for number, table in enumerate(tables)
    )
    names = [one.name for one in requests]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise BenchError(
                f"{where}.requests.{number}: two requests have the name {name!r}: give each its own `name`"
            )
    for number, one in enumerate(requests):
        _check_names(f"{where}.requests.{number}", one, (*columns, *takes), columns, rows)
    entry = None
    if login is not None:
        entry = Login(_request(f"{where}.login", login, headers={}, name="login"), login.take)
        _check_names(f"{where}.login", entry.request, columns, columns, rows)
    asked_for = Asked(requests, found, entry, cookies)
    _check_size(where, asked_for)
    return asked_for


def _check_size(where: str, asked_for: Asked) -> None:
    """Raise BenchError for what run.json cannot keep: a number that no JSON has, or too much text."""
    whole = asdict(asked_for)
    for number in _numbers(whole):
        if not abs(number) <= LARGEST:
            raise BenchError(
                f"{where}.requests: {number:g} cannot be kept in run.json: write it into a `body` or a file"
            )
    size = len(json.dumps(whole))
    if size > MOST_TABLE_BYTES:
        raise BenchError(
            f"{where}.requests: all of them have {size:,} bytes, and at most {MOST_TABLE_BYTES:,} can be kept in "
            f"run.json: put large bodies into files (`body_file`), and expect a part of large answers (`expect.regex`)"
        )


def _numbers(value: Any) -> Iterator[float]:
    """All numbers of a JSON value."""
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers(inner)


def _request(where: str, table: AskTable, headers: Mapping[str, str], name: str | None, weight: float = 1.0) -> Request:
    digest = None if table.body_file is None else _digest(f"{where}.body_file", SHIPPED / table.body_file)
    own = {one.lower() for one in table.headers}
    return Request(
        name=name or f"{table.method} {table.path}",
        method=table.method,
        path=table.path,
        headers={**{key: value for key, value in headers.items() if key.lower() not in own}, **table.headers},
        json=table.json_,
        form=table.form,
        body=table.body,
        body_file=table.body_file,
        body_sha256=digest,
        status=tuple(dict.fromkeys([table.status] if isinstance(table.status, int) else table.status)),
        expect=None if table.expect is None else Expect(table.expect.text, table.expect.json_, table.expect.regex),
        weight=weight,
    )


def _digest(where: str, path: Path) -> str:
    """The SHA-256 of a file of a body."""
    if not path.is_file():
        raise BenchError(f"{where}: there is no file {path}")
    if path.stat().st_size > MOST_BYTES:
        raise BenchError(f"{where}: {path} has more than {MOST_BYTES:,} bytes")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _feed(where: str, table: FeedTable) -> tuple[Feed, list[list[str]]]:
    """The feed and its rows."""
    path = SHIPPED / table.file
    try:
        if path.stat().st_size > MOST_FEED_BYTES:
            raise BenchError(f"{where}: {path} has more than {MOST_FEED_BYTES:,} bytes")
        content = path.read_bytes()
        columns, *rows = csv.reader(content.decode("utf-8-sig").splitlines(keepends=True), strict=True)
    except (OSError, ValueError, csv.Error) as error:
        why = f"{error.strerror}: {path}" if isinstance(error, OSError) else f"{path} cannot be read: {error}"
        raise BenchError(f"{where}: {why}; a feed is a CSV file with a line of names and a line of values") from None
    rows = [row for row in rows if row]
    if not rows:
        raise BenchError(f"{where}: {path} has no line of values below its line of names")
    for name in columns:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or columns.count(name) > 1:
            shown = cut(repr(name), LONGEST_SHOWN)
            raise BenchError(
                f"{where}: {path} has a column {shown}: a name has letters, digits and _, and is there once"
            )
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise BenchError(f"{where}: {path} has {len(row)} values in row {number - 1}, and {len(columns)} columns")
    return Feed(table.file, table.order, tuple(columns), hashlib.sha256(content).hexdigest()), rows


def _check_names(
    where: str, request: Request, names: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Raise BenchError for braces in the path or a header that stand for no value, and for values of the wrong kind."""
    strict = {"path": request.path, **{f"headers.{name}": value for name, value in request.headers.items()}}
    for key, text in strict.items():
        rest = NAME.sub(lambda found: "" if found[1] in names else found[0], text)
        if "{" in rest or "}" in rest:
            known = f"known: {', '.join(names)}" if names else "there is no feed, and no login that takes a value"
            raise BenchError(f"{where}.{key}: {cut(text, LONGEST_SHOWN)!r} has braces that stand for no value; {known}")
    for key, text in strict.items():
        for name in {found[1] for found in NAME.finditer(text)} & set(columns) if key != "path" else ():
            _check(f"{where}.{key}", name, columns, rows, _header_value)
    expect = request.expect
    for text in () if expect is None else (expect.text or "", *_texts(expect.json)):
        for named in (one for one in NAME.finditer(text) if one[1] in names):
            raise BenchError(
                f"{where}.expect: no value is put in the place of {named[0]!r} there: "
                f"expect what all right answers have in common, such as a key, or use `regex`"
            )
    for text in _texts(request.json):
        found = NAME.fullmatch(text)
        if found is not None and found[2] and found[1] in columns:
            _check(f"{where}.json", found[1], columns, rows, NUMBERS[found[2]])


def _check(
    where: str, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], read: Callable[[str], object]
) -> None:
    place = columns.index(name)
    for number, row in enumerate(rows, start=2):
        try:
            read(row[place])
        except ValueError:
            shown = cut(repr(row[place]), LONGEST_SHOWN)
            raise BenchError(
                f"{where}: {shown} in row {number - 1} of the feed cannot stand for {{{name}}} there"
            ) from None


def _header_value(value: str) -> None:
    if not value.isascii() or not value.isprintable():
        raise ValueError(value)


def _texts(value: Any) -> Iterator[str]:
    """All strings of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
