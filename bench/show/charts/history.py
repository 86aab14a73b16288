"""The charts of a trend: each figure against the runs, with its steps, and where the machine changed."""

import math
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator

from bench.judge.history.series import PARTS, Part
from bench.judge.history.trend import Followed, Trend
from bench.judge.stats.intervals import Estimate
from bench.model.config import Interface
from bench.show.charts.axis import LABEL_GAP_IN, ends, up_axis
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.gallery import picture_of
from bench.show.charts.labels import Size
from bench.show.charts.legend import TOO_WIDE
from bench.show.charts.phrases import some
from bench.show.charts.points import draw_interval, draw_mean, draw_ring
from bench.show.charts.style import INK, QUIET, VALUE_POINTS, Mark, marks_of, styled, width_in
from bench.show.text.document import Picture
from bench.show.text.steps import changed, name, unit, value
from bench.show.text.words import plain, plural
from bench.units import RATIO, Scale, scale

TITLES: Mapping[Part, str] = {
    "ratios": "Ratios within a run, from run to run",
    "capacity": "Capacity, from run to run",
    "absolute": "Absolute figures, from run to run",
}
NAMES = tuple(f"trend-{part}" for part in PARTS)
CAUTIONS: Mapping[Part, str] = {
    "ratios": "Two figures that move together leave their ratio as it is.",
    "capacity": "Where the machine changed, a capacity changes with it: that says nothing of the code.",
    "absolute": "Where the machine changed, these figures change with it: that says nothing of the code.",
}
MOST_PANELS, COLUMNS, TALL_IN = 24, 3, 1.75
LEAST_SPAN = 1.15
"""An axis reaches at least this factor beyond the values, so that what hardly varies looks like it."""

MARGIN, ABOVE = 0.12, 0.12
"""Shares of the height that are left empty: beyond the values, and above them for words."""

STRIDES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
FEWEST_TICKS = 3


def pictures(found: Trend) -> Iterator[Picture]:
    """A chart of each part that has a series of two runs or more. The same runs give the same bytes."""
    for part in PARTS:
        followed = [one for one in found.followed if one.subject.part == part and len(one.points) > 1]
        if followed:
            with styled():
                picture = picture_of(chart(found, part, followed))
            yield picture


def chart(found: Trend, part: Part, followed: Sequence[Followed]) -> Chart:
    """The chart of these series, a panel for each; of more than MOST_PANELS those with steps come first."""
    by_steps = sorted(followed, key=lambda one: not one.steps)[:MOST_PANELS]
    shown = [one for one in followed if one in by_steps]
    marks = _marks(found, shown)
    frame = framed(
        [(f"{part} {number}", plain(name(one.subject))) for number, one in enumerate(shown)],
        columns=COLUMNS,
        tall_in=TALL_IN,
    )
    clipped = [
        _draw(axes, found, one, marks[one.subject.stack], frame.panel_in)
        for axes, one in zip(frame.panels, shown, strict=True)
    ]
    how = (
        f"{plural(len(found.runs), 'run')}, oldest first",
        "marks: runs",
        "thin bars: 95 % intervals within a run",
        "ring: a step began",
        "thick lines: levels before and after it",
        *(["dashed line: the machine changed"] if found.changes else []),
    )
    left_out = len(followed) - len(shown)
    notes = [
        *([TOO_WIDE] if any(clipped) else []),
        *([f"Not drawn: {plural(left_out, 'figure')} more without a step, which the tables have."] if left_out else []),
    ]
    title = TITLES[part]
    figure = finished(frame, Words(title, how, notes), marks)
    return Chart(f"trend-{part}", title, _finding(found, followed), CAUTIONS[part], figure)


def _marks(found: Trend, followed: Sequence[Followed]) -> dict[str, Mark]:
    """The marks of the stacks that have a series, by their places in all runs, the newest first."""
    interfaces: dict[str, Interface | None] = {}
    for run in reversed(found.runs):
        for stack in run.config.profile.stacks:
            interfaces.setdefault(stack, run.config.stacks[stack].interface)
    have = {one.subject.stack for one in followed}
    return {stack: mark for stack, mark in marks_of(interfaces).items() if stack in have}


def _draw(axes: Axes, found: Trend, one: Followed, mark: Mark, size_in: Size) -> bool:
    """Whether an interval reaches beyond the panel, which now has the series."""
    chosen = _scale(one)
    bottom, top, clipped = ends([_scaled(point.found, chosen.factor) for point in one.points], (), log=True)
    _up(axes, bottom, top, labelled=bool(one.steps))
    axes.set_ylabel(f"{chosen.axis} (log scale)")
    _across(axes, len(found.runs), size_in[0])
    highest = 1 / (1 + ABOVE) if one.steps else 1.0  # below the words
    for change in found.changes:
        axes.axvline(
            change.run + 0.5, 0, highest, color=QUIET, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1, gid="machine"
        )
    _series(axes, found, one, mark, chosen.factor)
    _steps(axes, one, chosen.factor, size_in[0] / len(found.runs))
    return clipped


