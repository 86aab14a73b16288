"""The judgement of one cell, whole: called before it is recorded, and again by whoever reads its raw samples."""

from bench.judge import metrics, validity
from bench.judge.ceiling import ceiling
from bench.model import Cell, CellKey, Samples, Scenario, Stack, UpstreamServed, Window


def judge_cell(
    key: CellKey,
    stack: Stack,
    scenario: Scenario,
    samples: Samples,
    window: Window,
    upstream: UpstreamServed,
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
    cpu = metrics.cpu(samples, window)
    found = (
        validity.service_errors(requests),
        validity.nothing_served(requests),
        validity.load_core(cpu, load_cpus, server_cpus),
        validity.unanswered(samples, window, key.load),
        validity.in_flight(samples, window, key.load),
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
        service_s=metrics.service_s(samples, window),
        memory=memory,
        cpu=cpu,
        upstream=upstream,
        ceiling=ceiling(stack, scenario, key.load, throughput_rps, cpu.server_cores, server_cpus),
    )
