"""All time lines of a page, as the text of an element that its script reads and draws from."""

import json
import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from bench.show.text.document import UNRELIABLE, TimeLine, TimeLines, Track
from bench.show.text.words import plain

MOST_BYTES = 850_000
"""What the time lines may take of a page, which stays below 3 MB for the largest profile of this project."""

DIGITS = {"bytes": 4}
"""Significant digits of a value, by its unit; otherwise 3. Memory often varies by less than 1 %."""

SHORTER = {"s": 1e3, "bytes": 1e-6}
"""By its unit, what a value is multiplied by to be written in few characters: ms and MB. The script knows it too."""


@dataclass(frozen=True, slots=True)
class Written:
    """The JSON text, in which no character could end its element, and a sentence about what it lacks, or nothing."""

    text: str
    left_out: str


@dataclass(frozen=True, slots=True)
class _Table:
    """Things that many lines have in common: each once, in the order of its first mention."""

    places: dict[Hashable, int] = field(default_factory=dict)

    def place(self, one: Hashable) -> int:
        """The number of this one."""
        return self.places.setdefault(one, len(self.places))

    @property
    def text(self) -> str:
        """All of them, in the order of their numbers."""
        return _text(list(self.places))


def written(block: TimeLines) -> Written:
    """The time lines, as many as fit into MOST_BYTES: the one in the picture, then those of the last rounds."""
    names, tracks = _Table(), _Table()
    parts = [_text(_line(one, names, tracks)) for one in block.lines]
    room = MOST_BYTES - len(names.text) - len(tracks.text)
    kept = set()
    for place in sorted(range(len(parts)), key=lambda at: (not block.lines[at].drawn, -block.lines[at].round)):
        room -= len(parts[place]) + 1
        if room < 0:
            break
        kept.add(place)
    lines = ",".join(part for place, part in enumerate(parts) if place in kept)
    drawn = next((number for number, place in enumerate(sorted(kept)) if block.lines[place].drawn), 0)
    shared = f'"unreliable":"{UNRELIABLE}","drawn":{drawn},"names":{names.text},"tracks":{tracks.text}'
    text = f'{{{shared},"lines":[{lines}]}}'
    return Written(text, _left_out(len(kept), len(parts)))


def _left_out(kept: int, every: int) -> str:
    if kept == every:
        return ""
    return (
        f"{kept} of {every} cells can be chosen here, the last rounds first: with all of them the page "
        "would be too large. The option --timeline of the command report draws any other."
    )


def _line(one: TimeLine, names: _Table, tracks: _Table) -> list[Any]:
    """A line as the script reads it; `names` and `tracks` have what it says by number."""
    where = [names.place(plain(text)) for text in (one.stack, one.scenario, one.load)]
    seconds = [_short(second, 4) for second in (one.bin_s, *one.window_s)]
    return [*where, one.round, names.place(one.colour), *seconds, [_track(track, tracks) for track in one.tracks]]


def _track(one: Track, tracks: _Table) -> list[Any]:
    """Its number in `tracks`, why it is unreliable or 0, then its values."""
    void = 0 if one.void is None else plain(one.void)
    factor, digits = SHORTER.get(one.unit, 1.0), DIGITS.get(one.unit, 3)
    known = (None if value is None or not math.isfinite(value) else value * factor for value in one.values)
    values = [None if value is None else _short(value, digits) for value in known]
    return [tracks.place((plain(one.name), plain(one.title), one.unit)), void, *values]


def _short(value: float, digits: int) -> float:
    """The value with so many significant digits, without a point where it needs none."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _text(value: Any) -> str:
    """The value as short JSON, in ASCII and without < and &: neither a tag nor a comment can begin or end in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
