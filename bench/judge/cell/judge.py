"""The judgement of one cell, before it is recorded and whenever its raw samples are read again.

A cell has one measurement over one window, or in an A/B two, each over its slices. One function judges both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.judge.cell import figures, problems, slices
from bench.judge.cell.bottleneck import bottleneck
from bench.judge.cell.conditions import Conditions
from bench.model.cell import Cell, CellKey, Cpu, Measurement, Probe, Slice, UpstreamServed, Window
from bench.model.samples import Samples
from bench.model.wrong_answer import WrongAnswer


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded of a cell: its raw samples, its window or else its slices, and what the upstream served.

    `served` has an entry for each server, in the order of the measurements; so has `wrong_answers`, unless it is empty.
    """

    samples: Samples
    served: Sequence[UpstreamServed]
    probe: Probe
    window: Window | None = None
    slices: Sequence[Slice] = ()
    wrong_answers: Sequence[tuple[WrongAnswer, ...]] = ()


def judge_cell(key: CellKey, conditions: Conditions, recording: Recording) -> Cell:
    """The cell with its figures, problems and outcomes; `samples`, the file's name, is left to the recorder.

    Raises ValueError where the sampler read nothing in the window, or a server has no measured slice.
    """
    window = recording.window or slices.window_of(recording.slices)
    return Cell(
        stack=key.stack,
        scenario=key.scenario,
        load=key.load,
        round=key.round,
        order=key.order,
        measurements=tuple(_measurement(conditions, recording, number) for number in range(len(recording.served))),
        window=window,
        slices=tuple(recording.slices),
        timer_lag_s=figures.timer_lag_s(recording.samples, window),
        probe=recording.probe,
    )


def _measurement(conditions: Conditions, recording: Recording, number: int) -> Measurement:
    """The figures of server `number`, over the window or over its slices."""
    own, served, window = figures.of_server(recording.samples, number), recording.served[number], recording.window
    if window is not None:
        memory = figures.memory(own, window)  # first, because it says so where the sampler read nothing
        stretches = [slices.stretch(conditions, own, window, _cpu(conditions, own, window))]
    else:
        measured = slices.measured(recording.slices, number)
        stretches = [slices.of_slice(conditions, own, one, recording.slices) for one in measured]
        memory = figures.memory(own, slices.lifetime(own, measured))
    requests = slices.together([one.requests for one in stretches])
    latency_s = slices.better_half([one.latency_s for one in slices.reliable(stretches, "latency")])
    found = (
        problems.service_errors(requests, conditions.scenario.timeout_s),
        problems.nothing_served(requests, conditions.load),
        *slices.spoiling([one.problems for one in stretches]),
        problems.upstream_hits(served, own, conditions.scenario),
        problems.upstream_delay(served),
        problems.unsteady(latency_s, window, conditions) if window is not None else None,
    )
    known = tuple(problem for problem in found if problem is not None)
    measurement = Measurement(
        outcome=problems.outcome(known),
        problems=known,
        requests=requests,
        throughput_rps=slices.highest_half([one.throughput_rps for one in slices.reliable(stretches, "throughput")]),
        latency_s=latency_s,
        service_s=slices.better_half([one.service_s for one in slices.reliable(stretches, "latency")]),
        send_delay_s=slices.better_half([one.send_delay_s for one in slices.reliable(stretches, "latency")]),
        in_flight=slices.median([one.in_flight for one in stretches]),
        memory=memory,
        cpu=slices.typical_cpu([one.cpu for one in slices.reliable(stretches, "cpu")]),
        upstream=served,
        wrong_answers=recording.wrong_answers[number] if recording.wrong_answers else (),
    )
    if window is None:
        return measurement
    service_time_s = figures.service_time_s(own, conditions.scenario)
    return replace(measurement, bottleneck=bottleneck(conditions, measurement, service_time_s))


def _cpu(conditions: Conditions, own: Samples, window: Window) -> Cpu:
    return figures.cpu(own, window, conditions.server_cpus, conditions.load_cpus)
