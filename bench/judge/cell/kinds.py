"""The table of problem kinds: what can be wrong with a measurement, what causes it and what it makes unreliable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.model.cell import Figure, Problem

Cause = Literal["service", "generator", "upstream", "companion", "machine"]

EVERYTHING: tuple[Figure, ...] = ("throughput", "latency", "memory", "cpu")


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table.

    `voids`: the figures that it makes unreliable; of these, `stands_at_full_cpu` are reliable all the same where the
    server's CPU is at its limit. `service_failed`: the service did not answer as it should: the outcome is degraded.
    `falls_behind`: requests are left over that the server did not answer in time. `momentary`: any neighbour on the
    machine may cause it for a moment.
    """

    name: str
    cause: Cause
    voids: tuple[Figure, ...]
    stands_at_full_cpu: tuple[Figure, ...] = ()
    service_failed: bool = False
    falls_behind: bool = False
    momentary: bool = False

    def found(self, detail: str, *, full_cpu: bool = False) -> Problem:
        """A problem of this kind; `detail` gives the figures that show it."""
        stands = self.stands_at_full_cpu if full_cpu else ()
        return Problem(self.name, detail, tuple(figure for figure in self.voids if figure not in stands))


SERVICE_ERRORS = Kind("service errors", "service", ("latency", "cpu"), service_failed=True)
NOTHING_SERVED = Kind("nothing served", "service", ("latency", "cpu"), service_failed=True)
LOAD_SIDE_SATURATED = Kind(
    "load side saturated", "generator", ("latency", "throughput"), stands_at_full_cpu=("throughput",)
)
GENERATOR_STALLED = Kind("generator stalled", "generator", ("latency",), momentary=True)
USERS_UNANSWERED = Kind("users unanswered", "service", ("latency",))
USERS_LOST = Kind("users lost", "service", ("latency", "throughput"))
USERS_IDLE = Kind("users idle", "generator", ("latency", "throughput"), stands_at_full_cpu=("throughput",))
GENERATOR_LATE = Kind("generator late", "generator", ("latency",))
ARRIVALS_DROPPED = Kind("arrivals dropped", "service", ("latency",), falls_behind=True)
ARRIVALS_NOT_SENT = Kind("arrivals not sent", "generator", ("latency", "throughput"))
PORTS_EXHAUSTED = Kind("ports exhausted", "generator", ("latency", "throughput"))
FALLING_BEHIND = Kind("falling behind", "service", ("latency",), falls_behind=True)
UPSTREAM_CALLS = Kind("upstream calls", "service", EVERYTHING)
UPSTREAM_LATE = Kind("upstream late", "upstream", ("latency",), momentary=True)
UNSTEADY = Kind("unsteady", "service", ("latency",), momentary=True)
MEMORY_GROWS = Kind("memory grows", "service", ("memory",))
WORKERS_REPLACED = Kind("workers replaced", "service", ())
PROCESSES_DETACHED = Kind("processes detached", "service", ())

OTHER_PROGRAMS = Kind("other programs", "machine", ("throughput", "latency", "cpu"))
CORES_SHARED = Kind("cores shared", "machine", ("throughput", "latency", "cpu"))
PROCESS_NOT_KNOWN = Kind("process not known", "machine", ("memory", "cpu"))
WORKERS_NOT_READY = Kind("workers not ready", "service", ())

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        SERVICE_ERRORS,
        NOTHING_SERVED,
        LOAD_SIDE_SATURATED,
        GENERATOR_STALLED,
        USERS_UNANSWERED,
        USERS_LOST,
        USERS_IDLE,
        GENERATOR_LATE,
        ARRIVALS_DROPPED,
        ARRIVALS_NOT_SENT,
        PORTS_EXHAUSTED,
        FALLING_BEHIND,
        UPSTREAM_CALLS,
        UPSTREAM_LATE,
        UNSTEADY,
        OTHER_PROGRAMS,
        MEMORY_GROWS,
        WORKERS_REPLACED,
        PROCESSES_DETACHED,
        CORES_SHARED,
        PROCESS_NOT_KNOWN,
        WORKERS_NOT_READY,
    )
}
"""Every kind by its name, in the order in which a cell is examined."""

FAILED = "failed"
"""The name of the problem of a cell that could not be measured. Its cause is not known, and it has no figures."""


def names_where(holds: Callable[[Kind], bool]) -> frozenset[str]:
    """The names of the kinds for which `holds` is true."""
    return frozenset(name for name, kind in KINDS.items() if holds(kind))


SERVICES_DOING = names_where(lambda kind: kind.cause == "service")
"""Problems that the service itself causes: leaving out such rounds would keep only the good ones."""

SERVICE_FAILED = names_where(lambda kind: kind.service_failed)
FALLS_BEHIND = names_where(lambda kind: kind.falls_behind)
MOMENTARY = names_where(lambda kind: kind.momentary)
MACHINES = names_where(lambda kind: kind.cause == "machine")
GENERATORS = names_where(lambda kind: kind.cause == "generator")
UPSTREAMS = names_where(lambda kind: kind.cause == "upstream")
