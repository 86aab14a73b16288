"""The page of a chart: its panels in one column or two, a head above them, a legend and notes below."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.show.charts.legend import LINE_IN, NOTE_POINTS, draw_head, head, legend, legend_height_in, put
from bench.show.charts.style import LONGEST_TITLE, PANEL_TITLE_POINTS, QUIET, Mark, wrapped
from bench.show.text.words import cut

LEFT_IN, RIGHT_IN, BETWEEN_IN = 0.8, 0.25, 0.85
NARROW_IN, WIDE_IN = 7.4, 10.6
MOST_NOTE_LINES = 60
PANEL_IN, ABOVE_PANEL_IN, TITLE_LINE_IN, BELOW_PANEL_IN = 2.75, 0.14, 0.185, 0.62


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is not yet written to a file. `finding` and `caution` are those of the picture."""

    name: str
    title: str
    finding: str
    caution: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Words:
    """The words around the panels: the title, how to read the marks, and notes, each of any length."""

    title: str
    reading: Sequence[str]
    notes: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A figure whose panels have no place yet. Inches: a panel is `panel_in` wide and tall, its row `row_in`."""

    figure: Figure
    columns: int
    wide_in: float
    panel_in: tuple[float, float]
    row_in: float
    below_in: float
    foot_in: float

    @property
    def panels(self) -> list[Axes]:
        """The panels, in the order of their titles."""
        return self.figure.axes

    @property
    def room_in(self) -> float:
        """The width between the margins."""
        return self.wide_in - LEFT_IN - RIGHT_IN

    @property
    def panels_in(self) -> float:
        """The height of all panels."""
        return math.ceil(len(self.panels) / self.columns) * self.row_in + self.foot_in

    def corner_in(self, place: int) -> tuple[float, float]:
        """From the left, and from the top of all panels, to the upper left corner of a panel."""
        down, across = divmod(place, self.columns)
        above_in = self.row_in - self.panel_in[1] - self.below_in
        return LEFT_IN + across * (self.panel_in[0] + BETWEEN_IN), down * self.row_in + above_in


def framed(
    panels: Sequence[tuple[str, str]],
    *,
    columns: int = 2,
    tall_in: float = PANEL_IN,
    below_in: float = BELOW_PANEL_IN,
    foot_in: float = 0.0,
) -> Frame:
    """The frame of panels with these labels and titles: one column for a single panel, else `columns`.

    `below_in` is the room for words below each panel, `foot_in` that for more words below the last.
    """
    columns = min(len(panels), columns)
    wide_in = NARROW_IN if columns == 1 else WIDE_IN
    panel_in = (wide_in - LEFT_IN - RIGHT_IN - (columns - 1) * BETWEEN_IN) / columns
    titles = [wrapped(cut(title, LONGEST_TITLE), panel_in, PANEL_TITLE_POINTS) for _, title in panels]
    row_in = ABOVE_PANEL_IN + TITLE_LINE_IN * max(map(len, titles)) + tall_in + below_in
    figure = Figure(figsize=(wide_in, row_in))
    FigureCanvasAgg(figure)
    for (label, _), lines in zip(panels, titles, strict=True):
        figure.add_axes((0, 0, 1, 1), label=label).set_title("\n".join(lines), loc="left", pad=7)
    return Frame(figure, columns, wide_in, (panel_in, tall_in), row_in, below_in, foot_in)


def finished(frame: Frame, words: Words, marks: Mapping[str, Mark]) -> Figure:
    """The figure, as tall as its panels, legend and notes need."""
    figure = frame.figure
    top = head(words.title, words.reading, frame.room_in)
    notes = _lines(words.notes, frame.room_in)
    down_in = top.height_in + frame.panels_in
    legend_in = legend_height_in(list(marks), frame.room_in)
    tall_in = down_in + legend_in + 0.2 + LINE_IN * len(notes)
    figure.set_size_inches(frame.wide_in, tall_in)
    wide, tall = frame.panel_in
    for place, axes in enumerate(frame.panels):
        left_in, below_head_in = frame.corner_in(place)
        bottom = 1 - (top.height_in + below_head_in + tall) / tall_in
        axes.set_position((left_in / frame.wide_in, bottom, wide / frame.wide_in, tall / tall_in))
    draw_head(figure, top, LEFT_IN)
    legend(figure, marks, LEFT_IN, down_in, frame.room_in)
    for number, line in enumerate(notes):
        put(figure, LEFT_IN, down_in + legend_in + 0.08 + LINE_IN * number, line, fontsize=NOTE_POINTS, color=QUIET)
    return figure


def _lines(notes: Iterable[str], room_in: float) -> list[str]:
    """The notes in lines. What is beyond MOST_NOTE_LINES is left out, and a line says so."""
    lines: list[str] = []
    for note in notes:
        lines += wrapped(note, room_in, NOTE_POINTS)
        if len(lines) > MOST_NOTE_LINES:
            return [*lines[:MOST_NOTE_LINES], "There are more notes than fit here. The tables have them all."]
    return lines
