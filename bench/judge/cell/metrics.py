"""The table of metrics: which figures are compared, in which unit, and which way is better."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from bench.model.cell import Figure, Measurement, Memory, Requests


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of the table: name, title, unit, which way is better, and how to read it from a measurement.

    `read` gives None where there is no such figure; `value` also where a problem makes it unreliable. Two figures whose
    ratio is within 1 +- `noise` count as equal; for a metric compared by its difference, two figures no further apart
    than `noise`.
    """

    name: str
    title: str
    unit: Literal["requests/s", "s", "bytes", "1"]
    better: Literal["higher", "lower"]
    noise: float
    figure: Figure
    read: Callable[[Measurement], float | None]
    compared_by: Literal["ratio", "difference"] = "ratio"

    def void(self, measurement: Measurement, names: Container[str] | None = None) -> str | None:
        """Why this metric is unreliable, or None; `names` restricts the search to problems of these names."""
        found = (
            one for one in measurement.problems if self.figure in one.voids and (names is None or one.name in names)
        )
        return next((problem.detail for problem in found), None)

    def value(self, measurement: Measurement) -> float | None:
        """The figure in its unit; None where there is none or it is unreliable."""
        return None if self.void(measurement) is not None else self.read(measurement)


def _pss_or_uss(memory: Memory | None) -> int | None:
    if memory is None:
        return None
    return memory.median.uss_bytes if memory.median.pss_bytes is None else memory.median.pss_bytes


def _anon(memory: Memory | None) -> int | None:
    if memory is None:
        return None
    return memory.median.uss_bytes if memory.median.anon_bytes is None else memory.median.anon_bytes


def _error_share(requests: Requests | None) -> float | None:
    if requests is None:
        return None
    failed = requests.errors + requests.timeouts + requests.dropped
    return failed / (requests.ok + failed) if requests.ok + failed else None


METRICS: tuple[Metric, ...] = (
    Metric("throughput", "throughput", "requests/s", "higher", 0.01, "throughput", lambda one: one.throughput_rps),
    Metric("p95", "P95", "s", "lower", 0.03, "latency", lambda one: one.latency_s.p95 if one.latency_s else None),
    Metric("memory", "memory", "bytes", "lower", 0.01, "memory", lambda one: _pss_or_uss(one.memory)),
    Metric(
        "cpu",
        "CPU per request",
        "s",
        "lower",
        0.01,
        "cpu",
        lambda one: one.cpu.server_s_per_request if one.cpu else None,
    ),
)
BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}

ERRORS = Metric(
    "errors",
    "failed requests",
    "1",
    "lower",
    0.001,
    "throughput",
    lambda one: _error_share(one.requests),
    compared_by="difference",
)
UNPAIRED: Mapping[str, Metric] = {metric.name: metric for metric in (*METRICS, ERRORS)}
"""What is compared between two runs."""

PAIRED: Mapping[str, Metric] = {
    **UNPAIRED,
    "throughput": replace(BY_NAME["throughput"], noise=0.02),
    "cpu": replace(BY_NAME["cpu"], noise=0.02),
    "memory": replace(BY_NAME["memory"], title="anonymous memory", read=lambda one: _anon(one.memory)),
}
"""What is compared in an A/B.

Two servers of one code share pages, which moves PSS from one to the other, but they share no anonymous pages. Ten
minutes on a shared machine cannot show a change of throughput below 1 %, so 2 % it is: see docs/calibration.md.
"""
