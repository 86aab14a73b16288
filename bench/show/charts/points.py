"""The marks on any panel: means in the marker of their stack, rounds as dots, intervals as thin bars."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.transforms import Transform

from bench.show.charts.style import INK, QUIET, Mark


def draw_mean(axes: Axes, x: float, y: float, stack: str, mark: Mark, told: str = "") -> None:
    """Draw a mean, whole even at the edge of the panel. `told`: what it says on a page where a reader points at it."""
    axes.plot(
        [x],
        [y],
        linestyle="none",
        marker=mark.marker,
        markersize=6.5,
        markerfacecolor=mark.colour,
        markeredgecolor="white",
        markeredgewidth=0.7,
        zorder=5,
        clip_on=False,
        gid=f"mean:{stack}",
        url=told or None,
    )


def draw_rounds(
    axes: Axes, xs: Sequence[float], ys: Sequence[float], stack: str, mark: Mark, moved: Transform | None = None
) -> None:
    """Draw a dot for each round, at its value or `moved` from there."""
    where: dict[str, Any] = {} if moved is None else {"transform": moved}
    axes.plot(
        xs,
        ys,
        linestyle="none",
        marker="o",
        markersize=2.6,
        markerfacecolor=mark.colour,
        markeredgewidth=0,
        alpha=0.75,
        zorder=4,
        clip_on=False,
        gid=f"rounds:{stack}",
        **where,
    )


def draw_interval(axes: Axes, xs: Sequence[float], ys: Sequence[float], stack: str, mark: Mark) -> None:
    """Draw a thin bar between two ends, cut off where it leaves the panel."""
    axes.plot(xs, ys, color=mark.colour, linewidth=1.1, zorder=3, gid=f"interval:{stack}")


def leave_empty(axes: Axes) -> None:
    """Say on a panel that it has no value."""
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, "no reliable value", transform=axes.transAxes, ha="center", va="center", color=QUIET)


def draw_ring(axes: Axes, x: float, y: float, stack: str) -> None:
    """Draw a ring around a mean."""
    axes.plot(
        [x],
        [y],
        linestyle="none",
        marker="o",
        markersize=14.0,
        markerfacecolor="none",
        markeredgecolor=INK,
        markeredgewidth=1.2,
        zorder=6,
        clip_on=False,
        gid=f"ring:{stack}",
    )
