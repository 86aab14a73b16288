from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bench.model.cell import Cell, Memory, MemoryFigure
from bench.model.config import Plan
from bench.reading import JudgedRun
from bench.show.charts import in_flight
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled
from tests.unit.builders import Shape, cell, changed, plan
from tests.unit.show.charts.drawings import assert_legible, gids, labels, line, words, xs, ys
from tests.unit.show.charts.readings import LOST, crowd, reading, rows_of

TWO = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100, 500)}, rounds=1)


def made(stack: str, users: int, *, per_request: int = 20_000, base: int = 40_000_000) -> Cell:
    pss_bytes = base + per_request * users
    memory = MemoryFigure(pss_bytes, pss_bytes + 30_000_000, pss_bytes - 5_000_000)
    return changed(cell(stack, users), in_flight=float(users), memory=Memory(memory, memory, memory))


def chart_of(found: JudgedRun) -> Chart:
    with styled():
        drawn = in_flight.chart(found, rows_of(found))
    assert drawn is not None
    return drawn


def chart(planned: Plan, cells: Sequence[Cell]) -> Chart:
    return chart_of(reading(planned, cells))


LINE = [made("a", users) for users in (10, 100, 500)]


def test_pss_is_filled_rss_hollow_and_a_straight_line_goes_through_the_pss() -> None:
    (axes,) = chart(TWO, LINE).figure.axes
    np.testing.assert_allclose(xs(axes, "ranked:a"), [10, 100, 500])
    np.testing.assert_allclose(ys(axes, "ranked:a"), [40.2, 42, 50])
    np.testing.assert_allclose(ys(axes, "rss:a"), [70.2, 72, 80])
    assert line(axes, "rss:a").get_markerfacecolor() == "none"
    assert line(axes, "ranked:a").get_markerfacecolor() != "none"
    assert line(axes, "rss:a").get_marker() == line(axes, "ranked:a").get_marker()
    np.testing.assert_allclose(xs(axes, "growth:a"), [10, 500])
    np.testing.assert_allclose(ys(axes, "growth:a"), [40.2, 50])
    assert (axes.get_xlim()[0], axes.get_ylim()[0]) == (0, 0)


def test_the_slope_stands_at_the_end_of_its_line_and_with_its_interval_below_and_in_the_finding() -> None:
    drawn = chart(TWO, LINE)
    (axes,) = drawn.figure.axes
    assert labels(axes) == ["20.0 kB each"]
    assert drawn.finding.startswith("PSS per request in flight on weather, with 95 % intervals: a 20.0 kB (")
    assert "Memory per request in flight on weather, with 95 % intervals: a 20.0 kB (" in words(drawn.figure)


def test_too_few_places_have_no_line() -> None:
    drawn = chart(TWO, LINE[:2])
    (axes,) = drawn.figure.axes
    assert "growth:a" not in gids(axes)
    assert labels(axes) == []
    assert "too few loads for a slope of a." in words(drawn.figure)
    assert drawn.finding.startswith("PSS was measured at too few numbers of requests in flight")


def test_unreliable_memory_is_left_out_and_named() -> None:
    drawn = chart(TWO, [*LINE, changed(made("b", 10), problems=(LOST,))])
    (axes,) = drawn.figure.axes
    assert "ranked:b" not in gids(axes)
    assert "Left out, because unreliable: b on weather with 10 users (upstream calls)." in words(drawn.figure)


def test_a_machine_without_pss_shows_uss() -> None:
    found = reading(TWO, LINE)
    machine = replace(found.run.machine, has_pss=False)
    drawn = chart_of(replace(found, run=replace(found.run, machine=machine)))
    assert drawn.title == "Memory (USS) against requests in flight"


def test_where_no_cell_knows_its_requests_in_flight_there_is_no_chart() -> None:
    found = reading(TWO, [cell("a")])
    assert in_flight.chart(found, rows_of(found)) is None


@pytest.mark.parametrize("count", [1, 2, 8])
def test_no_text_is_cut_off_or_runs_into_another(count: int) -> None:
    assert_legible(chart_of(crowd(count)).figure)
