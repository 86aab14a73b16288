"""The charts of one metric against the load: throughput, P95, CPU and memory, a panel for each scenario."""

from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from bench.judge.cell.metrics import BY_NAME, Metric
from bench.judge.stacks.rows import Row
from bench.model.loads import amount
from bench.model.run import Run
from bench.reading import Reading
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.legend import MARKS, TOO_WIDE, of_run, void_notes
from bench.show.charts.panel import draw_panel
from bench.show.charts.phrases import first_named, some, with_interval
from bench.show.charts.style import marks
from bench.show.text.markdown import listed, plain
from bench.show.text.titles import Model, chart_title, charted, charted_title, metric_title, models, under
from bench.units import rate

# The charts on which what the slots allow can be drawn: it is a throughput.
CEILINGS = frozenset({"throughput"})
DASHED = "Dashed: the most that a stack's slots allow, at any load (slots / seconds for which each is held)."
SATURATION = "p95-saturation"

_COST = "Low CPU per request is not speed, since a stack may wait: it is what a request costs you."
_WHOLE_TREE = (
    "It is that of the whole process tree, with the workers, threads and pools that the highest load of the run needs: "
    "compare it within a run."
)
CAUTIONS: Mapping[tuple[str, Model], str] = {
    ("throughput", "closed"): (
        "With few users it says how fast one answer is, not how much a stack can do: compare stacks at the load where "
        "their lines are flat."
    ),
    ("throughput", "open"): (
        "It cannot be more than was offered: equal figures mean that both kept up, not that both are equally fast."
    ),
    ("p95", "closed"): (
        "It is what waiting in a full queue costs, about users / throughput, and not what a visitor waits."
    ),
    ("p95", "open"): (
        "It holds at the rates shown: near the limit of a stack it grows steeply, and between two rates it may as well."
    ),
    ("cpu", "closed"): _COST,
    ("cpu", "open"): _COST,
    ("memory", "closed"): _WHOLE_TREE,
    ("memory", "open"): _WHOLE_TREE,
}


def against_load(name: str, reading: Reading, rows: Sequence[Row]) -> Chart | None:
    """The chart of the metric of this name; None where no cell was recorded."""
    return _chart(name, reading.run, rows, BY_NAME[name], charted(reading.run, BY_NAME[name]))


def at_saturation(reading: Reading, rows: Sequence[Row]) -> Chart | None:
    """P95 under closed loads, where the headline's is under open ones: None unless the run has both."""
    if len(models(reading.run)) < 2:
        return None
    return _chart(SATURATION, reading.run, rows, BY_NAME["p95"], "closed")


def draw(run: Run, rows: Sequence[Row], metric: Metric, model: Model | None = None) -> Figure:
    """The chart of one metric, under loads of one model. To be called, and the figure drawn, within `styled`.

    A scenario that was not run under this model has no panel; where nothing was run at all each has an empty one.
    """
    model = model or charted(run, metric)
    shown = [row for row in rows if row.load.model == model]
    under_it = {row.scenario for row in shown}
    scenarios = tuple(name for name in run.config.profile.loads if name in under_it or not shown)
    names = marks(run.config.profile.stacks)
    frame = framed([(name, run.config.scenarios[name].title) for name in scenarios])
    drawn = []
    for axes, name in zip(frame.panels, scenarios, strict=True):
        own = [row for row in shown if row.scenario == name]
        ceilings, wide_in = metric.name in CEILINGS, frame.panel_in[0]
        drawn.append(draw_panel(axes, own, metric, names, ceilings=ceilings, wide_in=wide_in))
    said = [DASHED] if any(one.ceilings for one in drawn) else []
    said += [TOO_WIDE] if any(one.clipped for one in drawn) else []
    struck = [row for one in drawn for row in one.struck]
    said += void_notes(struck, (row for row in shown if row not in struck), (metric,))
    missing = tuple(dict.fromkeys(row.scenario for row in rows if row.scenario not in scenarios))
    said += [f"Not run under {model} loads: {plain(listed(missing))}."] if missing else []
    how = (f"{metric.better} is better", *of_run(run), *(MARKS if run.config.profile.rounds > 1 else ()))
    return finished(frame, Words(chart_title(run, metric, model), how, said), names)


def _chart(name: str, run: Run, rows: Sequence[Row], metric: Metric, model: Model) -> Chart | None:
    shown = [row for row in rows if row.load.model == model]
    if not shown:
        return None
    return Chart(
        name=name,
        title=chart_title(run, metric, model),
        finding=finding(run, shown, metric, model),
        caution=CAUTIONS[metric.name, model],
        figure=draw(run, rows, metric, model),
    )


def finding(run: Run, shown: Sequence[Row], metric: Metric, model: Model) -> str:
    """The figures of the first scenario at its highest load under which two stacks can be compared, if there is one."""
    sound = [row for row in shown if metric.name in row.estimates]
    if not sound:
        return f"No {metric_title(metric, model)} of this run is sound under {model} loads."
    scenario = sound[0].scenario
    counts = Counter(row.load for row in sound if row.scenario == scenario)
    load = max(counts, key=lambda one: (min(counts[one], 2), amount(one)))
    here = {row.stack: row for row in shown if (row.scenario, row.load) == (scenario, load)}
    known = {stack: row.estimates[metric.name] for stack, row in here.items() if metric.name in row.estimates}
    figures = some([with_interval(stack, known[stack], metric) for stack in first_named(run, known)])
    void = first_named(run, [stack for stack in here if stack not in known])
    parts = [
        f"{charted_title(run, metric, model)} on {plain(scenario)} {under([load])}: {figures}",
        *([f"void: {some([plain(stack) for stack in void])}"] if void else []),
    ]
    limits = {
        row.stack: f"{plain(row.stack)} (at most {rate(row.ceiling_rps)})"
        for row in sound
        if row.scenario == scenario and "slots" in row.bounds and row.ceiling_rps is not None
    }
    bound = some([limits[stack] for stack in first_named(run, limits)]) if metric.name in CEILINGS and limits else ""
    return f"{'; '.join(parts)}.{f' Bound by slots: {bound}.' if bound else ''}"
