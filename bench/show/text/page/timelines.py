"""All time lines of a page, as the text of an element that its script reads and draws from."""

import json
import math
import string
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.show.text.document import UNRELIABLE, TimeLine, TimeLines, Track
from bench.show.text.words import plain

MOST_BYTES = 485_000
"""What the time lines may take of a page, which stays below 3 MB for the largest profile of this project."""

DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
STEPS, MISSING = 4094, 4095
"""A value is written as two digits to the base 64, the number of steps to it: from 0 up to the largest value of its
track, or where these differ by LOG_FROM from the smallest one up, on a logarithmic scale. The script knows that too."""

LOG_FROM = 20
"""As in bench/show/charts/axis.py: what is drawn on a logarithmic scale is written on one."""

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
    """Its number in `tracks`, why it is unreliable or 0, then the ends of its scale and its values."""
    void = 0 if one.void is None else plain(one.void)
    factor = SHORTER.get(one.unit, 1.0)
    values = [None if value is None or not math.isfinite(value) else value * factor for value in one.values]
    return [tracks.place((plain(one.name), plain(one.title), one.unit)), void, *_coded(values)]


def _coded(values: Sequence[float | None]) -> tuple[float, float, str]:
    """The least value, 0 on a linear scale, the largest one, and the text of all."""
    known = [value for value in values if value is not None]
    least, most = min(known, default=0.0), max(known, default=0.0)
    logarithmic = 0 < LOG_FROM * least <= most

    def code(value: float | None) -> int:
        if value is None:
            return MISSING
        if logarithmic:
            return round(STEPS * math.log(value / least) / math.log(most / least))
        return round(STEPS * value / most) if most else 0

    text = "".join(DIGITS[number // 64] + DIGITS[number % 64] for number in map(code, values))
    return _short(least, 6) if logarithmic else 0, _short(most, 6), text


def _short(value: float, digits: int) -> float:
    """The value with so many significant digits, without a point where it needs none."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _text(value: Any) -> str:
    """The value as short JSON, in ASCII and without < and &: neither a tag nor a comment can begin or end in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
