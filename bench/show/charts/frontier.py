"""The chart of throughput against memory, with each stack at its best closed-loop load."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from bench.judge.cell.metrics import MEMORY, THROUGHPUT
from bench.judge.stacks import tradeoff
from bench.judge.stacks.rows import Row
from bench.model.config import Closed
from bench.model.loads import load_name
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.labels import LINE_EMS, Box, Label, Size, place_labels, trace
from bench.show.charts.legend import MARKS, TOO_WIDE, of_run, void_notes
from bench.show.charts.phrases import first_named, some
from bench.show.charts.plane import Plane, Side, draw_plane
from bench.show.charts.style import QUIET, VALUE_POINTS, marks, width_in
from bench.show.text.titles import memory_kind
from bench.show.text.words import plain
from bench.units import figure

NAME = "frontier"
CAUTION = (
    "The line uses means, so stacks with overlapping intervals are not shown to differ. Each stack is at its own best "
    "load, so the numbers of users may differ."
)
METRICS = (MEMORY, THROUGHPUT)
BETTER = "\u2196 better"
BETTER_IN = 0.05
"""From the corner of the panel to the words in it."""

APART_IN = 0.1


def chart(reading: JudgedRun, rows: Sequence[Row]) -> Chart | None:
    """The chart, with a panel for each scenario in which a stack has both figures; None where there is none."""
    run, best = reading.run, tradeoff.best(rows)
    shown = {
        scenario: [row for row in best if row.scenario == scenario]
        for scenario in run.config.profile.loads
        if any(row.scenario == scenario for row in best)
    }
    if not shown:
        return None
    kind = memory_kind(run)
    sides = Side(MEMORY, f"memory ({kind})"), Side(THROUGHPUT, THROUGHPUT.title)
    names = marks(run.config)
    frame = framed([(scenario, run.config.scenarios[scenario].title) for scenario in shown])
    planes: list[Plane] = []
    void: list[Row] = []
    for axes, (scenario, found) in zip(frame.panels, shown.items(), strict=True):
        others = _others(rows, scenario, found)
        plane = draw_plane(axes, [*found, *others], run.cells, sides, names, frame.panel_in)
        _step(axes, plane, tradeoff.frontier(found), frame.panel_in)
        planes.append(plane)
        void += others
    notes = [
        "Line: the highest throughput that any stack of this run reached with that much memory or less. For a stack "
        "below the line, another stack had no less throughput and needed no more memory.",
        *([TOO_WIDE] if any(plane.clipped for plane in planes) else []),
    ]
    struck = [row for plane in planes for row in plane.struck]
    notes += void_notes(struck, (row for row in void if row not in struck), METRICS)
    how = ("up and to the left is better", *of_run(run), *(MARKS if run.config.profile.rounds > 1 else ()))
    title = f"Throughput against memory ({kind}), each stack at its best closed-loop load"
    return Chart(NAME, title, _finding(run, shown), CAUTION, finished(frame, Words(title, how, notes), names))


def _others(rows: Sequence[Row], scenario: str, found: Sequence[Row]) -> list[Row]:
    """The closed-loop rows of the stacks that have both figures under no load of the scenario."""
    have = {row.stack for row in found}
    return [row for row in rows if row.scenario == scenario and isinstance(row.load, Closed) and row.stack not in have]


def _step(axes: Axes, plane: Plane, efficient: Sequence[Row], size_in: Size) -> None:
    """Draw the frontier as steps, mark the better corner and write the stacks' names beside their points."""
    spots = sorted((spot for spot in plane.spots if spot.row in efficient), key=lambda spot: spot.x)
    xs, ys = [spot.x for spot in spots], [spot.y for spot in spots]
    # The line continues to the right: with more memory the last stack has no less throughput.
    xs, ys = [*xs, axes.get_xlim()[1]], [*ys, ys[-1]]
    axes.plot(xs, ys, drawstyle="steps-post", color=QUIET, linewidth=1.2, zorder=2, gid="frontier")
    corners = [(xs[0], ys[0])]
    for x, y in zip(xs[1:], ys[1:], strict=True):
        corners += [(x, corners[-1][1]), (x, y)]
    line = trace(axes, [x for x, _ in corners], [y for _, y in corners], size_in)
    wide, tall = width_in(BETTER, VALUE_POINTS), LINE_EMS * VALUE_POINTS / 72
    corner = Box(0.0, size_in[1] - BETTER_IN - tall, BETTER_IN + wide, size_in[1])
    axes.annotate(
        BETTER,
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(72 * BETTER_IN, -72 * BETTER_IN),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=VALUE_POINTS,
        color=QUIET,
        gid="better",
    )
    labels = [Label(spot.x, spot.y, plain(spot.row.stack)) for spot in plane.spots]
    place_labels(axes, labels, [*plane.taken, *line, corner], size_in, apart_in=APART_IN)


def _finding(run: Run, shown: Mapping[str, Sequence[Row]]) -> str:
    """Which stacks of the first scenario are on the line, and which are below it, with their figures."""
    scenario, found = next(iter(shown.items()))
    own = {row.stack: row for row in found}
    efficient = {row.stack for row in tradeoff.frontier(found)}
    said = some([_spot(own[stack]) for stack in first_named(run, efficient)])
    below = first_named(run, set(own) - efficient)
    rest = f" Below it: {some([_spot(own[stack]) for stack in below])}." if below else ""
    return f"On the frontier for {plain(scenario)} (means): {said}.{rest}"


def _spot(row: Row) -> str:
    memory, throughput = (figure(row.estimates[metric.name].mean, metric.unit) for metric in METRICS)
    return f"{plain(row.stack)} ({throughput} in {memory}, {load_name(row.load)})"
