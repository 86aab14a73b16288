"""The chart of one cell second by second: whether its figures were steady."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from bench.judge.cell.timeline import Timeline
from bench.reading import JudgedRun
from bench.show.charts.axis import LOG_FROM, across_axis, limits, up_axis
from bench.show.charts.frame import Chart, Words, finished, framed
from bench.show.charts.legend import of_run
from bench.show.charts.points import leave_empty
from bench.show.charts.style import INK, QUIET, Mark, marks
from bench.show.charts.tracks import tracks
from bench.show.text.document import UNRELIABLE, Track
from bench.show.text.titles import load_title
from bench.show.text.words import listed, plain
from bench.units import figure, scale, seconds, tick

NAME = "timeline"
CAUTION = (
    "This is one cell of many, and each second has few requests. One high second is not a finding. A slope over the "
    "whole window may be specific to this cell."
)
PANEL_IN, BELOW_IN, FOOT_IN = 1.45, 0.26, 0.36
SHADE = "#EFEFEF"


def chart(reading: JudgedRun) -> Chart | None:
    """The chart of the cell whose time line is drawn; None where that has no whole second, or there is none."""
    run = reading.run
    cell = next((cell for cell in run.cells if cell.order == reading.timed), None)
    line = None if cell is None else reading.timelines.get(cell.order)
    if cell is None or line is None or not line.start_s:
        return None
    shown = tracks(run, cell, line)
    mark = marks(run.config)[cell.stack]
    frame = framed(
        [(track.name, track.title) for track in shown],
        columns=1,
        tall_in=PANEL_IN,
        below_in=BELOW_IN,
        foot_in=FOOT_IN,
    )
    for axes, track in zip(frame.panels, shown, strict=True):
        _seconds(axes, line, frame.panel_in[0], last=track is shown[-1])
        _draw(axes, track, line, mark)
    said = f"Between the dashed lines: the window, from {seconds(line.window_start_s)} to {seconds(line.window_end_s)}."
    notes = [
        said,
        *(f"Crossed out, because {UNRELIABLE}: {one.title}: {plain(one.void)}." for one in shown if one.void),
    ]
    where = f"{plain(cell.stack)} on {plain(cell.scenario)}, {load_title(cell.load)}, round {cell.round}"
    title = f"Second by second: {where}"
    every = "a point for each second" if line.bin_s == 1 else f"a point for every {tick(line.bin_s)} seconds"
    none = [] if any(line.failed_rps) else ["no request failed"]
    how = (*of_run(run), "shaded: warm-up, not counted", every, *none)
    words = Words(title, how, notes)
    return Chart(NAME, title, _finding(where, shown, line), CAUTION, finished(frame, words, {cell.stack: mark}))


def _seconds(axes: Axes, line: Timeline, wide_in: float, *, last: bool) -> None:
    """Set the horizontal axis, shade the warm-up and mark the window; only the last panel has tick labels."""
    end = max(line.start_s[-1] + line.bin_s, line.window_end_s)
    across_axis(axes, (0.0, end), wide_in, log=False)
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("seconds since the load began")
    axes.axvspan(0.0, line.window_start_s, facecolor=SHADE, linewidth=0, zorder=0, gid="warm-up")
    for at in (line.window_start_s, line.window_end_s):
        axes.plot(
            [at] * 2,
            [0, 1],
            transform=axes.get_xaxis_transform(),
            color=QUIET,
            linewidth=1.0,
            linestyle=(0, (4, 2.5)),
            zorder=1,
            gid="window",
        )


def _draw(axes: Axes, track: Track, line: Timeline, mark: Mark) -> None:
    """Draw the values of a metric, each in the middle of its second; neighbouring seconds are joined."""
    known = [value for value in track.values if value is not None]
    if not known:
        leave_empty(axes)
        return
    chosen, log = scale(track.unit, max(known)), 0 < LOG_FROM * min(known) <= max(known)
    up_axis(axes, limits(min(known) * chosen.factor, max(known) * chosen.factor, log=log), log=log)
    axes.set_ylabel(f"{chosen.axis} (log scale)" if log else chosen.axis)
    axes.plot(
        [start + line.bin_s / 2 for start in line.start_s],
        [math.nan if value is None else value * chosen.factor for value in track.values],
        color=mark.colour,
        linewidth=1.3,
        linestyle="--" if track.void else "-",
        marker="x" if track.void else mark.marker,
        markersize=4.5,
        markeredgecolor=INK if track.void else "white",
        markeredgewidth=1.0 if track.void else 0.5,
        zorder=3,
        clip_on=False,
        gid=f"{'void' if track.void else 'line'}:{track.name}",
    )


def _finding(where: str, shown: Sequence[Track], line: Timeline) -> str:
    """The range of the seconds within the window."""
    inside = [
        place
        for place, start_s in enumerate(line.start_s)
        if start_s >= line.window_start_s and start_s + line.bin_s <= line.window_end_s
    ]
    parts = []
    for track in shown:
        known = [value for place in inside if (value := track.values[place]) is not None]
        if known and not track.void:
            low, high = (figure(value, track.unit) for value in (min(known), max(known)))
            parts.append(f"{track.name} between {low} and {high}")
    void = [track.name for track in shown if track.void]
    every = "second" if line.bin_s == 1 else f"{tick(line.bin_s)} seconds"
    said = f"per {every} of the window, {listed(parts)}" if parts else f"no whole {every} of the window is reliable"
    return f"{where}: {said}.{f' {UNRELIABLE.capitalize()}: {listed(void)}.' if void else ''}"
