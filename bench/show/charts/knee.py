"""The chart of P95 against throughput: up to which load more users get more answers and not only longer waits."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from bench.judge.cell.metrics import P95, THROUGHPUT
from bench.judge.stacks import tradeoff
from bench.judge.stacks.rows import Row
from bench.model.config import Closed
from bench.model.loads import amount
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.labels import MARK_IN, Label, Size, around, place_labels, trace
from bench.show.charts.legend import MARKS, TOO_WIDE, of_run, void_notes
from bench.show.charts.phrases import first_named, some
from bench.show.charts.plane import Plane, Side, draw_plane
from bench.show.charts.points import draw_ring
from bench.show.charts.style import Mark, marks
from bench.show.text.words import listed, plain
from bench.units import figure, tick, users

NAME, TITLE = "knee", "P95 against throughput, closed-loop loads"
CAUTION = (
    "Beyond the knee P95 is about users / throughput, in every stack. Closed-loop loads do not measure latency at a "
    "given arrival rate."
)
METRICS = (THROUGHPUT, P95)
SIDES = (Side(THROUGHPUT, THROUGHPUT.closed.title), Side(P95, P95.closed.title))
RING_IN = 0.11


def chart(reading: JudgedRun, rows: Sequence[Row]) -> Chart | None:
    """The chart, with a panel for each scenario with several closed-loop loads; None where there is none."""
    run = reading.run
    own = {
        scenario: [row for row in rows if row.scenario == scenario and isinstance(row.load, Closed)]
        for scenario in run.config.profile.loads
    }
    shown = {scenario: found for scenario, found in own.items() if len({row.load for row in found}) > 1}
    if not shown:
        return None
    names = marks(run.config)
    frame = framed([(scenario, run.config.scenarios[scenario].title) for scenario in shown])
    knees = {scenario: _knees(found, names) for scenario, found in shown.items()}
    planes = []
    for axes, (scenario, found) in zip(frame.panels, shown.items(), strict=True):
        plane = draw_plane(axes, found, run.cells, SIDES, names, frame.panel_in)
        _join(axes, found, plane, knees[scenario], names, frame.panel_in)
        planes.append(plane)
    notes = [TOO_WIDE] if any(plane.clipped for plane in planes) else []
    struck = [row for plane in planes for row in plane.struck]
    notes += void_notes(struck, (row for found in shown.values() for row in found if row not in struck), METRICS)
    single = [scenario for scenario, found in own.items() if found and scenario not in shown]
    notes += [f"No line, because there is only one load: {plain(listed(single))}."] if single else []
    how = (
        "further right and lower is better",
        *of_run(run),
        "numbers: users",
        "ring: the knee, where throughput / P95 is greatest",
        *(MARKS if run.config.profile.rounds > 1 else ()),
    )
    return Chart(NAME, TITLE, _finding(run, shown, knees), CAUTION, finished(frame, Words(TITLE, how, notes), names))


def _knees(rows: Sequence[Row], stacks: Mapping[str, Mark]) -> dict[str, Row]:
    """The row that is the knee of each stack, by stack."""
    found = ((stack, tradeoff.knee([row for row in rows if row.stack == stack])) for stack in stacks)
    return {stack: row for stack, row in found if row is not None}


def _join(
    axes: Axes,
    rows: Sequence[Row],
    plane: Plane,
    knees: Mapping[str, Row],
    names: Mapping[str, Mark],
    size_in: Size,
) -> None:
    """Join the points of each stack in order of load, ring its knee and write the users beside the points."""
    taken = list(plane.taken)
    for stack, mark in names.items():
        spots = {spot.row.load: spot for spot in plane.spots if spot.row.stack == stack}
        own = sorted((row for row in rows if row.stack == stack), key=lambda row: amount(row.load))
        xs = [spots[row.load].x if row.load in spots else math.nan for row in own]
        ys = [spots[row.load].y if row.load in spots else math.nan for row in own]
        if spots:
            axes.plot(xs, ys, color=mark.colour, linewidth=1.6, gid=f"line:{stack}")
            taken += trace(axes, xs, ys, size_in)
    ringed = [spot for spot in plane.spots if spot.row == knees.get(spot.row.stack)]
    for spot in ringed:
        draw_ring(axes, spot.x, spot.y, spot.row.stack)
        taken.append(around(axes, spot.x, spot.y, size_in, RING_IN))
    # Knees first: if there is room for few labels only, these matter most.
    labels = [
        Label(spot.x, spot.y, tick(amount(spot.row.load)), RING_IN if spot in ringed else MARK_IN)
        for spot in (*ringed, *(spot for spot in plane.spots if spot not in ringed))
    ]
    place_labels(axes, labels, taken, size_in)


def _finding(run: Run, shown: Mapping[str, Sequence[Row]], knees: Mapping[str, Mapping[str, Row]]) -> str:
    """Where the knees of the first scenario with a knee are."""
    for scenario, found in knees.items():
        if found:
            said = some([_knee(found[stack]) for stack in first_named(run, found)])
            return (
                f"The knee on {plain(scenario)}, where throughput / P95 is greatest, is at {said}. Beyond it P95 "
                "grows by a larger factor than throughput."
            )
    if not any(all(metric.name in row.estimates for metric in METRICS) for found in shown.values() for row in found):
        return "No closed-loop load of this run has both a reliable throughput and a reliable P95."
    return (
        "No stack has a knee within its loads: throughput / P95 still grew at the highest load, or fewer than "
        f"{tradeoff.LEAST_LOADS} loads are reliable."
    )


def _knee(row: Row) -> str:
    at = users(row.load.users) if isinstance(row.load, Closed) else ""
    throughput, p95 = (figure(row.estimates[metric.name].mean, metric.unit) for metric in METRICS)
    return f"{at} for {plain(row.stack)} ({throughput}, P95 {p95})"
