"""The chart of P95 against the offered rate."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from bench.reading import JudgedRun
from bench.show.charts import capacity
from bench.show.charts.style import styled
from bench.units import rate
from tests.unit.builders import FLASK, plan
from tests.unit.judge.capacity.test_rows import run, search, step
from tests.unit.show.charts.drawings import assert_legible

STEPS = (step(100.0), step(400.0, p95_s=0.15), step(500.0, "exceeded", p95_s=5.0, took_s=0.4), step(520.0, "not known"))


def drawn(found: JudgedRun) -> Figure:
    with styled():
        chart = capacity.chart(found, ())
    assert chart is not None
    return chart.figure


def marks(figure: Figure, gid: str) -> list[tuple[float, float]]:
    """The places of everything that has this id."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_gid() == gid]
    return [(float(x), float(y)) for line in lines for x, y in np.atleast_2d(line.get_xydata())]


@pytest.fixture
def reading() -> JudgedRun:
    searches = [search("flask", n, 400.0 + n, "found", "", *STEPS) for n in (1, 2)]
    return JudgedRun(run(*searches, search("fastapi", 1, 800.0)), {}, {})


def test_every_window_has_a_mark_and_the_medians_a_line(reading: JudgedRun) -> None:
    figure = drawn(reading)
    assert len(marks(figure, "window:flask")) == 8
    assert [round(x) for x, _ in marks(figure, "line:flask")] == [100, 400, 500]
    assert marks(figure, "line:flask")[1][1] == pytest.approx(150.0)


def test_what_was_not_judged_is_hollow_and_what_ended_early_a_triangle(reading: JudgedRun) -> None:
    lines = [line for line in drawn(reading).axes[0].lines if line.get_gid() == "window:flask"]
    by_rate = {float(np.asarray(line.get_xdata())[0]): line for line in lines}
    assert by_rate[520.0].get_markerfacecolor() == "white"
    assert by_rate[100.0].get_markerfacecolor() != "white"
    assert (by_rate[500.0].get_marker(), by_rate[100.0].get_marker()) == ("^", "o")


def test_a_latency_far_beyond_the_objective_is_at_the_upper_edge(reading: JudgedRun) -> None:
    figure = drawn(reading)
    _, top = figure.axes[0].get_ylim()
    assert max(y for _, y in marks(figure, "window:flask")) == pytest.approx(200.0 * capacity.HIGHEST)
    assert top > 200.0 * capacity.HIGHEST


def test_capacities_have_their_rounds_and_intervals_the_highest_above(reading: JudgedRun) -> None:
    figure = drawn(reading)
    assert sorted(x for x, _ in marks(figure, "rounds:flask")) == [401.0, 402.0]
    assert marks(figure, "mean:fastapi")[0][1] > marks(figure, "mean:flask")[0][1]
    assert len(marks(figure, "interval:flask")) == 2
    assert not marks(figure, "interval:fastapi")


def test_the_finding_names_what_each_carries(reading: JudgedRun) -> None:
    chart = capacity.chart(reading, ())
    assert chart is not None
    assert chart.finding.startswith("Carried on weather with P95 within 200 ms: fastapi 800/s")


@pytest.mark.parametrize("count", [2, 5, 12])
@pytest.mark.parametrize("longer", ["", "-with-a-long-variant[workers=4]" * 2])
def test_what_each_carries_is_written_in_full_within_its_panel(count: int, longer: str) -> None:
    names = [f"stack-{number}{longer}" for number in range(count)]
    searches = [search(name, 1, 1000.0 + place) for place, name in enumerate(names)]
    found = run(*searches)
    planned = replace(plan(dict.fromkeys(names, FLASK), {"weather": (10,)}).profile, sought=found.config.profile.sought)
    stacks = plan(dict.fromkeys(names, FLASK), {"weather": (10,)}).stacks
    config = replace(found.config, profile=planned, stacks=stacks)
    figure = drawn(JudgedRun(replace(found, config=config), {}, {}))
    assert_legible(figure)
    written = [text for text in figure.axes[1].texts if text.get_gid() == "carried"]
    assert sorted(text.get_text().split()[-1] for text in written) == sorted(
        rate(1000.0 + place) for place in range(count)
    )
    panel = figure.axes[1].bbox
    heights = [figure.axes[1].transData.transform((1000.0, place))[1] for place in range(count)]
    for text in written:
        box = text.get_window_extent()
        assert not any(box.y0 - 4.5 < height < box.y1 + 4.5 for height in heights)
        assert panel.x0 - 1 <= box.x0 < box.x1 <= panel.x1 + 1


def test_a_run_without_searches_has_no_chart() -> None:
    assert capacity.chart(JudgedRun(run(), {}, {}), ()) is None


def test_a_run_in_which_nothing_was_found_still_shows_its_windows(tmp_path: Path) -> None:
    found = JudgedRun(run(search("flask", 1, None, "not known", "late", *STEPS)), {}, {})
    figure = drawn(found)
    figure.savefig(tmp_path / "chart.png")
    assert marks(figure, "window:flask")
    assert not marks(figure, "mean:flask")
