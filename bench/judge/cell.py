"""The judgement of one cell, whole: called before it is recorded, and again by whoever reads its raw samples."""

from bench.judge import metrics, validity
from bench.judge.ceiling import ceiling
from bench.model import (
    Cell,
    CellKey,
    Open,
    Probe,
    Problem,
    Samples,
    Scenario,
    Stack,
    UpstreamServed,
    Window,
)


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
    requests = metrics.requests(samples, window)
    throughput_rps = metrics.throughput_rps(samples, window)
    latency_s = metrics.latency_s(samples, window, scenario.timeout_s)
    memory = metrics.memory(samples, window)
    service_s = metrics.service_s(samples, window)
    lag_s = metrics.lag_s(samples, window) if isinstance(key.load, Open) else None
    heartbeat_s = metrics.heartbeat_s(samples, window)
    held_s = metrics.held_s(samples, scenario)
    cpu = metrics.cpu(samples, window, server_cpus, load_cpus)
    in_flight = metrics.mean_in_flight(samples, window)
    server_busy = validity.server_share(cpu, stack, server_cpus)
    found: tuple[Problem | None, ...] = (
        validity.service_errors(requests, scenario.timeout_s),
        validity.nothing_served(requests, key.load),
        validity.load_core(cpu, load_cpus, server_busy),
        validity.heartbeat(heartbeat_s, service_s),
        *validity.of_the_model(key.load, scenario, samples, window, held_s, lag_s, service_s),
        validity.upstream_hits(upstream, samples, scenario),
        validity.upstream_delay(upstream),
        validity.unsteady(latency_s, window, stack, scenario, key.load),
    )
    problems = tuple(problem for problem in found if problem is not None)
    return Cell(
        stack=key.stack,
        scenario=key.scenario,
        load=key.load,
        round=key.round,
        order=key.order,
        outcome=validity.outcome(problems),
        problems=problems,
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
            problems=problems,
        ),
    )
