"""The chart of latency percentiles at the highest load."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from bench.judge.cell.metrics import P95
from bench.judge.cell.percentiles import Curve, joined
from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.axis import BEYOND_PANEL_IN, LOG_FROM, limits, thinned, up_axis
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.labels import Box, Label, Size, place_labels, trace
from bench.show.charts.legend import of_run, void_notes
from bench.show.charts.phrases import first_named, some
from bench.show.charts.points import leave_empty
from bench.show.charts.style import Mark, marks
from bench.show.text.titles import MODELS, load_title, under
from bench.show.text.words import listed, plain
from bench.units import scale, seconds, threshold, tick

NAME, TITLE = "percentiles", "Latency percentiles at the highest load"
CAUTION = (
    "Each panel shows a single load. Under a closed-loop load whose users do not pause, latency is the time spent in a "
    "full queue. A curve that ends early has fewer requests, not faster ones."
)
TOLD = (1000.0, 100.0, 10.0)
"""The tails that a sentence may name: P99.9 if the samples suffice, else P99, else P90."""

FEWEST_TAIL, BEYOND = 10.0, 1.5
"""How far the axis extends beyond the longest curve, or beyond P90, so that the last label stays on the page."""

MARK_EVERY = 12
"""Points of a curve from one of its marks to the next: a factor of ten in the tail."""

APART_IN = 0.12


@dataclass(frozen=True, slots=True)
class _Line:
    """A stack's curves under one load: of each reliable round, and of all of them."""

    stack: str
    rounds: tuple[Curve, ...]
    whole: Curve


@dataclass(frozen=True, slots=True)
class _Panel:
    """The curves of one scenario and load, the rows with unreliable latency, and the stacks not measured there."""

    scenario: str
    load: Load
    lines: tuple[_Line, ...]
    void: tuple[Row, ...]
    absent: tuple[str, ...]


def chart(reading: JudgedRun, rows: Sequence[Row]) -> Chart | None:
    """The chart, with a panel for each scenario and load model; None where no cell has a curve."""
    run, panels = reading.run, _panels(reading, rows)
    if not panels:
        return None
    names = marks(run.config)
    frame = framed(
        [
            (f"{one.scenario} {one.load.model}", f"{run.config.scenarios[one.scenario].title}, {load_title(one.load)}")
            for one in panels
        ]
    )
    for axes, panel in zip(frame.panels, panels, strict=True):
        _draw(axes, panel.lines, names, frame.panel_in)
    notes = void_notes((), (row for panel in panels for row in panel.void), (P95,))
    notes += [
        f"Not measured {under([panel.load])} on {plain(panel.scenario)}: {plain(listed(panel.absent))}."
        for panel in panels
        if panel.absent
    ]
    several = run.config.profile.rounds > 1
    how = (
        "lower is better",
        *of_run(run),
        *(("thick lines: all rounds", "thin lines: single rounds") if several else ()),
    )
    return Chart(NAME, TITLE, _finding(run, panels), CAUTION, finished(frame, Words(TITLE, how, notes), names))


def _panels(reading: JudgedRun, rows: Sequence[Row]) -> list[_Panel]:
    curves: dict[tuple[str, Load], dict[str, list[Curve]]] = {}
    for cell in reading.run.cells:
        if cell.order in reading.curves:
            own = curves.setdefault((cell.scenario, cell.load), {}).setdefault(cell.stack, [])
            own += [reading.curves[cell.order]] if P95.void(cell.measurement) is None else []
    return [
        _panel(scenario, load, curves[scenario, load], rows)
        for scenario, load in dict.fromkeys((row.scenario, row.load) for row in rows)
        if (scenario, load) in curves
    ]


def _panel(scenario: str, load: Load, curves: Mapping[str, Sequence[Curve]], rows: Sequence[Row]) -> _Panel:
    own = [row for row in rows if (row.scenario, row.load) == (scenario, load)]
    # No estimate: the stack itself spoilt a round, and the remaining rounds would be its good ones.
    sound = {row.stack: curves.get(row.stack, ()) for row in own if P95.name in row.estimates}
    whole = {stack: joined(found) for stack, found in sound.items()}
    lines = tuple(_Line(stack, tuple(sound[stack]), curve) for stack, curve in whole.items() if curve is not None)
    given = {row.stack for row in own}
    elsewhere = (row.stack for row in rows if row.scenario == scenario and row.load.model == load.model)
    return _Panel(
        scenario=scenario,
        load=load,
        lines=lines,
        void=tuple(row for row in own if P95.name in row.voids),
        absent=tuple(dict.fromkeys(stack for stack in elsewhere if stack not in given)),
    )


