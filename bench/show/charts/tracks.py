"""What every cell was like second by second: the tracks that the time line chart and the page draw."""

from collections.abc import Sequence

from bench.judge.cell.metrics import CPU, ERRORS, MEMORY, P95, THROUGHPUT, Metric
from bench.judge.cell.timeline import Timeline
from bench.model.cell import Cell
from bench.model.run import Run
from bench.reading import JudgedRun
from bench.show.charts.style import marks
from bench.show.text.document import TimeLine, Track
from bench.show.text.titles import load_title, wording


def tracks(run: Run, cell: Cell, line: Timeline) -> tuple[Track, ...]:
    """The tracks of a cell in the order of their panels; that of failures only where a request failed."""
    model, measurement = cell.load.model, cell.measurement

    def named(metric: Metric, values: Sequence[float | None]) -> Track:
        title = wording(run, metric, model).chart
        return Track(metric.under(model).title, title, metric.unit, tuple(values), metric.void(measurement))

    failed = Track("failures", "Failed requests", "requests/s", line.failed_rps, ERRORS.void(measurement))
    cores = Track("CPU cores in use", "CPU used by the server", "cores", line.cores, CPU.void(measurement))
    return (
        named(THROUGHPUT, line.throughput_rps),
        named(P95, line.p95_s),
        *([failed] if any(line.failed_rps) else []),
        cores,
        named(MEMORY, line.memory_bytes),
    )


def time_lines(reading: JudgedRun) -> tuple[TimeLine, ...]:
    """All cells that have whole seconds to draw: by stack, scenario and load as planned, then by round."""
    run, look = reading.run, marks(reading.run.config)
    profile = run.config.profile
    loads = {scenario: list(own) for scenario, own in profile.loads.items()}
    stacks, scenarios = list(profile.stacks), list(loads)

    def place(cell: Cell) -> tuple[int, int, int, int]:
        load = loads[cell.scenario].index(cell.load)
        return stacks.index(cell.stack), scenarios.index(cell.scenario), load, cell.round

    able = [cell for cell in run.cells if cell.order in reading.timelines and reading.timelines[cell.order].start_s]
    return tuple(
        TimeLine(
            stack=cell.stack,
            scenario=cell.scenario,
            load=load_title(cell.load),
            round=cell.round,
            colour=look[cell.stack].colour,
            drawn=cell.order == reading.timed,
            bin_s=(line := reading.timelines[cell.order]).bin_s,
            window_s=(line.window_start_s, line.window_end_s),
            tracks=tracks(run, cell, line),
        )
        for cell in sorted(able, key=place)
    )
