"""What is on a figure, and whether it can be read."""

from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.show.charts.style import styled


def line(axes: Axes, gid: str) -> Line2D:
    return next(found for found in axes.lines if found.get_gid() == gid)


def gids(axes: Axes) -> list[str]:
    return [str(found.get_gid()) for found in (*axes.lines, *axes.patches)]


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def labels(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_gid() == "label"]


def xs(axes: Axes, gid: str) -> list[float]:
    return [float(value) for value in np.asarray(line(axes, gid).get_xdata())]


def ys(axes: Axes, gid: str) -> list[float]:
    return [float(value) for value in np.asarray(line(axes, gid).get_ydata())]


def assert_legible(figure: Figure) -> None:
    """No text is cut off or runs into another, and none of those around the panels lies on one."""
    with styled():
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        texts = [*figure.texts]
        for axes in figure.axes:
            texts += [axes.title, axes._left_title, axes.xaxis.label]  # type: ignore[attr-defined]
            texts += [axes.yaxis.label, *axes.texts]
            texts += [*axes.get_xticklabels(), *axes.get_yticklabels()]
        shown = [text for text in texts if text.get_visible() and text.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    page = figure.bbox
    for said, box in boxes:
        assert box.x0 >= page.x0, said
        assert box.y0 >= page.y0, said
        assert box.x1 <= page.x1, said
        assert box.y1 <= page.y1, said
    for (one, box), (other, second) in combinations(boxes, 2):
        assert not box.padded(-0.5).overlaps(second.padded(-0.5)), (one, other)
    for axes in figure.axes:
        for text in figure.texts:
            assert not axes.bbox.overlaps(text.get_window_extent(renderer)), text.get_text()
