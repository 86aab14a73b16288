"""The judgement of one cell, whole: called before it is recorded, and again by whoever reads its raw samples."""

from bench.judge.cell import figures, problems
from bench.judge.cell.bottleneck import ceiling
from bench.model.cell import Cell, CellKey, Probe, Problem, UpstreamServed, Window
from bench.model.config import Open, Scenario, Stack
from bench.model.samples import Samples


def judge_cell(
    key: CellKey,
    stack: Stack,
    scenario: Scenario,
    samples: Samples,
    window: Window,
    upstream: UpstreamServed,
    probe: Probe,
    *,
    server_cpus: int,
    load_cpus: int,
) -> Cell:
    """The cell with its figures, problems and outcome; `samples`, the file's name, is left to the recorder.

    `server_cpus` and `load_cpus` count the cores of either side. Raises ValueError where the sampler read nothing.
    """
    requests = figures.requests(samples, window)
    throughput_rps = figures.throughput_rps(samples, window)
    latency_s = figures.latency_s(samples, window, scenario.timeout_s)
    memory = figures.memory(samples, window)
    service_s = figures.service_s(samples, window)
    lag_s = figures.lag_s(samples, window) if isinstance(key.load, Open) else None
    heartbeat_s = figures.heartbeat_s(samples, window)
    held_s = figures.held_s(samples, scenario)
    cpu = figures.cpu(samples, window, server_cpus, load_cpus)
    in_flight = figures.mean_in_flight(samples, window)
    server_busy = problems.server_share(cpu, stack, server_cpus)
    found: tuple[Problem | None, ...] = (
        problems.service_errors(requests, scenario.timeout_s),
        problems.nothing_served(requests, key.load),
        problems.load_core(cpu, load_cpus, server_busy),
        problems.heartbeat(heartbeat_s, service_s),
        *problems.of_the_model(key.load, scenario, samples, window, held_s, lag_s, service_s),
        problems.upstream_hits(upstream, samples, scenario),
        problems.upstream_delay(upstream),
        problems.unsteady(latency_s, window, stack, scenario, key.load),
    )
    told = tuple(problem for problem in found if problem is not None)
    return Cell(
        stack=key.stack,
        scenario=key.scenario,
        load=key.load,
        round=key.round,
        order=key.order,
        outcome=problems.outcome(told),
        problems=told,
        window=window,
        requests=requests,
        throughput_rps=throughput_rps,
        latency_s=latency_s,
        service_s=service_s,
        lag_s=lag_s,
        heartbeat_s=heartbeat_s,
        in_flight=in_flight,
        memory=memory,
        cpu=cpu,
        probe=probe,
        upstream=upstream,
        ceiling=ceiling(
            stack,
            scenario,
            key.load,
            in_flight=in_flight,
            throughput_rps=throughput_rps,
            held_s=held_s,
            cpu=cpu,
            server_busy=server_busy,
            upstream=upstream,
            problems=told,
        ),
    )
