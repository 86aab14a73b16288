"""The judgement of one cell, before it is recorded and whenever its raw samples are read again.

A cell has one measurement over one window, or in an A/B two, each over its slices. One function judges both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.judge.cell import figures, problems, slices
from bench.judge.cell.bottleneck import bottleneck
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.growth import MemoryGrowth, memory_growth
from bench.judge.cell.kinds import FALLS_BEHIND
from bench.judge.cell.looks import Looks, looks
from bench.judge.cell.processes import adopted, workers_replaced
from bench.model.cell import (
    NOTHING_SEEN,
    SIDES,
    Cell,
    CellKey,
    Circumstances,
    Cpu,
    LocustUsers,
    Measurement,
    Probe,
    Problem,
    Route,
    Slice,
    SliceFigures,
    UpstreamServed,
    Window,
    companion_role,
)
from bench.model.config import Scenario
from bench.model.samples import Samples
from bench.model.wrong_answer import WrongAnswer


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded of a cell: its raw samples, its window or else its slices, and what was seen beside.

    `served` has an entry for each server, in the order of the measurements; so has `wrong_answers`, unless it is empty.
    `circumstances`: see `Cell`.
    """

    samples: Samples
    served: Sequence[UpstreamServed]
    probe: Probe
    window: Window | None = None
    slices: Sequence[Slice] = ()
    circumstances: Circumstances = NOTHING_SEEN
    wrong_answers: Sequence[tuple[WrongAnswer, ...]] = ()


def judge_cell(key: CellKey, conditions: Conditions, recording: Recording) -> Cell:
    """The cell with its figures, problems and outcomes; `samples`, the file's name, is left to the recorder.

    Raises ValueError where the sampler read nothing in the window, or a server has no measured slice.
    """
    window = recording.window or slices.window_of(recording.slices)
    attached = recording.circumstances.attached
    if attached is not None and attached.cores:
        conditions = replace(conditions, server_cpus=attached.cores)
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
        circumstances=recording.circumstances,
    )


def _measurement(conditions: Conditions, recording: Recording, number: int) -> Measurement:
    """The figures of server `number`, over the window or over its slices."""
    own, served, window = figures.of_server(recording.samples, number), recording.served[number], recording.window
    if window is not None:
        whole, compared = window, tuple[SliceFigures, ...]()
        # First, because it says so where the sampler read nothing.
        memory = figures.memory(own, whole) if _process_known(recording) else None
        stretches = [slices.stretch(conditions, own, window, _cpu(conditions, own, window))]
    else:
        measured = slices.measured(recording.slices, number)
        stretches = [slices.of_slice(conditions, own, one, recording.slices) for one in measured]
        slow_s = slices.slow_s(conditions, recording.samples, recording.slices)
        compared = slices.compared(conditions, own, [*zip(measured, stretches, strict=True)], slow_s)
        whole = slices.lifetime(own, measured)
        memory = figures.memory(own, whole)
    seen = looks(own) if window is not None else None
    requests = slices.together([one.requests for one in stretches])
    latency_s = slices.typical([one.latency_s for one in slices.reliable(stretches, "latency")])
    spoiling = slices.spoiling([one.problems for one in stretches])
    found = (
        problems.service_errors(requests, conditions.scenario.timeout_s),
        problems.nothing_served(requests, conditions.load),
        *spoiling,
        problems.upstream_hits(served, own, conditions.scenario),
        problems.upstream_delay(served),
        problems.unsteady(latency_s, window, conditions) if window is not None else None,
        _others(conditions, recording, stretches[0].cpu, seen),
        problems.memory_grows(_memory_growth(own, window, spoiling)),
        problems.workers_replaced(workers_replaced(own, whole)),
        problems.processes_detached(adopted(own, whole)),
        problems.users_lost(recording.circumstances.users),
        problems.cores_shared(recording.circumstances),
        problems.process_not_known(recording.circumstances.attached),
        problems.workers_not_ready(recording.circumstances, number),
    )
    known = tuple(problem for problem in found if problem is not None)
    measurement = Measurement(
        outcome=problems.outcome(known),
        problems=known,
        requests=requests,
        throughput_rps=slices.median([one.throughput_rps for one in slices.reliable(stretches, "throughput")]),
        latency_s=latency_s,
        service_s=slices.typical([one.service_s for one in slices.reliable(stretches, "latency")]),
        send_delay_s=slices.typical([one.send_delay_s for one in slices.reliable(stretches, "latency")]),
        in_flight=slices.median([one.in_flight for one in stretches]),
        memory=memory,
        cpu=slices.typical_cpu([one.cpu for one in slices.reliable(stretches, "cpu")]),
        upstream=served,
        wrong_answers=recording.wrong_answers[number] if recording.wrong_answers else (),
        connections=figures.connections(own, whole),
        companions=figures.companions(own, whole, _companions_of(number, conditions, own)),
        routes=_routes(conditions.scenario, recording.circumstances.users, own, window),
    )
    if window is None:
        return replace(measurement, slices=compared)
    service_time_s = figures.service_time_s(own, conditions.scenario)
    return replace(measurement, bottleneck=bottleneck(conditions, measurement, service_time_s, seen))


def _companions_of(number: int, conditions: Conditions, own: Samples) -> list[str]:
    """The roles of the companions that stand beside server `number`; each side of an A/B has its own."""
    ours = {companion_role(one.name, side) for one in conditions.companions for side in (None, SIDES[number])}
    return [role for role in own.roles if role in ours]


def _routes(scenario: Scenario, users: LocustUsers | None, own: Samples, window: Window | None) -> tuple[Route, ...]:
    """The figures of each request of a mix or of a locustfile; none where there is one only, and in an A/B."""
    asked = scenario.asked.requests if scenario.asked is not None else ()
    names = users.routes if users is not None else [one.name for one in asked]
    return figures.routes(own, window, names, scenario.timeout_s) if window is not None else ()


def _process_known(recording: Recording) -> bool:
    """Whether the server's process is known."""
    attached = recording.circumstances.attached
    return attached is None or attached.pid is not None


def _memory_growth(own: Samples, window: Window | None, found: Sequence[Problem]) -> MemoryGrowth | None:
    """That of the window, unless a queue grew, which takes memory too; an A/B has no readings of RSS."""
    queues = any(problem.name in FALLS_BEHIND for problem in found)
    return None if window is None or queues else memory_growth(own, window)


def _cpu(conditions: Conditions, own: Samples, window: Window) -> Cpu:
    return figures.cpu(own, window, conditions)


def _others(conditions: Conditions, recording: Recording, cpu: Cpu, seen: Looks | None) -> Problem | None:
    if recording.window is None:
        return None
    delay_s = None if seen is None else seen.delay_s
    return problems.other_programs(cpu, recording.window, conditions, recording.circumstances.neighbours, delay_s)
