import math
from collections.abc import Iterator
from itertools import pairwise

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.show.charts.labels import Box, Label, around, place_in, place_labels, trace
from bench.show.charts.style import styled

SIZE = (4.0, 2.0)
MIDDLE = Label(5.0, 5.0, "100")


@pytest.fixture
def axes() -> Iterator[Axes]:
    with styled():
        figure = Figure(figsize=(5, 4), dpi=100)
        FigureCanvasAgg(figure)
        panel = figure.add_axes((0.1, 0.25, SIZE[0] / 5, SIZE[1] / 4))
        panel.set(xlim=(0, 10), ylim=(0, 10))
        yield panel


def sides(axes: Axes) -> list[tuple[str, str]]:
    return [(text.get_horizontalalignment(), text.get_verticalalignment()) for text in axes.texts]


def test_places_are_inches_from_the_lower_left_corner_on_either_scale(axes: Axes) -> None:
    assert place_in(axes, 5.0, 5.0, SIZE) == pytest.approx((2.0, 1.0))
    axes.set(xscale="log", xlim=(1, 100))
    assert place_in(axes, 10.0, 0.0, SIZE) == pytest.approx((2.0, 0.0))


def test_a_label_stands_to_the_right_of_its_point(axes: Axes) -> None:
    assert place_labels(axes, [MIDDLE], [around(axes, 5.0, 5.0, SIZE)], SIZE) == (MIDDLE,)
    assert sides(axes) == [("left", "center")]


@pytest.mark.parametrize(
    ("taken", "side"),
    [
        ([Box(2.1, 0.0, 4.0, 2.0)], ("right", "center")),
        ([Box(2.1, 0.92, 4.0, 1.08), Box(0.0, 0.92, 1.9, 1.08)], ("center", "bottom")),
        ([Box(2.1, 0.92, 4.0, 1.08), Box(0.0, 0.92, 1.9, 1.08), Box(0.0, 1.1, 4.0, 2.0)], ("center", "top")),
    ],
)
def test_where_that_is_taken_it_goes_left_above_or_below(axes: Axes, taken: list[Box], side: tuple[str, str]) -> None:
    assert place_labels(axes, [MIDDLE], taken, SIZE) == (MIDDLE,)
    assert sides(axes) == [side]


def test_a_label_without_a_place_is_left_out(axes: Axes) -> None:
    assert place_labels(axes, [MIDDLE], [Box(0.0, 0.0, 4.0, 2.0)], SIZE) == ()
    assert place_labels(axes, [Label(5.0, 5.0, "x" * 90)], [], SIZE) == ()
    assert sides(axes) == []


def test_a_label_stays_within_the_panel(axes: Axes) -> None:
    edges = [Label(x, y, "fastapi-aiohttp") for x, y in ((0.0, 5.0), (10.0, 5.0), (5.0, 0.0), (5.0, 10.0))]
    assert len(place_labels(axes, edges, [], SIZE)) == 4
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    for text in axes.texts:
        box = text.get_window_extent()
        assert axes.bbox.x0 <= box.x0
        assert box.x1 <= axes.bbox.x1
        assert axes.bbox.y0 <= box.y0
        assert box.y1 <= axes.bbox.y1


def test_labels_do_not_touch_one_another(axes: Axes) -> None:
    many = [Label(4.0 + number / 5, 5.0, "a stack") for number in range(10)]
    placed = place_labels(axes, many, [], SIZE)
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert 1 < len(placed) < len(many)
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_points_too_near_one_another_to_tell_whose_a_label_is_have_none(axes: Axes) -> None:
    near, far = [Label(5.0, 5.0, "a"), Label(5.1, 5.0, "b")], Label(1.0, 1.0, "c")
    assert place_labels(axes, [*near, far], [], SIZE, apart_in=0.1) == (far,)


def test_a_line_is_taken_along_its_whole_length_but_not_where_it_is_broken(axes: Axes) -> None:
    boxes = list(trace(axes, [0.0, 10.0, math.nan, 10.0], [5.0, 5.0, 5.0, 9.0], SIZE))
    middles = [(box.left + box.right) / 2 for box in boxes]
    assert (min(middles), max(middles)) == pytest.approx((0.0, SIZE[0]))
    assert max(after - before for before, after in pairwise(middles)) < 0.11
    assert {round((box.low + box.high) / 2, 6) for box in boxes} == {1.0}


@pytest.mark.parametrize(
    ("avoided", "side"), [([Box(2.1, 0.0, 4.0, 2.0)], "right"), ([Box(0.0, 0.0, 4.0, 2.0)], "left")]
)
def test_what_is_avoided_is_covered_only_where_there_is_no_other_room(
    axes: Axes, avoided: list[Box], side: str
) -> None:
    assert place_labels(axes, [MIDDLE], [], SIZE, avoided=avoided) == (MIDDLE,)
    assert [ha for ha, _ in sides(axes)] == [side]


@pytest.mark.parametrize(("others", "side"), [([Label(6.2, 6.0, "")], "top"), ([], "bottom")])
def test_a_label_does_not_stand_beside_the_point_of_another(axes: Axes, others: list[Label], side: str) -> None:
    # Above its own point, the words would end just left of the other one.
    own, taken = Label(5.0, 5.0, "a long name"), [Box(2.1, 0.95, 4.0, 1.05), Box(0.0, 0.95, 1.9, 1.05)]
    assert place_labels(axes, [own, *others], taken, SIZE)[0] == own
    assert sides(axes)[0] == ("center", side)