def _draw(axes: Axes, lines: Sequence[_Line], names: Mapping[str, Mark], size_in: Size) -> None:
    """Draw the curves of a panel: a thin one for each round, a thick one with marks for all of them."""
    if not lines:
        leave_empty(axes)
        return
    curves = [curve for line in lines for curve in (*line.rounds, line.whole)]
    every = [value for curve in curves for value in curve.latency_s]
    low, high = min(every), max(every)
    chosen, log = scale("s", high), 0 < LOG_FROM * low <= high
    _tail_axis(axes, max(curve.tails[-1] for curve in curves), size_in[0])
    up_axis(axes, limits(low * chosen.factor, high * chosen.factor, log=log), log=log)
    axes.set_ylabel(f"latency, {chosen.axis}{' (log scale)' if log else ''}")
    taken: list[Box] = []
    labels: list[Label] = []
    for place, line in enumerate(lines):
        colour = names[line.stack].colour
        for curve in line.rounds if len(line.rounds) > 1 else ():
            values = [value * chosen.factor for value in curve.latency_s]
            axes.plot(curve.tails, values, color=colour, linewidth=0.7, alpha=0.55, gid=f"round:{line.stack}")
        tails, values = line.whole.tails, [value * chosen.factor for value in line.whole.latency_s]
        # The marks of coinciding curves are side by side.
        first = min(round((place + 0.5) * MARK_EVERY / len(lines)), len(tails) - 1)
        axes.plot(
            tails,
            values,
            color=colour,
            linewidth=2.0,
            marker=names[line.stack].marker,
            markevery=(first, MARK_EVERY),
            markersize=6.5,
            markeredgecolor="white",
            markeredgewidth=0.7,
            zorder=4,
            gid=f"line:{line.stack}",
        )
        taken += trace(axes, tails, values, size_in)
        labels.append(Label(tails[-1], values[-1], plain(line.stack)))
    place_labels(axes, labels, taken, size_in, apart_in=APART_IN)


def _tail_axis(axes: Axes, longest: float, wide_in: float) -> None:
    """Set the horizontal axis: 1 / (1 - p), logarithmic, with ticks at the usual percentiles."""
    end = BEYOND * max(longest, FEWEST_TAIL)
    axes.set_xscale("log")
    axes.set_xlim(1.0, end)
    axes.xaxis.set_minor_locator(NullLocator())
    tails = [tail for tail in (2.0, *(10.0**power for power in range(1, 10))) if tail <= end]
    places_in = [math.log(tail) / math.log(end) * wide_in for tail in tails]
    labels = [threshold(1 - 1 / tail) for tail in tails]
    axes.set_xticks(tails, thinned(labels, places_in, wide_in + BEYOND_PANEL_IN))
    axes.xaxis.grid(visible=True)
    axes.set_xlabel("percentile p, on a scale of log 1 / (1 - p)")


def _finding(run: Run, panels: Sequence[_Panel]) -> str:
    """The highest percentile that all stacks have, under the first open-loop load or else under the first load."""
    drawn = sorted((panel for panel in panels if panel.lines), key=lambda panel: panel.load.model != "open")
    if not drawn:
        return "This run has no reliable latency at its highest load."
    panel = drawn[0]
    where = f"on {plain(panel.scenario)} {under([panel.load])} ({MODELS[panel.load.model]})"
    whole = {line.stack: dict(zip(line.whole.tails, line.whole.latency_s, strict=True)) for line in panel.lines}
    tail = next((tail for tail in TOLD if all(tail in curve for curve in whole.values())), None)
    if tail is None:
        return f"Latency percentiles {where}: too few requests for P90 of each stack."
    said = some([f"{plain(stack)} {seconds(whole[stack][tail])}" for stack in first_named(run, whole)])
    means = ", geometric means of the rounds" if run.config.profile.rounds > 1 else ""
    return f"P{tick(100 - 100 / tail)} {where}{means}: {said}."
