"""The chart of memory against requests in flight: what each request costs a stack."""

from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes

from bench.judge.cell.metrics import MEMORY
from bench.judge.stacks.memory import Growth, growth
from bench.judge.stacks.rows import Row
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.axis import across_axis, limits, up_axis
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.labels import Box, Label, Size, around, place_labels, trace
from bench.show.charts.legend import of_run, void_notes
from bench.show.charts.phrases import first_named, some
from bench.show.charts.style import Mark, marks
from bench.show.text.titles import memory_kind
from bench.show.text.words import listed, plain
from bench.units import KILOBYTES, MEGABYTES

NAME = "memory-in-flight"
CAUTION = (
    "A slope holds for the measured loads only. Where memory grows once, for a pool, and not with every request, a "
    "straight line is the wrong model."
)
MARK_POINTS, MARK_IN = 5.0, 0.05
APART_IN = 0.1


def chart(reading: JudgedRun, rows: Sequence[Row]) -> Chart | None:
    """The chart, with a panel for each scenario with memory; None where no cell knows its requests in flight."""
    run = reading.run
    found = [one for one in growth(run.cells, run.config) if one.places]
    shown = {scenario: [one for one in found if one.scenario == scenario] for scenario in run.config.profile.loads}
    shown = {scenario: own for scenario, own in shown.items() if own}
    if not shown:
        return None
    names, kind = marks(run.config), memory_kind(run)
    frame = framed([(scenario, run.config.scenarios[scenario].title) for scenario in shown])
    for axes, own in zip(frame.panels, shown.values(), strict=True):
        _draw(axes, own, names, frame.panel_in)
        axes.set(xlabel="requests in flight, mean over the window", ylabel=f"memory, {MEGABYTES.axis}")
    notes = [note for scenario, own in shown.items() for note in _notes(scenario, own)]
    notes += void_notes((), (row for row in rows if row.scenario in shown), (MEMORY,))
    how = (
        "lower is better",
        *of_run(run),
        f"filled: {kind} of a cell",
        "hollow: its RSS, which counts shared pages once per process",
        f"lines: linear fit to the {kind}",
    )
    title = f"Memory ({kind}) against requests in flight"
    return Chart(NAME, title, _finding(run, shown, kind), CAUTION, finished(frame, Words(title, how, notes), names))


def _draw(axes: Axes, found: Sequence[Growth], names: Mapping[str, Mark], size_in: Size) -> None:
    """Draw the cells of one scenario, and for each stack its line with the slope beside it."""
    factor = MEGABYTES.factor
    places = [place for one in found for place in one.places]
    across_axis(axes, limits(0.0, max(place[0] for place in places), log=False), size_in[0], log=False)
    highest = max(max(place[1:]) for place in places) * factor
    up_axis(axes, limits(0.0, highest, log=False), log=False)
    taken: list[Box] = []
    labels: list[Label] = []
    for one in found:
        in_flight = [place[0] for place in one.places]
        ranked, rss = ([place[kind] * factor for place in one.places] for kind in (1, 2))
        _cells(axes, in_flight, rss, one.stack, names[one.stack], hollow=True)
        _cells(axes, in_flight, ranked, one.stack, names[one.stack], hollow=False)
        taken += [around(axes, x, y, size_in, MARK_IN) for x, y in zip(in_flight * 2, [*ranked, *rss], strict=True)]
        if one.per_request_bytes is not None and one.base_bytes is not None:
            xs = [min(in_flight), max(in_flight)]
            ys = [(one.base_bytes + one.per_request_bytes * x) * factor for x in xs]
            axes.plot(xs, ys, color=names[one.stack].colour, linewidth=1.6, zorder=3, gid=f"growth:{one.stack}")
            taken += trace(axes, xs, ys, size_in)
            labels.append(Label(xs[1], ys[1], f"{KILOBYTES.text(one.per_request_bytes)} each"))
    place_labels(axes, labels, taken, size_in, apart_in=APART_IN)


def _cells(axes: Axes, xs: Sequence[float], ys: Sequence[float], stack: str, mark: Mark, *, hollow: bool) -> None:
    axes.plot(
        xs,
        ys,
        linestyle="none",
        marker=mark.marker,
        markersize=MARK_POINTS,
        markerfacecolor="none" if hollow else mark.colour,
        markeredgecolor=mark.colour if hollow else "white",
        markeredgewidth=0.8 if hollow else 0.5,
        alpha=0.45 if hollow else 1.0,
        zorder=2 if hollow else 4,
        clip_on=False,
        gid=f"{'rss' if hollow else 'ranked'}:{stack}",
    )


def _notes(scenario: str, found: Iterable[Growth]) -> list[str]:
    """The slopes of one scenario with their intervals, and the stacks without one."""
    known = [one for one in found if one.per_request_bytes is not None]
    flat = [plain(one.stack) for one in found if one.per_request_bytes is None]
    said = f"Memory per request in flight on {plain(scenario)}"
    parts = [f"{said}, with 95 % intervals: {'; '.join(map(_slope, known))}."] if known else []
    return [*parts, *([f"{said}: too few loads for a slope of {listed(flat)}."] if flat else [])]


def _slope(one: Growth) -> str:
    if one.per_request_bytes is None:
        return plain(one.stack)
    ends = " to ".join(KILOBYTES.number(end) for end in (one.low, one.high) if end is not None)
    return f"{plain(one.stack)} {KILOBYTES.text(one.per_request_bytes)}{f' ({ends})' if ends else ''}"


def _finding(run: Run, shown: Mapping[str, Sequence[Growth]], kind: str) -> str:
    """The slopes of the first scenario that has any."""
    for scenario, found in shown.items():
        known = {one.stack: one for one in found if one.per_request_bytes is not None}
        if known:
            said = some([_slope(known[stack]) for stack in first_named(run, known)])
            return f"{kind} per request in flight on {plain(scenario)}, with 95 % intervals: {said}."
    return f"{kind} was measured at too few numbers of requests in flight to tell what each request needs."
