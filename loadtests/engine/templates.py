"""Text with names in braces, in whose places values are put: those of a row of the feed, and those of the login."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::(int|float))?\}")
"""A name in braces. In JSON, a string that is nothing but `{qty:int}` or `{price:float}` becomes a number."""

KEPT = 10_000
"""So many values are kept as they are written in a path or a form: a feed has the same ones again and again."""

Written = Callable[[str], str]
"""How a value is written in its place."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value."""

    name: str
    written: Written


Part = str | Slot


@dataclass(frozen=True, slots=True)
class Template:
    """A text, in parts: as they are, or places for values."""

    parts: tuple[Part, ...]
    _format: str = field(init=False, repr=False, compare=False)
    _slots: tuple[Slot, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare what is done again for each request."""
        texts = ("%s" if isinstance(part, Slot) else part.replace("%", "%%") for part in self.parts)
        object.__setattr__(self, "_format", "".join(texts))
        object.__setattr__(self, "_slots", tuple(part for part in self.parts if isinstance(part, Slot)))

    @property
    def constant(self) -> bool:
        """Whether it has no place for a value."""
        return not self._slots

    def filled(self, values: Mapping[str, str]) -> bytes:
        """The text with these values, in UTF-8. ValueError where a value cannot stand in its place."""
        return (self._format % tuple([slot.written(values[slot.name]) for slot in self._slots])).encode()


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts; neighbours that are no places are one part."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def in_path(text: str, names: Iterable[str]) -> Template:
    """The template of a path; values are percent-encoded."""
    return Template(joined(_parts(text, frozenset(names), _in_path)))


def in_header(text: str, names: Iterable[str]) -> Template:
    """The template of the value of a header. A value that is not printable ASCII cannot stand there."""
    return Template(joined(_parts(text, frozenset(names), _printable)))


def in_body(text: str, names: Iterable[str]) -> Template:
    """The template of a body that is sent as it is, and so are values."""
    return Template(joined(_parts(text, frozenset(names), str)))


def in_form(form: Mapping[str, str], names: Iterable[str]) -> Template:
    """The template of a body of `application/x-www-form-urlencoded`."""
    known, parts = frozenset(names), list[Part]()
    for key, value in form.items():
        parts += ["&"] if parts else []
        parts += [*_parts(key, known, _in_form, _in_form), "=", *_parts(value, known, _in_form, _in_form)]
    return Template(joined(parts))


def in_json(value: Any, names: Iterable[str]) -> Template:
    """The template of a JSON value, whose strings and keys may have names."""
    return Template(joined(_json(value, frozenset(names))))


def _json(value: Any, names: frozenset[str]) -> Iterator[Part]:
    if isinstance(value, dict):
        yield "{"
        for place, (key, inner) in enumerate(value.items()):
            yield from ([","] if place else [])
            yield from (*_string(key, names), ":", *_json(inner, names))
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for place, inner in enumerate(value):
            yield from ([","] if place else [])
            yield from _json(inner, names)
        yield "]"
    elif isinstance(value, str):
        number = NAME.fullmatch(value)
        if number is not None and number[2] and number[1] in names:
            yield Slot(number[1], _NUMBERS[number[2]])
        else:
            yield from _string(value, names)
    else:
        yield json.dumps(value)


def _string(text: str, names: frozenset[str]) -> Iterator[Part]:
    yield from ('"', *_parts(text, names, _inside_quotes, _inside_quotes), '"')


def _parts(text: str, names: frozenset[str], written: Written, literally: Written = str) -> Iterator[Part]:
    """The parts of a text; what is no value is written `literally`."""
    begin = 0
    for found in NAME.finditer(text):
        if found[1] in names:
            yield literally(text[begin : found.start()])
            yield Slot(found[1], written)
            begin = found.end()
    yield literally(text[begin:])


def _printable(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{value!r} cannot stand in a header")
    return value


@lru_cache(KEPT)
def _in_path(value: str) -> str:
    return quote(value, safe="")


@lru_cache(KEPT)
def _in_form(value: str) -> str:
    return quote_plus(value)


@lru_cache(KEPT)
def _inside_quotes(value: str) -> str:
    return json.dumps(value)[1:-1]


_NUMBERS: Mapping[str, Written] = {
    "int": lambda value: str(int(value)),
    "float": lambda value: json.dumps(float(value), allow_nan=False),
}
