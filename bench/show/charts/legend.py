"""The words around the panels of a chart: its head, its legend, and the notes about unreliable values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.judge.cell.metrics import Metric
from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.run import Run
from bench.show.charts.style import (
    LONGEST_NAME,
    LONGEST_TITLE,
    QUIET,
    TEXT_POINTS,
    TITLE_POINTS,
    Mark,
    width_in,
    wrapped,
)
from bench.show.text.document import UNRELIABLE
from bench.show.text.titles import under
from bench.show.text.words import cut, plain, plural

LINE_IN = 0.175
TITLE_DOWN_IN, TITLE_LINE_IN, BELOW_TITLE_IN, BELOW_HEAD_IN = 0.16, 0.25, 0.06, 0.135
LEGEND_LINE_IN = 0.2
HANDLE_IN = 0.28
COLUMN_GAP_IN = 0.3
NOTE_POINTS = 8.0
MARKS = ("large marks: means", "dots: rounds", "thin bars: 95 % intervals")
TOO_WIDE = "An interval that leaves its panel is too wide to show in full."


@dataclass(frozen=True, slots=True)
class Head:
    """A chart's title and how to read its marks, in lines that fit on its page."""

    title: tuple[str, ...]
    reading: tuple[str, ...]

    @property
    def reading_in(self) -> float:
        """From the top of the page to how the marks are read."""
        return TITLE_DOWN_IN + TITLE_LINE_IN * len(self.title) + BELOW_TITLE_IN

    @property
    def height_in(self) -> float:
        """The height of both."""
        return self.reading_in + LINE_IN * len(self.reading) + BELOW_HEAD_IN


def head(title: str, reading: Sequence[str], room_in: float) -> Head:
    """The head with this title and these words about the marks, each on one line if it fits."""
    lines: list[str] = []
    for part in reading:
        longer = f"{lines[-1]} \u00b7 {part}" if lines else part
        if width_in(longer) <= room_in:
            lines[-1:] = [longer]
        else:
            lines += wrapped(part, room_in)
    return Head(tuple(wrapped(cut(title, LONGEST_TITLE), room_in, TITLE_POINTS, bold=True)), tuple(lines))


def draw_head(figure: Figure, one: Head, left_in: float) -> None:
    """Write the head at the top of the page."""
    put(figure, left_in, TITLE_DOWN_IN, "\n".join(one.title), fontsize=TITLE_POINTS, weight="bold")
    put(figure, left_in, one.reading_in, "\n".join(one.reading), color=QUIET)


def of_run(run: Run) -> tuple[str, ...]:
    """Which run it is, as words in the head of a chart."""
    return f"profile {plain(run.config.profile.name)}", plural(run.config.profile.rounds, "round")


def put(figure: Figure, x_in: float, down_in: float, text: str, **look: Any) -> None:
    """Write text at a place in inches from the left and the top of the page."""
    width, height = figure.get_size_inches()
    figure.text(x_in / width, 1 - down_in / height, text, **({"va": "top"} | look))


def legend_columns(names: Sequence[str], room_in: float) -> tuple[list[str], int, float]:
    """The labels, broken if wider than the page, the number of columns, and the distance between columns."""
    labels = ["\n".join(wrapped(cut(name, LONGEST_NAME), room_in - HANDLE_IN)) for name in names]
    widest = max(width_in(line) for label in labels for line in label.split("\n"))
    step_in = HANDLE_IN + widest + COLUMN_GAP_IN
    return labels, min(len(labels), max(1, int((room_in + COLUMN_GAP_IN) / step_in))), step_in


def legend_height_in(names: Sequence[str], room_in: float) -> float:
    """The height of the legend."""
    labels, columns, _ = legend_columns(names, room_in)
    return sum(_line_height_in(labels[start : start + columns]) for start in range(0, len(labels), columns))


def legend(figure: Figure, marks: Mapping[str, Mark], left_in: float, down_in: float, room_in: float) -> None:
    """Each stack's mark and name, line by line."""
    names = list(marks)
    labels, columns, step_in = legend_columns(names, room_in)
    width, height = figure.get_size_inches()
    for start in range(0, len(names), columns):
        line = labels[start : start + columns]
        for place, label in enumerate(line):
            x_in, mark = left_in + place * step_in, marks[names[start + place]]
            centre = 1 - (down_in + LEGEND_LINE_IN / 2) / height
            figure.add_artist(
                Line2D(
                    [(x_in + shift) / width for shift in (0.02, 0.11, 0.2)],
                    [centre] * 3,
                    color=mark.colour,
                    linewidth=1.6,
                    marker=mark.marker,
                    markevery=[1],
                    markersize=6.5,
                    markeredgecolor="white",
                    markeredgewidth=0.7,
                    gid=f"key:{names[start + place]}",
                )
            )
            top_in = down_in + (LEGEND_LINE_IN - TEXT_POINTS * 1.1 / 72) / 2
            put(figure, x_in + HANDLE_IN, top_in, label, gid=f"name:{names[start + place]}")
        down_in += _line_height_in(line)


def _line_height_in(labels: Sequence[str]) -> float:
    return LEGEND_LINE_IN + LINE_IN * max(label.count("\n") for label in labels)


def void_notes(struck: Iterable[Row], left_out: Iterable[Row], metrics: Sequence[Metric]) -> list[str]:
    """Which values of these rows are struck or left out, and why: a sentence each, none where there are none."""
    found = (
        (f"Hatched or crossed out, because {UNRELIABLE}", _void(struck, metrics)),
        (f"Left out, because {UNRELIABLE}", _void(left_out, metrics)),
    )
    return [f"{words}: {'; '.join(parts)}." for words, parts in found if parts]


def _void(rows: Iterable[Row], metrics: Sequence[Metric]) -> list[str]:
    """The unreliable values of these rows, and why they are unreliable."""
    found: dict[tuple[str, str, str], list[Load]] = {}
    for row, metric in ((row, metric) for row in rows for metric in metrics):
        void = row.voids.get(metric.name)
        if void is not None:
            rounds = "" if metric.name not in row.estimates else f" in {void.rounds} of {plural(row.rounds, 'round')}"
            loads = found.setdefault((row.stack, row.scenario, void.name + rounds), [])
            # One problem may void both figures of a place.
            loads += [row.load] if row.load not in loads else []
    return [
        f"{plain(stack)} on {plain(scenario)} {under(loads)} ({why})" for (stack, scenario, why), loads in found.items()
    ]
