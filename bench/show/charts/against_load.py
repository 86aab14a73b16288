"""The charts of one metric against the load, with a panel for each scenario."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.judge.cell.metrics import Metric, Model
from bench.judge.stacks.rows import Row
from bench.model.loads import amount
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.legend import MARKS, TOO_WIDE, of_run, void_notes
from bench.show.charts.panel import draw_panel
from bench.show.charts.phrases import first_named, some, with_interval
from bench.show.charts.style import marks
from bench.show.text.document import UNRELIABLE
from bench.show.text.titles import MODELS, chart_title, charted, under, wording
from bench.show.text.words import listed, plain
from bench.units import rate

DASHED = "Dashed line: the highest rate that a stack's worker slots can serve (slots / service time)."


def against_load(metric: Metric, name: str, reading: JudgedRun, rows: Sequence[Row]) -> Chart | None:
    """The metric's chart of this name; None where the run has no such chart, or recorded nothing for it."""
    models = {chart: model for model, chart in charted(reading.run, metric)}
    shown = [row for row in rows if row.load.model == models.get(name)]
    if not shown:
        return None
    model = models[name]
    return Chart(
        name=name,
        title=chart_title(reading.run, metric, model),
        finding=finding(reading.run, shown, metric, model),
        caution=metric.under(model).caution,
        figure=draw(reading.run, rows, metric, model),
    )


def draw(run: Run, rows: Sequence[Row], metric: Metric, model: Model | None = None) -> Figure:
    """The chart of one metric under loads of one model, by default its main one. Call and draw it within `styled`.

    A scenario that was not measured under this model has no panel. If nothing was measured, all have an empty one.
    """
    model = model or charted(run, metric)[0][0]
    shown = [row for row in rows if row.load.model == model]
    under_it = {row.scenario for row in shown}
    scenarios = tuple(name for name in run.config.profile.loads if name in under_it or not shown)
    names = marks(run.config)
    frame = framed([(name, run.config.scenarios[name].title) for name in scenarios])
    drawn = []
    for axes, name in zip(frame.panels, scenarios, strict=True):
        own = [row for row in shown if row.scenario == name]
        drawn.append(draw_panel(axes, own, metric, names, slot_limits=_is_rate(metric), wide_in=frame.panel_in[0]))
    said = [DASHED] if any(one.slot_limits for one in drawn) else []
    said += [TOO_WIDE] if any(one.clipped for one in drawn) else []
    struck = [row for one in drawn for row in one.struck]
    said += void_notes(struck, (row for row in shown if row not in struck), (metric,))
    missing = tuple(dict.fromkeys(row.scenario for row in rows if row.scenario not in scenarios))
    said += [f"Not measured under {MODELS[model]} loads: {plain(listed(missing))}."] if missing else []
    how = (f"{metric.better} is better", *of_run(run), *(MARKS if run.config.profile.rounds > 1 else ()))
    return finished(frame, Words(chart_title(run, metric, model), how, said), names)


def _is_rate(metric: Metric) -> bool:
    """Whether what the slots allow, a rate, can be compared with it."""
    return metric.unit == "requests/s"


def finding(run: Run, shown: Sequence[Row], metric: Metric, model: Model) -> str:
    """The figures of the first scenario, at the highest load under which two stacks can be compared, if any."""
    sound = [row for row in shown if metric.name in row.estimates]
    words = wording(run, metric, model)
    if not sound:
        return f"This run has no reliable {words.title} under {MODELS[model]} loads."
    scenario = sound[0].scenario
    counts = Counter(row.load for row in sound if row.scenario == scenario)
    load = max(counts, key=lambda one: (min(counts[one], 2), amount(one)))
    here = {row.stack: row for row in shown if (row.scenario, row.load) == (scenario, load)}
    known = {stack: row.estimates[metric.name] for stack, row in here.items() if metric.name in row.estimates}
    figures = some([with_interval(stack, known[stack], metric) for stack in first_named(run, known)])
    void = first_named(run, [stack for stack in here if stack not in known])
    parts = [
        f"{words.chart} on {plain(scenario)} {under([load])}: {figures}",
        *([f"{UNRELIABLE}: {some([plain(stack) for stack in void])}"] if void else []),
    ]
    limits = {
        row.stack: f"{plain(row.stack)} (slots allow {rate(row.slots_rps)})"
        for row in sound
        if row.scenario == scenario and "slots" in row.bottlenecks and row.slots_rps is not None
    }
    limited = some([limits[stack] for stack in first_named(run, limits)]) if _is_rate(metric) and limits else ""
    return f"{'; '.join(parts)}.{f' Limited by slots: {limited}.' if limited else ''}"
