"""One panel of a chart: a metric under one scenario, as lines over several loads or as bars at one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy

from bench.judge.comparison import Row, spread
from bench.judge.metrics import Metric
from bench.judge.stats import Estimate
from bench.show.axis import Position, bar_positions, figure_axis, line_positions
from bench.show.style import QUIET, Mark
from bench.units import Scale, scale, users

LOG_FROM = 20.0
ROUNDS_BESIDE_POINTS = 5.0
BAR_WIDE = 0.72
VALUE_POINTS = 8.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a panel shows that needs a word below the chart."""

    ceilings: bool = False
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A row's figure on the panel's scale, and where it stands."""

    row: Row
    x: float
    found: Estimate


def draw_panel(
    axes: Axes, rows: Sequence[Row], metric: Metric, marks: Mapping[str, Mark], *, ceilings: bool, wide_in: float
) -> Drawn:
    """What was drawn of the rows of one scenario into the axes; a row without the figure is left out."""
    figures = [row.estimates[metric.name] for row in rows if metric.name in row.estimates]
    if not figures:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no figure to show", transform=axes.transAxes, ha="center", va="center", color=QUIET)
        return Drawn()
    chosen = scale(metric.unit, max(max(found.values) for found in figures))
    loads = sorted({row.load.users for row in rows})
    stacks = [name for name in marks if any(row.stack == name for row in rows)]
    bars = len(loads) == 1
    position = bar_positions(axes, stacks) if bars else line_positions(axes, stacks, loads, wide_in)
    places = [
        _Place(row, position(row), _scaled(row.estimates[metric.name], chosen.factor))
        for row in rows
        if metric.name in row.estimates
    ]
    log = spread(rows, metric) >= LOG_FROM
    clipped = figure_axis(axes, [place.found for place in places], log=log)
    axes.set_ylabel(f"{chosen.axis} (log scale)" if log else chosen.axis)
    if bars:
        axes.set_xlabel(users(loads[0]))
        _bars(axes, places, marks, log=log)
        _absent(axes, [(row, position(row)) for row in rows if metric.name not in row.estimates])
    else:
        _lines(axes, rows, position, places, marks)
    for place in places:
        _figure(axes, place, marks[place.row.stack])
    shown = ceilings and _ceilings(axes, rows, position, chosen, marks, bars=bars)
    return Drawn(shown, clipped)


def _scaled(found: Estimate, factor: float) -> Estimate:
    low, high = (None if end is None else end * factor for end in (found.low, found.high))
    return Estimate(found.mean * factor, low, high, tuple(value * factor for value in found.values))


def _lines(
    axes: Axes, rows: Sequence[Row], position: Position, places: Sequence[_Place], marks: Mapping[str, Mark]
) -> None:
    """A line for each stack, broken where a load between two has no figure."""
    for stack, mark in marks.items():
        means = {place.row.load: place.found.mean for place in places if place.row.stack == stack}
        own = sorted((row for row in rows if row.stack == stack), key=lambda row: row.load.users)
        values = [means.get(row.load, math.nan) for row in own]
        if own:
            axes.plot([position(row) for row in own], values, color=mark.colour, linewidth=1.6, gid=f"line:{stack}")


def _bars(axes: Axes, places: Sequence[_Place], marks: Mapping[str, Mark], *, log: bool) -> None:
    """A bar for each stack, its value above; no bar on a log axis, where its length would say nothing."""
    end = axes.get_ylim()[1]
    for place in places:
        stack, found = place.row.stack, place.found
        if not log:
            axes.bar(place.x, found.mean, width=BAR_WIDE, color=marks[stack].colour, alpha=0.35, gid=f"bar:{stack}")
        top = min(max(*found.values, found.mean, found.high or 0.0), end)
        axes.annotate(
            Scale(1.0, "", "").number(found.mean),
            (place.x, top),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=VALUE_POINTS,
            annotation_clip=False,
        )


def _absent(axes: Axes, absent: Sequence[tuple[Row, float]]) -> None:
    for row, x in absent:
        word = "failed" if set(row.outcomes) == {"failed"} else "void"
        where = axes.get_xaxis_transform()
        axes.text(x, 0.02, word, transform=where, ha="center", va="bottom", fontsize=VALUE_POINTS, color=QUIET)


def _figure(axes: Axes, place: _Place, mark: Mark) -> None:
    """A figure's interval, its rounds beside it and its mean on top."""
    stack, found = place.row.stack, place.found
    if found.low is not None and found.high is not None:
        ends = [found.low, found.high]
        axes.plot([place.x] * 2, ends, color=mark.colour, linewidth=1.1, zorder=3, gid=f"interval:{stack}")
    if len(found.values) > 1:
        axes.plot(
            [place.x] * len(found.values),
            found.values,
            transform=offset_copy(axes.transData, axes.get_figure(root=True), ROUNDS_BESIDE_POINTS, 0, units="points"),
            linestyle="none",
            marker="o",
            markersize=2.6,
            markerfacecolor=mark.colour,
            markeredgewidth=0,
            alpha=0.75,
            zorder=4,
            clip_on=False,
            gid=f"rounds:{stack}",
        )
    axes.plot(
        [place.x],
        [found.mean],
        linestyle="none",
        marker=mark.marker,
        markersize=6.5,
        markerfacecolor=mark.colour,
        markeredgecolor="white",
        markeredgewidth=0.7,
        zorder=5,
        clip_on=False,
        gid=f"mean:{stack}",
    )


def _ceilings(
    axes: Axes, rows: Sequence[Row], position: Position, chosen: Scale, marks: Mapping[str, Mark], *, bars: bool
) -> bool:
    """Whether a ceiling lies within the axis; each that does is drawn, past the last load that its stack was given."""
    low, high = axes.get_ylim()
    limits = {row.stack: row.ceiling_rps * chosen.factor for row in rows if row.ceiling_rps is not None}
    inside = {stack: limit for stack, limit in limits.items() if low < limit <= high}
    for stack, limit in inside.items():
        first = min(position(row) for row in rows if row.stack == stack)
        ends = (first - 0.45, first + 0.45) if bars else (first, axes.get_xlim()[1])
        axes.plot(
            ends,
            [limit] * 2,
            linestyle=(0, (4, 2.5)),
            linewidth=1.2,
            color=marks[stack].colour,
            zorder=2,
            gid=f"ceiling:{stack}",
        )
    return bool(inside)
