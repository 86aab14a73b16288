"""The charts of a run: throughput, P95 and memory against the load, a panel for each scenario."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.judge.comparison import Row
from bench.judge.metrics import BY_NAME, Metric
from bench.model import Run
from bench.show.legend import LINE_IN, NOTE_POINTS, head, legend, legend_height_in, notes, put
from bench.show.panel import draw_panel
from bench.show.style import PANEL_TITLE_POINTS, QUIET, marks, styled, wrapped
from bench.show.text import listed, plain
from bench.show.titles import charted

CHARTS = ("throughput", "p95", "memory")
FORMATS = ("png", "svg")
DPI = 160
# The charts on which what the slots allow can be drawn: it is a throughput.
CEILINGS = frozenset({"throughput"})
LEFT_IN, RIGHT_IN, BETWEEN_IN = 0.8, 0.25, 0.85
HEAD_IN, PANEL_IN, BELOW_PANEL_IN = 0.78, 2.75, 0.62
# Neither the day nor the drawing library's version: the same run gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def save_charts(run: Run, rows: Sequence[Row], folder: Path) -> tuple[Path, ...]:
    """The files of all charts, which now lie in `folder`. The same run gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with styled():
        for name in CHARTS:
            figure = draw(run, rows, BY_NAME[name])
            for kind in FORMATS:
                target = BytesIO()
                figure.savefig(target, format=kind, dpi=DPI, metadata=_METADATA[kind])
                path = folder / f"{name}.{kind}"
                path.write_bytes(target.getvalue())
                paths.append(path)
    return tuple(paths)


@dataclass(frozen=True, slots=True)
class _Page:
    """Where the panels stand, in inches: one column for a single scenario, else two."""

    wide: float
    columns: int
    panel_wide: float
    titles: tuple[str, ...]
    row_tall: float
    panels_tall: float

    def corner(self, place: int) -> tuple[float, float]:
        """From the left and from the top, to the upper left corner of a panel's axes."""
        down, across = divmod(place, self.columns)
        above = self.row_tall - PANEL_IN - BELOW_PANEL_IN
        return LEFT_IN + across * (self.panel_wide + BETWEEN_IN), HEAD_IN + down * self.row_tall + above

    @property
    def room(self) -> float:
        return self.wide - LEFT_IN - RIGHT_IN


def draw(run: Run, rows: Sequence[Row], metric: Metric) -> Figure:
    """The chart of one metric, under loads of one model. To be called, and the figure drawn, within `styled`.

    A scenario that was not run under this model has no panel; where nothing was run at all each has an empty one.
    """
    model = charted(run, metric)
    shown = [row for row in rows if row.load.model == model]
    under_it = {row.scenario for row in shown}
    scenarios = tuple(name for name in run.config.profile.loads if name in under_it or not shown)
    names = marks(run.config.profile.stacks)
    page = _page([plain(run.config.scenarios[name].title) for name in scenarios])
    figure = Figure(figsize=(page.wide, HEAD_IN + page.panels_tall))
    FigureCanvasAgg(figure)
    drawn = []
    for name, title in zip(scenarios, page.titles, strict=True):
        axes = figure.add_axes((0, 0, 1, 1), label=name)
        axes.set_title(title, loc="left", pad=7)
        own = [row for row in shown if row.scenario == name]
        drawn.append(draw_panel(axes, own, metric, names, ceilings=metric.name in CEILINGS, wide_in=page.panel_wide))
    # Only now is it known what the notes say, and so how tall the figure is.
    lines = notes(drawn, shown, metric, page.room)
    missing = tuple(dict.fromkeys(row.scenario for row in rows if row.scenario not in scenarios))
    if missing:
        lines += wrapped(f"Not run under {model} loads: {plain(listed(missing))}.", page.room, NOTE_POINTS)
    legend_in = legend_height_in(list(names), page.room)
    tall = HEAD_IN + page.panels_tall + legend_in + 0.2 + LINE_IN * len(lines)
    figure.set_size_inches(page.wide, tall)
    for place, axes in enumerate(figure.axes):
        left, top = page.corner(place)
        axes.set_position((left / page.wide, 1 - (top + PANEL_IN) / tall, page.panel_wide / page.wide, PANEL_IN / tall))
    head(figure, run, metric, LEFT_IN)
    legend(figure, names, LEFT_IN, HEAD_IN + page.panels_tall, page.room)
    for number, line in enumerate(lines):
        down = HEAD_IN + page.panels_tall + legend_in + 0.08 + LINE_IN * number
        put(figure, LEFT_IN, down, line, fontsize=NOTE_POINTS, color=QUIET)
    return figure


def _page(titles: Sequence[str]) -> _Page:
    columns = min(len(titles), 2)
    wide = 7.4 if columns == 1 else 10.6
    panel_wide = (wide - LEFT_IN - RIGHT_IN - (columns - 1) * BETWEEN_IN) / columns
    broken = [wrapped(title, panel_wide, PANEL_TITLE_POINTS) for title in titles]
    row_tall = 0.14 + 0.185 * max(len(lines) for lines in broken) + PANEL_IN + BELOW_PANEL_IN
    return _Page(
        wide=wide,
        columns=columns,
        panel_wide=panel_wide,
        titles=tuple("\n".join(lines) for lines in broken),
        row_tall=row_tall,
        panels_tall=math.ceil(len(titles) / columns) * row_tall,
    )
