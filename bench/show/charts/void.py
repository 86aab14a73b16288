"""Void figures on a panel: struck, so that none can be taken for a sound one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from bench.judge.stacks.rows import Row
from bench.show.charts.style import BAR_WIDE, INK, QUIET, VALUE_POINTS, Mark


@dataclass(frozen=True, slots=True)
class Void:
    """A row without a sound figure: where it would stand, and what was read, on the panel's scale; None: nothing."""

    row: Row
    x: float
    figure: float | None


def draw_voids(
    axes: Axes, voids: Sequence[Void], marks: Mapping[str, Mark], *, bars: bool, log: bool
) -> tuple[Row, ...]:
    """The rows of which a struck figure now stands within the axis; among bars each of them has a word."""
    low, high = axes.get_ylim()
    struck = []
    for void in voids:
        mark = marks[void.row.stack]
        inside = void.figure is not None and low <= void.figure <= high
        if void.figure is not None and inside:
            struck.append(void.row)
            if bars and not log:
                _outline(axes, void.row.stack, void.x, void.figure, mark)
            else:
                crossed(axes, void.row.stack, void.x, void.figure, mark)
        if bars:
            _word(axes, void, inside=inside)
    return tuple(struck)


def _outline(axes: Axes, stack: str, x: float, figure: float, mark: Mark) -> None:
    """A bar that is hatched and has no fill."""
    axes.bar(
        x,
        figure,
        width=BAR_WIDE,
        fill=False,
        edgecolor=mark.colour,
        linewidth=0.8,
        linestyle=(0, (2, 2)),
        hatch="////",
        alpha=0.6,
        gid=f"void:{stack}",
    )


def crossed(axes: Axes, stack: str, x: float, figure: float, mark: Mark) -> None:
    """The stack's marker, hollow, with a cross through it."""
    looks: tuple[dict[str, Any], ...] = (
        {"marker": mark.marker, "markersize": 6.5, "markerfacecolor": "white", "markeredgecolor": mark.colour},
        {"marker": "x", "markersize": 9.0, "markeredgecolor": INK},
    )
    for look in looks:
        axes.plot([x], [figure], linestyle="none", markeredgewidth=1.1, zorder=5, gid=f"void:{stack}", **look)


def _word(axes: Axes, void: Void, *, inside: bool) -> None:
    """What is the matter with a bar: above it, or where it would begin."""
    word = "failed" if set(void.row.outcomes) == {"failed"} else "void"
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": VALUE_POINTS, "color": QUIET}
    if inside and void.figure is not None:
        axes.annotate(word, (void.x, void.figure), xytext=(0, 6), textcoords="offset points", **look)
    else:
        axes.text(void.x, 0.02, word, transform=axes.get_xaxis_transform(), **look)