def _across(axes: Axes, count: int, wide_in: float) -> None:
    """Set the horizontal axis: a place for each run, and as many numbers as there is room for."""
    room_in = width_in(str(count)) + LABEL_GAP_IN
    stride = next((one for one in STRIDES if one * wide_in / count >= room_in), count)
    axes.set_xlim(0.5, count + 0.5)
    axes.set_xticks([place for place in range(1, count + 1) if place % stride == 0 or stride == count])
    axes.set_xlabel("run")


def _series(axes: Axes, found: Trend, one: Followed, mark: Mark, factor: float) -> None:
    """Draw the runs of a series, and its levels where it has steps."""
    stack = one.subject.stack
    xs = [float(point.run + 1) for point in one.points]
    ys = [point.found.mean * factor for point in one.points]
    axes.plot(xs, ys, color=mark.colour, linewidth=1.0, alpha=0.6, zorder=3, gid=f"line:{stack}")
    for level in one.levels if one.steps else ():
        across, up = [xs[level.first] - 0.4, xs[level.last] + 0.4], [level.mean * factor] * 2
        axes.plot(across, up, color=mark.colour, linewidth=4.0, alpha=0.3, zorder=2, gid=f"level:{stack}")
    for x, y, point in zip(xs, ys, one.points, strict=True):
        if point.found.low is not None and point.found.high is not None:
            draw_interval(axes, [x, x], [point.found.low * factor, point.found.high * factor], stack, mark)
        told = f"{plain(stack)}, {plain(found.runs[point.run].id)}: {value(one.subject, point.found.mean)}"
        draw_mean(axes, x, y, stack, mark, told)


def _steps(axes: Axes, one: Followed, factor: float, run_in: float) -> None:
    """Ring the first run after each step, and write above it how large the step is, where there is room for that."""
    left, right = (edge * run_in for edge in axes.get_xlim())
    free_from = left
    for step in one.steps:
        first = next(point for point in one.points if point.run == step.run)
        x, text = float(step.run + 1), changed(step)
        draw_ring(axes, x, first.found.mean * factor, one.subject.stack)
        half_in = (width_in(text, VALUE_POINTS) + LABEL_GAP_IN) / 2
        at_in = max(min(x * run_in, right - half_in), left + half_in)
        if at_in - half_in < free_from:
            continue
        free_from = at_in + half_in
        axes.text(
            at_in / run_in,
            1.0,
            text,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            fontsize=VALUE_POINTS,
            color=INK,
            gid="label",
        )


def _scale(one: Followed) -> Scale:
    if one.subject.part == "ratios":
        return RATIO
    return scale(unit(one.subject), max(point.found.mean for point in one.points))


def _scaled(found: Estimate, factor: float) -> Estimate:
    low, high = (None if end is None else end * factor for end in (found.low, found.high))
    return Estimate(found.mean * factor, low, high, (found.mean * factor,))


def _up(axes: Axes, bottom: float, top: float, *, labelled: bool) -> None:
    """Set the vertical axis, on which equal changes are equally high; with more ticks where it spans little.

    `labelled`: with room above the values for words.
    """
    edge = max((top / bottom) ** MARGIN, LEAST_SPAN / math.sqrt(top / bottom))
    low, high = bottom / edge, top * edge
    high *= (high / low) ** ABOVE if labelled else 1.0
    up_axis(axes, (low, high), log=True)
    if sum(low <= tick <= high for tick in axes.get_yticks()) < FEWEST_TICKS:
        ticks = [tick for tick in MaxNLocator(nbins=5).tick_values(low, high) if low <= tick <= high]
        axes.yaxis.set_major_locator(FixedLocator(ticks))


def _finding(found: Trend, followed: Sequence[Followed]) -> str:
    """The steps that the chart shows."""
    said = [
        f"{plain(name(one.subject))} {value(one.subject, step.was)} to {value(one.subject, step.now)} since "
        f"{plain(found.runs[step.run].id)}{' (the machine changed)' if step.by_machine else ''}"
        for one in followed
        for step in one.steps
    ]
    if said:
        return f"Steps: {some(said)}."
    return f"No step was shown in {plural(len(followed), 'figure')} over {plural(len(found.runs), 'run')}."
