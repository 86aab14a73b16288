"""What the page carries of all time lines, and what it takes of the page."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench.show.text.document import Document, Picture, TimeLine, TimeLines, Track
from bench.show.text.page import html
from bench.show.text.page import timelines as carried

SVG = b'<svg viewBox="0 0 10 10"></svg>'
PICTURE = Picture("timeline", "Second by second", "One cell was steady", "It is one of many.", SVG, b"")
HOSTILE = "</script><!--<script>alert('&')</script>\u2028"
THROUGHPUT = Track("throughput", "Throughput", "requests/s", (1234.5, 0.0, 98.76), None)
P95 = Track("P95", "P95 latency", "s", (0.0123456, None, 12.3456), "off by 6 ms")
MEMORY = Track("memory", "Memory (PSS)", "bytes", (58_343_219.0, float("nan"), 60e6), None)


def line(stack: str = "a", number: int = 1, *tracks: Track, drawn: bool = False) -> TimeLine:
    return TimeLine(
        stack, "weather", "10 users", number, "#08335e", drawn, 1.0, (1.0, 3.00001), tracks or (THROUGHPUT, P95, MEMORY)
    )


def read(*lines: TimeLine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(carried.written(TimeLines(PICTURE, lines)).text)
    return found


def decoded(least: float, most: float, text: str) -> list[float | None]:
    """The values, as the script reads them."""
    codes = [carried.DIGITS.index(high) * 64 + carried.DIGITS.index(low) for high, low in batched(text)]
    shares = [None if code == carried.MISSING else code / carried.STEPS for code in codes]
    return [None if share is None else least * (most / least) ** share if least else most * share for share in shares]


def batched(text: str) -> Iterator[tuple[str, str]]:
    return zip(text[::2], text[1::2], strict=True)


def approx(value: float) -> Any:
    return pytest.approx(value, rel=0.002)


def test_a_track_that_spans_decades_keeps_three_digits_of_its_small_values() -> None:
    values = (0.001, 0.0123, 0.5, 12.0)
    found = read(line("a", 1, replace(P95, values=values)))
    ((_, _, *coded),) = found["lines"][0][8]
    assert decoded(*coded) == [pytest.approx(1000 * value, rel=0.0015) for value in values]


def test_a_line_has_its_names_window_and_the_values_of_each_track_in_few_digits() -> None:
    found = read(line(), line("b", 2, drawn=True))
    names, tracks = found["names"], found["tracks"]
    assert [names[place] for place in found["lines"][1][:3]] == ["b", "weather", "10 users"]
    assert found["lines"][1][3] == 2
    assert names[found["lines"][1][4]] == "#08335e"
    assert found["lines"][1][5:8] == [1, 1, 3]
    told = [[tracks[number], why, decoded(*values)] for number, why, *values in found["lines"][0][8]]
    assert told == [
        [["throughput", "Throughput", "requests/s"], 0, [approx(1234.5), 0, approx(98.76)]],
        [["P95", "P95 latency", "s"], "off by 6 ms", [approx(12.3456), None, approx(12345.6)]],
        [["memory", "Memory (PSS)", "bytes"], 0, [approx(58.343219), None, approx(60)]],
    ]
    assert found["drawn"] == 1
    assert found["unreliable"] == "unreliable"


def test_nothing_that_a_user_named_can_end_the_element_or_begin_a_comment() -> None:
    hostile = line(HOSTILE, 1, replace(THROUGHPUT, name=HOSTILE, void=HOSTILE))
    text = carried.written(TimeLines(PICTURE, (hostile,))).text
    assert not set("<>&\u2028") & set(text)
    assert text.isascii()
    assert json.loads(text)["names"][0] == "</script><!--<script>alert('&')</script>"
    page = html.render(Document("t", "", (TimeLines(PICTURE, (hostile,)),)))
    (held,) = re.findall(r'<script type="application/json" id="timelines">(.*?)</script>', page)
    assert held == text


def test_of_more_lines_than_there_is_room_for_the_drawn_one_and_the_last_rounds_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [line(stack, number, drawn=(stack, number) == ("a", 1)) for stack in "ab" for number in (1, 2, 3)]
    whole = carried.written(TimeLines(PICTURE, tuple(lines)))
    assert whole.left_out == ""
    monkeypatch.setattr(carried, "MOST_BYTES", len(whole.text) * 2 // 3)
    part = carried.written(TimeLines(PICTURE, tuple(lines)))
    found = json.loads(part.text)
    kept = [(found["names"][stack], number) for stack, _, _, number, *_ in found["lines"]]
    assert kept == [("a", 1), ("a", 3), ("b", 3)]
    assert kept[found["drawn"]] == ("a", 1)
    assert part.left_out.startswith("3 of 6 cells can be chosen here, the last rounds first")
    assert part.left_out in html.render(Document("t", "", (TimeLines(PICTURE, tuple(lines)),)))


def test_a_page_without_time_lines_has_no_such_element() -> None:
    assert 'id="timelines"' not in html.render(Document("t", "", (PICTURE,)))
