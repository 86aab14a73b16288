"""The charts of a trend."""

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from bench.judge.history.series import Part
from bench.judge.history.trend import Trend, trend
from bench.model.run import Run
from bench.show.charts import history
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled
from tests.unit.judge.history.made_up import FLAT, STEP, nights
from tests.unit.show.charts.drawings import assert_legible, gids, labels, words, xs, ys


def charted(found: Trend, part: Part = "ratios") -> Chart:
    with styled():
        return history.chart(found, part, [one for one in found.followed if one.subject.part == part])


def drawn(found: Trend, part: Part = "ratios") -> Figure:
    return charted(found, part).figure


def of(runs: list[Run]) -> Trend:
    return trend(runs, 0.05)


def test_each_run_has_a_mark_with_its_interval() -> None:
    found = of(nights())
    panel = drawn(found).axes[0]
    assert xs(panel, "line:fastapi") == list(map(float, range(1, 13)))
    assert ys(panel, "line:fastapi") == [point.found.mean for point in found.followed[0].points]
    assert gids(panel).count("mean:fastapi") == 12
    assert gids(panel).count("interval:fastapi") == 12
    assert panel.get_yscale() == "log"
    assert not {"level:fastapi", "ring:fastapi", "machine"} & set(gids(panel))


def test_a_step_has_a_ring_its_levels_and_its_size() -> None:
    found = of(nights(STEP))
    panel = drawn(found).axes[0]
    assert xs(panel, "ring:fastapi") == [7.0]
    assert gids(panel).count("level:fastapi") == 2
    assert xs(panel, "level:fastapi") == pytest.approx([0.6, 6.4])
    assert ys(panel, "level:fastapi") == [found.followed[0].levels[0].mean] * 2
    (label,) = labels(panel)
    assert label.startswith("-")


def test_a_line_stands_where_the_machine_changed_and_the_head_says_what_it_is() -> None:
    figure = drawn(of(nights(other_from=6)))
    assert xs(figure.axes[0], "machine") == [6.5, 6.5]
    assert "dashed line: the machine changed" in words(figure)
    assert "dashed line" not in words(drawn(of(nights())))


def test_a_line_of_the_machine_ends_below_the_size_of_a_step() -> None:
    (panel, *_) = drawn(of(nights(STEP, other_from=6))).axes
    panel.figure.canvas.draw()
    (size,) = [text for text in panel.texts if text.get_gid() == "label"]
    (line,) = [line for line in panel.lines if line.get_gid() == "machine"]
    top = line.get_transform().transform(line.get_xydata())[:, 1].max()
    assert top <= size.get_window_extent().y0


def test_a_run_without_the_figure_is_a_gap() -> None:
    runs = nights()
    runs[3] = replace(runs[3], searches=())
    assert 4.0 not in xs(drawn(of(runs)).axes[0], "line:fastapi")


def test_absolute_figures_are_in_their_unit() -> None:
    found = of(nights())
    figure = drawn(found, "absolute")
    panels = {panel.get_title(loc="left").replace("\n", " "): panel for panel in figure.axes}
    assert panels["flask on weather, memory with 10 users"].get_ylabel() == "MB (log scale)"
    assert panels["flask on weather, throughput with 10 users"].get_ylabel() == "requests/s (log scale)"


def test_of_many_figures_those_with_steps_are_drawn_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_PANELS", 1)
    found = of(nights(STEP))
    ratios = [one for one in found.followed if one.subject.part == "ratios"]
    with styled():
        figure = history.chart(found, "ratios", ratios[::-1]).figure
    assert len(figure.axes) == 1
    assert "throughput" in figure.axes[0].get_title(loc="left").replace("\n", " ")
    assert "Not drawn: 4 figures more" in words(figure)


@pytest.mark.parametrize("count", [2, 12, 60])
def test_a_chart_is_legible_whatever_the_number_of_runs(count: int) -> None:
    half = count // 2
    runs = nights((1.0,) * half + (0.7,) * (count - half), (1.0,) * count, other_from=half)
    for part in ("ratios", "absolute"):
        assert_legible(drawn(of(runs), part))


def test_the_finding_names_the_steps_or_that_there_is_none() -> None:
    steps = charted(of(nights(STEP))).finding
    figure = "fastapi against flask on weather, capacity with P95 within 200 ms"
    assert steps.startswith(f"Steps: {figure} 1.00\u00d7 to 0.80\u00d7 since night-07")
    none = charted(of(nights())).finding
    assert none == "No step was shown in 5 figures over 12 runs."
    moved = charted(of(nights(levels=STEP, other_from=6)), "capacity").finding
    assert "(the machine changed)" in moved


def test_a_single_run_of_a_figure_is_not_drawn_and_the_same_runs_give_the_same_bytes() -> None:
    assert [*history.pictures(of(nights(FLAT[:1], FLAT[:1])))] == []
    first, second = (next(history.pictures(of(nights(STEP)))) for _ in range(2))
    assert first == second
