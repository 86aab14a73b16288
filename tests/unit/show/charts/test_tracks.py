"""The time lines of all cells, as the page takes them."""

from dataclasses import replace

from bench.judge.cell.timeline import Timeline
from bench.show.charts.style import SHADES
from bench.show.charts.tracks import time_lines
from tests.unit.builders import Shape, cell, plan
from tests.unit.show.charts.readings import LATE, reading, second_by_second

TWO = plan(
    {"b": Shape(1), "a": Shape(1)}, {"weather": (10, 100), "health": (10,)}, rounds=2, rates={"weather": (50.0,)}
)


def test_every_cell_with_a_time_line_comes_as_planned_and_one_is_drawn() -> None:
    (_, _, fast) = TWO.profile.loads["weather"]
    cells = [
        cell("a", number=2, problems=(LATE,)),
        cell("b", 10, scenario="health"),
        cell("b", load=fast),
        cell("b", 100),
        cell("b", 10, number=2),
        cell("b", 10),
        cell("a", 100),
    ]
    found = reading(TWO, cells)
    lines = {number: second_by_second() for number in range(6)} | {6: Timeline((), (), (), (), (), (), 0.1, 0.9)}
    shown = time_lines(replace(found, timelines=lines, timed=4))
    assert [(one.stack, one.scenario, one.load, one.round) for one in shown] == [
        ("b", "weather", "10 users (closed-loop)", 1),
        ("b", "weather", "10 users (closed-loop)", 2),
        ("b", "weather", "100 users (closed-loop)", 1),
        ("b", "weather", "50/s (open-loop)", 1),
        ("b", "health", "10 users (closed-loop)", 1),
        ("a", "weather", "10 users (closed-loop)", 2),
    ]
    assert [one.drawn for one in shown] == [False, True, False, False, False, False]
    assert [track.void for track in shown[-1].tracks] == [None, "off by 6 ms", None, None, None]
    assert [track.title for track in shown[3].tracks][:2] == ["Achieved rate", "P95 latency"]
    assert {one.colour for one in shown} == set(SHADES["wsgi"][:2])
    assert shown[0].window_s == (2.0, 8.0)
    assert shown[0].tracks[3].values == second_by_second().cores
