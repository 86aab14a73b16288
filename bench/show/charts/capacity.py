"""The chart of P95 against the offered rate up to past each stack's knee, with what each carries beside it."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from bench.judge.capacity.curve import RateCurve, Seen, rate_curve
from bench.judge.capacity.rows import CapacityRow, capacity_rows
from bench.judge.stacks.rows import Row
from bench.model.config import Objective
from bench.model.loads import objective_name
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.axis import across_axis, ends, up_axis
from bench.show.charts.frame import PANEL_IN, Chart, Words, finished, framed
from bench.show.charts.labels import DOT_IN, Box, Label, around, place_in, place_labels, trace
from bench.show.charts.legend import of_run
from bench.show.charts.phrases import first_named, some
from bench.show.charts.points import draw_interval, draw_mean, draw_rounds, leave_empty
from bench.show.charts.style import INK, VALUE_POINTS, Mark, marks, width_in
from bench.show.text.words import cut, plain
from bench.units import figure, interval, rate, scale, seconds

NAME = "capacity"
CAUTION = (
    "Each dot is one window of a search, and the lines join medians of windows at about the same rate. The rates are "
    "what one machine carried that day: the ratios between stacks are what another machine should find too."
)
HIGHEST = 6.0
"""Latencies beyond so many times the limit are drawn at the upper edge."""

ROW_IN = 0.38
"""A stack with its words takes so much of a panel at least."""

ABOVE_POINTS = 7


def chart(reading: JudgedRun, _rows: Sequence[Row]) -> Chart | None:
    """The chart, with two panels for each scenario; None where nothing was searched for."""
    run, rows = reading.run, capacity_rows(reading.run)
    scenarios = [name for name in run.config.profile.sought if any(row.scenario == name for row in rows)]
    if not scenarios:
        return None
    names = marks(run.config)
    frame = framed(
        [
            panel
            for name in scenarios
            for panel in (
                (f"{name} latency", run.config.scenarios[name].title),
                (f"{name} capacity", f"Carried with {objective_name(run.config.profile.sought[name].objective)}"),
            )
        ],
        tall_in=max(PANEL_IN, ROW_IN * len({row.stack for row in rows})),
    )
    for place, name in enumerate(scenarios):
        own = [row for row in rows if row.scenario == name]
        curves = [
            rate_curve(row.stack, [one for one in run.searches if (one.stack, one.scenario) == (row.stack, name)])
            for row in own
        ]
        objective = run.config.profile.sought[name].objective
        _draw_curves(frame.panels[2 * place], curves, objective, names, frame.panel_in)
        _draw_capacities(frame.panels[2 * place + 1], own, names, frame.panel_in)
    title = f"{_percentile(run)} latency against offered rate"
    how = (
        "lower and further right is better",
        *of_run(run),
        "dots: windows",
        "hollow: not judged",
        "triangles: at least",
        "dashed line: the objective",
    )
    return Chart(NAME, title, _finding(run, rows), CAUTION, finished(frame, Words(title, how), names))


def _percentile(run: Run) -> str:
    return next(iter(run.config.profile.sought.values())).objective.percentile.upper()


def _draw_curves(
    axes: Axes,
    curves: Sequence[RateCurve],
    objective: Objective,
    names: Mapping[str, Mark],
    size_in: tuple[float, float],
) -> None:
    """Every window as a dot, the medians as a line, and the objective as a dashed one."""
    seen = [window for curve in curves for window in curve.seen]
    if not seen:
        leave_empty(axes)
        return
    chosen = scale("s", objective.limit_s)
    most = HIGHEST * objective.limit_s
    values = [min(window.latency_s, most) * chosen.factor for window in seen]
    rates = [window.rate_rps for window in seen]
    up_axis(axes, (min(values) / 1.2, most * chosen.factor * 1.1), log=True)
    across_axis(axes, (min(rates) / 1.3, max(rates) * 1.6), size_in[0], log=True)
    axes.set_xlabel("requests/s offered (log scale)")
    axes.set_ylabel(f"{objective.percentile.upper()}, {chosen.axis} (log scale)")
    limit = objective.limit_s * chosen.factor
    axes.axhline(limit, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2, gid="objective")
    taken: list[Box] = []
    dots: list[Box] = []
    labels: list[Label] = []
    for curve in curves:
        mark = names[curve.stack]
        for window in curve.seen:
            latency = min(window.latency_s, most) * chosen.factor
            dots.append(around(axes, window.rate_rps, latency, size_in, DOT_IN))
            axes.plot(
                [window.rate_rps],
                [latency],
                linestyle="none",
                marker="^" if window.least else "o",
                markersize=3.4 if window.least else 2.6,
                markerfacecolor=mark.colour if window.known else "white",
                markeredgecolor=mark.colour,
                markeredgewidth=0.0 if window.known else 0.7,
                alpha=0.55,
                zorder=3,
                gid=f"window:{curve.stack}",
                url=_told(curve.stack, window, objective),
            )
        across = [rate_rps for rate_rps, _ in curve.points]
        up = [min(latency_s, most) * chosen.factor for _, latency_s in curve.points]
        axes.plot(
            across,
            up,
            color=mark.colour,
            linewidth=1.8,
            marker=mark.marker,
            markersize=5.0,
            markeredgecolor="white",
            markeredgewidth=0.6,
            zorder=4,
            gid=f"line:{curve.stack}",
        )
        if across:
            taken += trace(axes, across, up, size_in)
            labels.append(Label(across[-1], up[-1], plain(curve.stack)))
    place_labels(axes, labels, taken, size_in, avoided=dots)


def _draw_capacities(
    axes: Axes, rows: Sequence[CapacityRow], names: Mapping[str, Mark], size_in: tuple[float, float]
) -> None:
    """The capacity of each stack with its rounds and interval, the highest above."""
    found = [row for row in rows if row.rate_rps is not None]
    if not found:
        leave_empty(axes)
        return
    ordered = sorted(found, key=lambda row: row.rate_rps.mean if row.rate_rps else 0.0)
    low, high, _ = ends([row.rate_rps for row in found if row.rate_rps], (), log=True)
    across_axis(axes, (low / 4, high * 3), size_in[0], log=True)
    axes.set_ylim(-0.7, len(ordered) - 0.3)
    axes.set_yticks([])
    axes.xaxis.grid(visible=True)
    axes.yaxis.grid(visible=False)
    axes.set_xlabel("requests/s carried (log scale)")
    for place, row in enumerate(ordered):
        estimate = row.rate_rps
        if estimate is None:
            continue
        mark = names[row.stack]
        draw_rounds(axes, list(estimate.values), [place - 0.18] * len(estimate.values), row.stack, mark)
        if estimate.low is not None and estimate.high is not None:
            draw_interval(axes, [estimate.low, estimate.high], [place, place], row.stack, mark)
        name, carried = plain(row.stack), _carried(row)
        draw_mean(axes, estimate.mean, place, row.stack, mark, f"{name}  {carried}")
        while width_in(f"{name}  {carried}", VALUE_POINTS) > size_in[0] and len(name) > 1:
            name = cut(name, len(name) - 1)
        _write_above(axes, f"{name}  {carried}", (estimate.mean, place), size_in)


def _write_above(axes: Axes, words: str, point: tuple[float, float], size_in: tuple[float, float]) -> None:
    """Write words above a point, as near to its middle as the panel has room."""
    half_in = width_in(words, VALUE_POINTS) / 2
    at_in, _ = place_in(axes, *point, size_in)
    moved_in = min(max(at_in, half_in), size_in[0] - half_in) - at_in
    axes.annotate(
        words,
        point,
        xytext=(72 * moved_in, ABOVE_POINTS),
        textcoords="offset points",
        ha="center",
        fontsize=VALUE_POINTS,
        color=INK,
        annotation_clip=False,
        gid="carried",
    )


def _finding(run: Run, rows: Sequence[CapacityRow]) -> str:
    """What the stacks carry under the first scenario."""
    own = {row.stack: row for row in rows if row.scenario == rows[0].scenario and row.rate_rps is not None}
    if not own:
        return "No capacity was found."
    said = [f"{plain(name)} {_carried(own[name])}" for name in first_named(run, own)]
    objective = objective_name(rows[0].sought.objective)
    return f"Carried on {plain(rows[0].scenario)} with {objective}: {some(said)}."


def _carried(row: CapacityRow) -> str:
    estimate = row.rate_rps
    if estimate is None:
        return figure(None, "requests/s")
    value, around = interval(estimate.mean, estimate.low, estimate.high, "requests/s")
    return f"{'at least ' if row.at_least else ''}{value} {around}".strip()


def _told(stack: str, window: Seen, objective: Objective) -> str:
    """What one window says where a reader points at it."""
    latency = f"{objective.percentile.upper()} {'at least ' if window.least else ''}{seconds(window.latency_s)}"
    return f"{plain(stack)}: {latency} at {rate(window.rate_rps)}{'' if window.known else ', not judged'}"
