"""One load each from the harness's own generator, from wrk and from h2load, and the figures that each makes of it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.judge.cell.figures import distribution, latency_s, throughput_rps
from bench.model.cell import Window
from bench.model.config import Closed, Load, Timing
from bench.model.samples import Samples
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.run.cell.load import Order, running_load
from bench.run.host.cpus import pinned
from bench.run.host.signals import StopRequest

TARGET = "/weather?city=London"
TIMING = Timing(warmup_s=1.0, window_s=4.0, window_limit_s=4.0)
SCRIPT = Path(__file__).with_name("percentiles.lua")
CLIENTS = 20
"""Connections of h2load, opened evenly over its pacing interval, so that its requests come evenly spaced."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a generator says of a load: right answers a second, and percentiles of the latency in seconds."""

    throughput_rps: float
    p50_s: float
    p95_s: float


def by_the_harness(url: str, load: Load, cpus: Sequence[int], folder: Path) -> Figures:
    """The harness's figures, from its own generator and by its own arithmetic."""
    scenario = make_plan(load_config([DEFAULT_CONFIG]), "smoke").scenarios["weather"]
    folder.mkdir()
    order = Order(scenario, load, TIMING, 1, (url,))
    with running_load(order, cpus, folder, folder / "load.log") as generator:
        events = {event["event"]: event for event in generator.events(StopRequest(), [])}
    window = Window(events["begin"]["warmup_s"], events["window"]["start_s"], events["drain"]["end_s"])
    with np.load(generator.output, allow_pickle=False) as arrays:
        samples = Samples(**{name: arrays[name] for name in ("scheduled_s", "sent_s", "done_s", "status")})
    assert (samples.status == 200).all()
    latency = latency_s(samples, window, scenario.timeout_s)
    assert latency is not None
    return Figures(throughput_rps(samples, window), latency.p50, latency.p95)


def by_wrk(url: str, load: Closed, cpus: Sequence[int]) -> Figures:
    """wrk's figures of so many connections that each ask again at once.

    It counts from its first request on, after which no answer comes for as long as the shortest latency.
    """
    users, seconds = str(load.users), f"{TIMING.window_s + 1:g}s"
    out = _run(("wrk", "-t", "1", "-c", users, "-d", seconds, "-s", str(SCRIPT), url + TARGET, users), cpus)
    (line,) = [line for line in out.splitlines() if line.startswith("figures ")]
    requests, failed, duration_s, least_s, p50_s, p95_s = map(float, line.split()[1:])
    assert failed == 0, out
    return Figures(requests / (duration_s - least_s), p50_s, p95_s)


def by_h2load(url: str, rate_rps: float, cpus: Sequence[int], log: Path) -> Figures:
    """h2load's figures of so many requests a second, from its log of every request.

    Each of its clients has one request in flight at most, so the server must be faster than the rate.
    """
    pause_ms = max(round(1000 / rate_rps), 1)
    requests = int(rate_rps * (TIMING.warmup_s + TIMING.window_s + 1))
    argv = (
        "h2load", "--h1", "-t", "1", "-c", str(CLIENTS), "-n", str(requests), "--rps", f"{rate_rps / CLIENTS:g}",
        "-r", "1", "--rate-period", f"{pause_ms}ms", "--log-file", str(log), url + TARGET,
    )  # fmt: skip
    _run(argv, cpus)
    began_us, status, took_us = np.loadtxt(log, unpack=True)
    assert (status == 200).all()
    began_s, took_s = (began_us - began_us.min()) / 1e6, took_us / 1e6
    done_s = began_s + took_s
    start_s, end_s = TIMING.warmup_s, float(done_s.max()) - 1  # its clients end one by one
    answered = int(((done_s >= start_s) & (done_s < end_s)).sum())
    latency = distribution(took_s[(began_s >= start_s) & (began_s < end_s)])
    assert latency is not None
    return Figures(answered / (end_s - start_s), latency.p50, latency.p95)


def _run(argv: Sequence[str], cpus: Sequence[int]) -> str:
    with pinned(cpus):
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
