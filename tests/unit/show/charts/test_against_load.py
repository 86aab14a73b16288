from collections.abc import Sequence
from dataclasses import replace

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.judge.cell.metrics import BY_NAME, METRICS, P95
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Problem
from bench.model.config import Closed, Open, Plan
from bench.show.charts.against_load import against_load, draw
from bench.show.charts.style import styled
from tests.unit.builders import SYNC, Shape, cell, changed, plan, run_of
from tests.unit.show.charts.drawings import assert_legible
from tests.unit.show.charts.readings import LOST, reading, rows_of

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
RATE = Open(rate_rps=50.0, arrivals="fixed", max_in_flight=500)
CHARTS = ("throughput", "p95", "cpu", "memory")


def chart(planned: Plan, cells: Sequence[Cell], metric: str = "throughput") -> Figure:
    with styled():
        return draw(run_of(planned, tuple(cells)), rows(cells, planned), BY_NAME[metric])


def finding(planned: Plan, cells: Sequence[Cell], metric: str = "throughput") -> str:
    found = reading(planned, cells)
    with styled():
        drawn = against_load(BY_NAME[metric], metric, found, rows_of(found))
    assert drawn is not None
    return drawn.finding


TWO = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100, 500)})


def test_a_stack_has_one_colour_and_one_marker_on_every_chart() -> None:
    names = [f"stack {number}" for number in range(8)]
    planned = plan(dict.fromkeys(names, Shape(1)), {"weather": (10, 100), "health": (10,)}, rounds=1)
    cells = [
        cell(name, users, scenario=scenario, throughput_rps=10.0 + place, p95_s=2.0 - place / 10)
        for place, name in enumerate(names)
        for scenario, users in PANELS
    ]
    looks: dict[str, set[tuple[str, str]]] = {name: set() for name in names}
    for metric in CHARTS:
        figure = chart(planned, cells, metric)
        for found in (*figure.axes[0].lines, *figure.axes[1].lines, *figure.artists):
            kind, _, name = str(found.get_gid()).partition(":")
            if kind in {"mean", "key"} and isinstance(found, Line2D):
                colour = found.get_color() if kind == "key" else found.get_markerfacecolor()
                looks[name].add((to_hex(colour), str(found.get_marker())))
    assert all(len(look) == 1 for look in looks.values())
    assert len(set.union(*looks.values())) == 8
    assert len({marker for look in looks.values() for _, marker in look}) == 8


PANELS = (("weather", 10), ("weather", 100), ("health", 10))


def test_a_ninth_stack_shares_no_look_with_another() -> None:
    names = [f"stack {number}" for number in range(12)]
    figure = chart(plan(dict.fromkeys(names, Shape(1)), {"weather": (10,)}, rounds=1), [])
    keys = [(str(key.get_color()), str(key.get_marker())) for key in figure.artists if isinstance(key, Line2D)]
    assert len(set(keys)) == 12


@pytest.mark.parametrize(
    ("count", "metric"), [(1, "throughput"), (2, "p95"), (8, "throughput"), (8, "p95"), (8, "memory"), (8, "cpu")]
)
def test_no_text_is_cut_off_or_runs_into_another(count: int, metric: str) -> None:
    names = [f"{'x' * 36}-{number:03d}" for number in range(count)]
    planned = plan(dict.fromkeys(names, Shape(1, slots=8)), LOADS, titles={"weather": "A long title " * 12})
    planned = replace(planned, profile=replace(planned.profile, name="a profile of forty characters in length."))
    cells = [
        cell(
            name, users, n, scenario=scenario, throughput_rps=10.0 * place * n, p95_s=place / 7, pss_bytes=place * 10**9
        )
        for place, name in enumerate(names, start=1)
        for scenario, loads in LOADS.items()
        for users in loads
        for n in (1, 2, 3)
    ]
    cells = [changed(one, problems=(LATE,)) if one.load == Closed(users=500) else one for one in cells]
    assert_legible(chart(planned, cells, metric))


LOADS = {"weather": (1, 10, 100, 500, 520), "health": (100,), "compute": (1, 2)}


@pytest.mark.parametrize("name", ["$x$", "_a_", "<script>", "a\nb", "\\frac{1}{2}", "$", "100 %"])
def test_a_name_is_drawn_as_it_is(name: str) -> None:
    planned = plan({name: Shape(1), "b": Shape(1)}, {"weather": (10, 100)}, rounds=1, titles={"weather": name})
    figure = chart(planned, [cell(name, users) for users in (10, 100)])
    assert name.replace("\n", " ") in [text.get_text() for text in figure.texts]
    assert not any(text.get_parse_math() for text in figure.texts)


def test_a_finding_has_the_figures_with_intervals_of_the_highest_load_that_two_stacks_share() -> None:
    loads = {"a": (10, 100, 500), "b": (10, 100)}
    cells = [
        cell(name, users, n, throughput_rps=users * n)
        for name, counts in loads.items()
        for users in counts
        for n in (1, 2, 4)
    ]
    said = finding(TWO, cells)
    assert said == "Throughput on weather with 100 users: b 200/s (35.7\u20131120) and a 200/s (35.7\u20131120)."


def test_a_finding_names_what_is_unreliable_and_what_slots_limit() -> None:
    cells = [cell("a", problems=(LATE,)), cell("b", p95_s=0.2)]
    assert finding(TWO, cells, "p95") == "P95 latency at saturation on weather with 10 users: b 200 ms; unreliable: a."
    sync = plan({"sync": SYNC}, {"weather": (10,)}, rounds=1)
    said = finding(sync, [cell("sync", throughput_rps=190.0, limit="slots")])
    assert said == "Throughput on weather with 10 users: sync 190/s. Limited by slots: sync (slots allow 200/s)."
    assert "slots" not in finding(sync, [cell("sync", limit="slots")], "cpu")


def test_a_finding_of_many_stacks_counts_the_rest() -> None:
    names = [f"s{number}" for number in range(6)]
    said = finding(plan(dict.fromkeys(names, Shape(1)), {"weather": (10,)}), [cell(name) for name in names])
    assert said == "Throughput on weather with 10 users: s1 100/s, s0 100/s, s2 100/s, s3 100/s and 2 more."


def test_where_nothing_is_reliable_the_finding_says_so() -> None:
    assert finding(TWO, [cell(problems=(LOST,))]) == "This run has no reliable throughput under closed-loop loads."


def test_latency_at_saturation_is_a_chart_of_its_own_only_beside_that_of_open_loads() -> None:
    both = plan({"a": Shape(1)}, {"weather": (10,)}, rates={"weather": (50.0,)}, rounds=1)
    found = reading(both, [cell("a"), cell("a", load=RATE)])
    with styled():
        headline, other = (against_load(P95, name, found, rows_of(found)) for name in ("p95", "p95-saturation"))
        only = reading(TWO, [cell("a")])
        assert against_load(P95, "p95-saturation", only, rows_of(only)) is None
    assert headline is not None
    assert other is not None
    assert (headline.name, headline.title) == ("p95", "P95 latency against offered rate")
    assert (other.name, other.title) == ("p95-saturation", "P95 latency at saturation against users")
    assert other.figure.axes[0].get_xlabel() == "10 users"
    assert "do not measure latency at a given arrival rate" in other.caution


def test_a_run_without_a_cell_has_no_chart() -> None:
    empty = reading(TWO, [])
    assert [against_load(metric, name, empty, ()) for metric in METRICS for _, name in metric.charts] == [None] * 5
