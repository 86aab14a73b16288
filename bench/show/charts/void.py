"""Unreliable values on a panel, drawn so that none can be taken for a reliable one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from bench.judge.stacks.rows import Row
from bench.show.charts.style import BAR_WIDE, INK, QUIET, VALUE_POINTS, Mark


@dataclass(frozen=True, slots=True)
class Void:
    """A row without a reliable value: its place, and the value on the panel's scale, None if none was measured."""

    row: Row
    x: float
    figure: float | None


def draw_voids(
    axes: Axes, voids: Sequence[Void], marks: Mapping[str, Mark], *, bars: bool, log: bool
) -> tuple[Row, ...]:
    """The rows whose struck value is now drawn within the axis. Among bars, a row without one has a word instead."""
    low, high = axes.get_ylim()
    struck = []
    for void in voids:
        mark, inside = marks[void.row.stack], void.figure is not None and low <= void.figure <= high
        if void.figure is not None and inside:
            struck.append(void.row)
            if bars and not log:
                _outline(axes, void.row.stack, void.x, void.figure, mark)
            else:
                crossed(axes, void.row.stack, void.x, void.figure, mark)
        elif bars:
            _word(axes, void)
    return tuple(struck)


def _outline(axes: Axes, stack: str, x: float, figure: float, mark: Mark) -> None:
    """Draw a hatched bar without fill."""
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
    """Draw the stack's marker, hollow and crossed out."""
    looks: tuple[dict[str, Any], ...] = (
        {"marker": mark.marker, "markersize": 6.5, "markerfacecolor": "white", "markeredgecolor": mark.colour},
        {"marker": "x", "markersize": 9.0, "markeredgecolor": INK},
    )
    for look in looks:
        axes.plot([x], [figure], linestyle="none", markeredgewidth=1.1, zorder=5, gid=f"void:{stack}", **look)


def _word(axes: Axes, void: Void) -> None:
    """Write where the bar would begin why it is missing; the notes below the chart say more."""
    word = "failed" if set(void.row.outcomes) == {"failed"} else "n/a"
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": VALUE_POINTS, "color": QUIET}
    axes.text(void.x, 0.02, word, transform=axes.get_xaxis_transform(), **look)
