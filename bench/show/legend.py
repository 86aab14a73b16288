"""The words around the panels of a chart: its head, its legend and the notes below."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.judge.comparison import Row
from bench.judge.metrics import Metric
from bench.model import Load, Run
from bench.show.panel import Drawn
from bench.show.style import QUIET, TEXT_POINTS, TITLE_POINTS, Mark, width_in, wrapped
from bench.show.text import plain, plural
from bench.show.titles import chart_title, under

LINE_IN = 0.175
LEGEND_LINE_IN = 0.2
HANDLE_IN = 0.28
COLUMN_GAP_IN = 0.3
NOTE_POINTS = 8.0


def put(figure: Figure, x_in: float, down_in: float, text: str, **look: Any) -> None:
    """Write text at a place in inches from the left and from the top; its height hangs below."""
    width, height = figure.get_size_inches()
    figure.text(x_in / width, 1 - down_in / height, text, **({"va": "top"} | look))


def head(figure: Figure, run: Run, metric: Metric, left_in: float) -> None:
    """The chart's title, and how to read its marks."""
    put(figure, left_in, 0.16, chart_title(run, metric), fontsize=TITLE_POINTS, weight="bold")
    rounds = run.config.profile.rounds
    parts = [f"{metric.better} is better", f"profile {plain(run.config.profile.name)}", plural(rounds, "round")]
    if rounds > 1:
        parts += ["large marks: means", "dots: rounds", "thin bars: 95 % intervals"]
    put(figure, left_in, 0.47, " \u00b7 ".join(parts), color=QUIET)


def legend_columns(names: Sequence[str], room_in: float) -> tuple[list[str], int, float]:
    """The labels, broken where one is wider than the page, in how many columns, and how far these are apart."""
    labels = ["\n".join(wrapped(plain(name), room_in - HANDLE_IN)) for name in names]
    widest = max(width_in(line) for label in labels for line in label.split("\n"))
    step_in = HANDLE_IN + widest + COLUMN_GAP_IN
    return labels, min(len(labels), max(1, int((room_in + COLUMN_GAP_IN) / step_in))), step_in


def legend_height_in(names: Sequence[str], room_in: float) -> float:
    """The height of the legend."""
    labels, columns, _ = legend_columns(names, room_in)
    return sum(_line_height_in(labels[start : start + columns]) for start in range(0, len(labels), columns))


def legend(figure: Figure, marks: dict[str, Mark], left_in: float, down_in: float, room_in: float) -> None:
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
            put(figure, x_in + HANDLE_IN, top_in, label)
        down_in += _line_height_in(line)


def _line_height_in(labels: Sequence[str]) -> float:
    return LEGEND_LINE_IN + LINE_IN * max(label.count("\n") for label in labels)


def notes(drawn: Sequence[Drawn], rows: Sequence[Row], metric: Metric, room_in: float) -> list[str]:
    """The lines below the legend: what dashes mean, which figures are struck or left out and why."""
    said = []
    if any(one.ceilings for one in drawn):
        said.append(
            "Dashed: the most that a stack's slots allow, at any load (slots / seconds for which each is held)."
        )
    if any(one.clipped for one in drawn):
        said.append("An interval that runs out of its panel is too wide to be shown whole.")
    struck = [row for one in drawn for row in one.struck]
    for words, some in (
        ("Hatched or crossed out, because void", struck),
        ("Left out", [row for row in rows if row not in struck]),
    ):
        parts = _void(some, metric)
        if parts:
            said.append(f"{words}: {'; '.join(parts)}.")
    return [line for note in said for line in wrapped(note, room_in, NOTE_POINTS)]


def _void(rows: Sequence[Row], metric: Metric) -> list[str]:
    """The void figures among those of these rows, and why they are void."""
    found: dict[tuple[str, str, str], list[Load]] = {}
    for row in rows:
        void = row.voids.get(metric.name)
        if void is not None:
            rounds = "" if metric.name not in row.estimates else f" in {void.rounds} of {plural(row.rounds, 'round')}"
            found.setdefault((row.stack, row.scenario, void.name + rounds), []).append(row.load)
    return [
        f"{plain(stack)} on {plain(scenario)} {under(loads)} ({why})" for (stack, scenario, why), loads in found.items()
    ]
