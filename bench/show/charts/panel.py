"""One panel of a chart: a metric under one scenario, as lines over several loads or as bars at one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy

from bench.judge.cell.metrics import Metric
from bench.judge.stacks.rows import Row, spread
from bench.judge.stats.intervals import Estimate
from bench.model.config import Closed, Load
from bench.model.loads import amount, load_name
from bench.show.charts.axis import LOG_FROM, Position, bar_positions, figure_axis, line_positions
from bench.show.charts.points import draw_interval, draw_mean, draw_rounds, leave_empty
from bench.show.charts.style import BAR_WIDE, VALUE_POINTS, Mark
from bench.show.charts.void import Void, draw_voids
from bench.show.text.titles import AXES
from bench.show.text.words import plain
from bench.units import Scale, interval, scale

ROUNDS_BESIDE_POINTS = 5.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a panel shows that needs a note below the chart. `struck`: the rows whose unreliable values it shows."""

    slot_limits: bool = False
    clipped: bool = False
    struck: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """A row's value on the panel's scale, and where it is."""

    row: Row
    x: float
    found: Estimate
    told: str = ""


def draw_panel(
    axes: Axes, rows: Sequence[Row], metric: Metric, marks: Mapping[str, Mark], *, slot_limits: bool, wide_in: float
) -> Drawn:
    """What was drawn into the axes: the rows of one scenario and load model.

    A row without a reliable value has no mark, or a struck one if its value was measured and is near the others.
    """
    figures = [row.estimates[metric.name] for row in rows if metric.name in row.estimates]
    if not figures:
        leave_empty(axes)
        return Drawn()
    chosen = scale(metric.unit, max(max(found.values) for found in figures))
    loads = sorted({amount(row.load) for row in rows})
    stacks = [name for name in marks if any(row.stack == name for row in rows)]
    bars = len(loads) == 1
    if bars:
        position = bar_positions(axes, stacks)
    else:
        position = line_positions(axes, stacks, loads, AXES[rows[0].load.model], wide_in)
    places = [
        _Place(row, position(row), _scaled(row.estimates[metric.name], chosen.factor), _told(row, metric))
        for row in rows
        if metric.name in row.estimates
    ]
    voids = [
        Void(row, position(row), None if figure is None else figure * chosen.factor)
        for row in rows
        if metric.name not in row.estimates
        for figure in (row.voids[metric.name].figure if metric.name in row.voids else None,)
    ]
    log = spread(rows, metric) >= LOG_FROM
    read = [void.figure for void in voids if void.figure is not None]
    clipped = figure_axis(axes, [place.found for place in places], read, log=log)
    axes.set_ylabel(f"{chosen.axis} (log scale)" if log else chosen.axis)
    if bars:
        axes.set_xlabel(_only_load(rows[0].load))
        _bars(axes, places, marks, log=log)
    else:
        _lines(axes, rows, position, places, marks)
    struck = draw_voids(axes, voids, marks, bars=bars, log=log)
    for place in places:
        _figure(axes, place, marks[place.row.stack])
    shown = slot_limits and _slot_limits(axes, rows, position, chosen, marks, bars=bars)
    return Drawn(shown, clipped, struck)


def _told(row: Row, metric: Metric) -> str:
    """Which value it is: `flask, 100 users: throughput 845/s (801-889)`."""
    found = row.estimates[metric.name]
    words = metric.under(row.load.model).title
    value = " ".join(interval(found.mean, found.low, found.high, metric.unit)).strip()
    return f"{plain(row.stack)}, {load_name(row.load)}: {words} {value}"


def _only_load(load: Load) -> str:
    return load_name(load) if isinstance(load, Closed) else f"{load_name(load)} offered"


def _scaled(found: Estimate, factor: float) -> Estimate:
    low, high = (None if end is None else end * factor for end in (found.low, found.high))
    return Estimate(found.mean * factor, low, high, tuple(value * factor for value in found.values))


def _lines(
    axes: Axes, rows: Sequence[Row], position: Position, places: Sequence[_Place], marks: Mapping[str, Mark]
) -> None:
    """Draw a line for each stack, broken at loads without a value."""
    for stack, mark in marks.items():
        means = {place.row.load: place.found.mean for place in places if place.row.stack == stack}
        own = sorted((row for row in rows if row.stack == stack), key=lambda row: amount(row.load))
        values = [means.get(row.load, math.nan) for row in own]
        if own:
            axes.plot([position(row) for row in own], values, color=mark.colour, linewidth=1.6, gid=f"line:{stack}")


def _bars(axes: Axes, places: Sequence[_Place], marks: Mapping[str, Mark], *, log: bool) -> None:
    """Draw a bar for each stack with its value above; no bar on a log axis, where its length means nothing."""
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


def _figure(axes: Axes, place: _Place, mark: Mark) -> None:
    """Draw the interval of a value, its rounds beside it and its mean on top."""
    stack, found = place.row.stack, place.found
    if found.low is not None and found.high is not None:
        draw_interval(axes, [place.x] * 2, [found.low, found.high], stack, mark)
    if len(found.values) > 1:
        beside = offset_copy(axes.transData, axes.get_figure(root=True), ROUNDS_BESIDE_POINTS, 0, units="points")
        draw_rounds(axes, [place.x] * len(found.values), found.values, stack, mark, beside)
    draw_mean(axes, place.x, found.mean, stack, mark, place.told)


def _slot_limits(
    axes: Axes, rows: Sequence[Row], position: Position, chosen: Scale, marks: Mapping[str, Mark], *, bars: bool
) -> bool:
    """Whether a slot limit lies within the axis. Each that does is drawn, also beyond the last load of its stack."""
    low, high = axes.get_ylim()
    limits = {row.stack: row.slots_rps * chosen.factor for row in rows if row.slots_rps is not None}
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
            gid=f"slots:{stack}",
        )
    return bool(inside)
