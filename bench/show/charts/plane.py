"""A panel of two metrics against each other: a point for each row, with its rounds and both intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from bench.judge.cell.metrics import Metric
from bench.judge.stacks.rows import Row, spread
from bench.judge.stats.intervals import Estimate
from bench.model.cell import Cell
from bench.model.loads import load_name
from bench.show.charts.axis import LOG_FROM, across_axis, ends, limits, up_axis
from bench.show.charts.labels import DOT_IN, Box, Size, around
from bench.show.charts.points import draw_interval, draw_mean, draw_rounds, leave_empty
from bench.show.charts.style import Mark
from bench.show.charts.void import crossed
from bench.show.text.words import plain
from bench.units import Scale, interval, scale


@dataclass(frozen=True, slots=True)
class Side:
    """The metric along one axis of a panel, and what it is called there."""

    metric: Metric
    name: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a row is on its panel: both of its means, on the scales of the axes."""

    row: Row
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Plane:
    """What a panel shows. `struck`: the rows whose unreliable values it shows; `taken`: where no label fits."""

    spots: tuple[Spot, ...] = ()
    struck: tuple[Row, ...] = ()
    clipped: bool = False
    taken: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis, laid out: its scale, its ends on that scale, and whether an interval runs out of it."""

    metric: Metric
    scale: Scale
    ends: tuple[float, float]
    log: bool
    clipped: bool

    def of(self, value: float | None) -> float | None:
        """A value in base units, on the scale of the axis."""
        return None if value is None else value * self.scale.factor

    def holds(self, value: float | None) -> bool:
        """Whether a value on the scale of the axis lies between its ends."""
        return value is not None and self.ends[0] <= value <= self.ends[1]


def draw_plane(
    axes: Axes,
    rows: Sequence[Row],
    cells: Iterable[Cell],
    sides: tuple[Side, Side],
    marks: Mapping[str, Mark],
    size_in: Size,
) -> Plane:
    """What was drawn into the axes: rows of one scenario, the first metric to the right, the second upwards.

    A row with an unreliable value is a hollow, crossed-out mark, if both values were measured and are near the others.
    """
    sound = [row for row in rows if all(side.metric.name in row.estimates for side in sides)]
    if not sound:
        leave_empty(axes)
        return Plane()
    others = [row for row in rows if row not in sound]
    x, y = (_axis(side.metric, sound, others) for side in sides)
    across_axis(axes, x.ends, size_in[0], log=x.log)
    up_axis(axes, y.ends, log=y.log)
    titles = [f"{side.name}, {one.scale.axis}" for side, one in zip(sides, (x, y), strict=True)]
    axes.set_xlabel(f"{titles[0]} (log scale)" if x.log else titles[0])
    axes.set_ylabel(f"{titles[1]} (log scale)" if y.log else titles[1])
    struck, taken = _voids(axes, others, x, y, marks, size_in)
    rounds = _rounds(cells, x, y)
    spots = []
    for row in sound:
        spot = _spot(axes, row, x, y, marks[row.stack])
        own = rounds.get((row.stack, row.scenario, row.load), [])
        if len(own) > 1:
            draw_rounds(axes, [one[0] for one in own], [one[1] for one in own], row.stack, marks[row.stack])
            taken += [around(axes, *one, size_in, DOT_IN) for one in own]
        taken.append(around(axes, spot.x, spot.y, size_in))
        spots.append(spot)
    return Plane(tuple(spots), tuple(struck), x.clipped or y.clipped, tuple(taken))


def _axis(metric: Metric, sound: Sequence[Row], others: Sequence[Row]) -> _Axis:
    found = [row.estimates[metric.name] for row in sound]
    void = [figure for row in others if (figure := _read(row, metric)) is not None]
    log = spread(sound, metric) >= LOG_FROM
    bottom, top, clipped = ends(found, void, log=log)
    chosen = scale(metric.unit, max(max(one.values) for one in found))
    return _Axis(metric, chosen, limits(bottom * chosen.factor, top * chosen.factor, log=log), log, clipped)


def _read(row: Row, metric: Metric) -> float | None:
    """The row's value, or that of its first unreliable round."""
    if metric.name in row.estimates:
        return row.estimates[metric.name].mean
    return row.voids[metric.name].figure if metric.name in row.voids else None


def _spot(axes: Axes, row: Row, x: _Axis, y: _Axis, mark: Mark) -> Spot:
    """Where the row's means are, now drawn with their intervals."""
    across, up = (_scaled(row.estimates[one.metric.name], one) for one in (x, y))
    if across.low is not None and across.high is not None:
        draw_interval(axes, [across.low, across.high], [up.mean] * 2, row.stack, mark)
    if up.low is not None and up.high is not None:
        draw_interval(axes, [across.mean] * 2, [up.low, up.high], row.stack, mark)
    told = ", ".join(_value(row, one.metric) for one in (x, y))
    draw_mean(axes, across.mean, up.mean, row.stack, mark, f"{plain(row.stack)}, {load_name(row.load)}: {told}")
    return Spot(row, across.mean, up.mean)


def _value(row: Row, metric: Metric) -> str:
    """A metric with its value and interval."""
    found = row.estimates[metric.name]
    value = " ".join(interval(found.mean, found.low, found.high, metric.unit)).strip()
    return f"{metric.under(row.load.model).title} {value}"


def _scaled(found: Estimate, one: _Axis) -> Estimate:
    return Estimate(found.mean * one.scale.factor, one.of(found.low), one.of(found.high), ())


def _rounds(cells: Iterable[Cell], x: _Axis, y: _Axis) -> dict[tuple[object, ...], list[tuple[float, float]]]:
    """The values of each round that has both, by stack, scenario and load."""
    found: dict[tuple[object, ...], list[tuple[float, float]]] = {}
    for cell in cells:
        across, up = x.of(x.metric.value(cell.measurement)), y.of(y.metric.value(cell.measurement))
        if across is not None and up is not None:
            found.setdefault((cell.stack, cell.scenario, cell.load), []).append((across, up))
    return found


def _voids(
    axes: Axes, rows: Iterable[Row], x: _Axis, y: _Axis, marks: Mapping[str, Mark], size_in: Size
) -> tuple[list[Row], list[Box]]:
    """The rows whose unreliable values are now drawn crossed out, and the space that they take."""
    struck: list[Row] = []
    taken: list[Box] = []
    for row in rows:
        across, up = x.of(_read(row, x.metric)), y.of(_read(row, y.metric))
        if across is not None and up is not None and x.holds(across) and y.holds(up):
            crossed(axes, row.stack, across, up, marks[row.stack])
            struck.append(row)
            taken.append(around(axes, across, up, size_in))
    return struck, taken
