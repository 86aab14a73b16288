"""The axes of a panel: their ends, scales and tick labels, and where a stack is on them."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bench.judge.stacks.rows import Row
from bench.judge.stats.intervals import Estimate
from bench.model.loads import amount
from bench.show.charts.style import width_in
from bench.units import tick

LOG_FROM = 20.0
"""If one stack's value is this many times another's, the axis is logarithmic."""

LABEL_GAP_IN = 0.08
BEYOND_PANEL_IN = 0.2
DODGE = 0.014
MARGIN = 0.09
WIDEST_INTERVAL = 2.5
FARTHEST_VOID = 2.0
FEWEST_SLOTS = 4
ONE_TWO_FIVE_TO = 2000.0

Position = Callable[[Row], float]


def bar_positions(axes: Axes, stacks: Sequence[str]) -> Position:
    """Where the bar of a row is: one place per stack, in their order. Sets the axis."""
    middle, half = (len(stacks) - 1) / 2, max(len(stacks), FEWEST_SLOTS) / 2 + 0.1
    axes.set_xlim(middle - half, middle + half)
    axes.set_xticks([])
    return lambda row: float(stacks.index(row.stack))


def line_positions(axes: Axes, stacks: Sequence[str], loads: Sequence[float], title: str, wide_in: float) -> Position:
    """Where the value of a row is: at its load, shifted slightly so that equal values do not hide each other.

    `loads`: users or requests/s. Sets the axis: logarithmic, ticks at the measured loads.
    """
    span = math.log(loads[-1] / loads[0])
    edge = math.exp(MARGIN * span)
    axes.set_xscale("log")
    axes.set_xlim(loads[0] / edge, loads[-1] * edge)
    axes.set_xlabel(title)
    axes.xaxis.set_minor_locator(NullLocator())
    places_in = [math.log(load) * wide_in / (span * (1 + 2 * MARGIN)) for load in loads]
    axes.set_xticks(list(loads), thinned([tick(load) for load in loads], places_in))
    gap = min(math.log(after / before) for before, after in pairwise(loads))
    step, middle = min(DODGE * span, 0.6 * gap / len(stacks)), (len(stacks) - 1) / 2
    return lambda row: amount(row.load) * math.exp((stacks.index(row.stack) - middle) * step)


def thinned(labels: Sequence[str], places_in: Sequence[float], most_in: float = math.inf) -> list[str]:
    """The labels of ticks at these places, empty where one would touch the one before, or pass `most_in`."""
    shown: list[str] = []
    free_from = -math.inf
    for label, at_in in zip(labels, places_in, strict=True):
        half = (width_in(label) + LABEL_GAP_IN) / 2
        fits = at_in - half >= free_from and at_in + half <= most_in
        shown.append(label if fits else "")
        free_from = at_in + half if fits else free_from
    return shown


def figure_axis(axes: Axes, found: Sequence[Estimate], void: Sequence[float], *, log: bool) -> bool:
    """Whether an interval reaches beyond the vertical axis, which is now set to hold these values."""
    bottom, top, clipped = ends(found, void, log=log)
    up_axis(axes, limits(bottom, top, log=log), log=log)
    return clipped


def ends(found: Sequence[Estimate], void: Sequence[float], *, log: bool) -> tuple[float, float, bool]:
    """The least and the greatest value that an axis must hold, and whether an interval reaches beyond them.

    All rounds lie within. An interval may be ten times as wide as its rounds, so the axis extends only part of the way.
    For unreliable values it extends to at most twice what the others need.
    """
    values = [value for one in found for value in (*one.values, one.mean)]
    highs = [one.high for one in found if one.high is not None]
    lows = [one.low for one in found if one.low is not None]
    top = max(*values, min(max(highs, default=0.0), WIDEST_INTERVAL * max(values)))
    bottom = min(*values, max(min(lows, default=math.inf), min(values) / WIDEST_INTERVAL))
    near = [value for value in void if value <= FARTHEST_VOID * top and (value >= bottom / FARTHEST_VOID or not log)]
    top, bottom = max([top, *near]), min([bottom, *near])
    return bottom, top, max(highs, default=0.0) > top or (log and min(lows, default=math.inf) < bottom)


def limits(bottom: float, top: float, *, log: bool) -> tuple[float, float]:
    """The ends of an axis that holds values from `bottom` to `top`; a linear one starts at 0."""
    return (bottom / 1.5, top * 1.5) if log else (0.0, (top or 1.0) * 1.12)


def up_axis(axes: Axes, within: tuple[float, float], *, log: bool) -> None:
    """Set the vertical axis to these ends, with plain numbers at its ticks."""
    axes.set_yscale("log" if log else "linear")
    axes.set_ylim(*within)
    axes.yaxis.set_major_locator(FixedLocator(_log_ticks(*within)) if log else _linear())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def across_axis(axes: Axes, within: tuple[float, float], wide_in: float, *, log: bool) -> None:
    """Set the horizontal axis to these ends, with plain numbers at its ticks where a panel this wide has room."""
    axes.set_xscale("log" if log else "linear")
    axes.set_xlim(*within)
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = (math.log(end) if log else end for end in within)
    ticks = _log_ticks(*within) if log else [at for at in _linear().tick_values(*within) if 0 <= at <= within[1]]
    places_in = [((math.log(at) if log else at) - low) / (high - low) * wide_in for at in ticks]
    axes.set_xticks(ticks, thinned([tick(at) for at in ticks], places_in, wide_in + BEYOND_PANEL_IN))


def _linear() -> MaxNLocator:
    return MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])


def _log_ticks(low: float, high: float) -> list[float]:
    steps = (1, 2, 5) if high / low <= ONE_TWO_FIVE_TO else (1,)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = (float(f"{step}e{exponent}") for exponent in exponents for step in steps)
    return [value for value in ticks if low <= value <= high]
