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
    machine may cause it for a moment. `happened`: what the figures of a problem show, as a clause.
    """

    name: str
    cause: Cause
    voids: tuple[Figure, ...]
    stands_at_full_cpu: tuple[Figure, ...] = ()
    service_failed: bool = False
    falls_behind: bool = False
    momentary: bool = False
    happened: str = ""

    def found(self, detail: str, *, full_cpu: bool = False) -> Problem:
        """A problem of this kind; `detail` gives the figures that show it."""
        stands = self.stands_at_full_cpu if full_cpu else ()
        return Problem(self.name, detail, tuple(figure for figure in self.voids if figure not in stands))


SERVICE_ERRORS = Kind(
    "service errors",
    "service",
    ("latency", "cpu"),
    service_failed=True,
    happened="more than 1 % of the requests failed",
)
NOTHING_SERVED = Kind(
    "nothing served",
    "service",
    ("latency", "cpu"),
    service_failed=True,
    happened="there was no right answer to measure",
)
LOAD_SIDE_SATURATED = Kind(
    "load side saturated",
    "generator",
    ("latency", "throughput"),
    stands_at_full_cpu=("throughput",),
    happened="load generator and upstream almost fill a core",
)
GENERATOR_STALLED = Kind(
    "generator stalled",
    "generator",
    ("latency",),
    momentary=True,
    happened="the load generator noticed late what happened",
)
USERS_UNANSWERED = Kind(
    "users unanswered", "service", ("latency",), happened="some users had no answer when the window began"
)
USERS_LOST = Kind(
    "users lost",
    "service",
    ("latency", "throughput"),
    happened="users of the locustfile ended, raised exceptions or were killed",
)
USERS_IDLE = Kind(
    "users idle",
    "generator",
    ("latency", "throughput"),
    stands_at_full_cpu=("throughput",),
    happened="not every user had a request in flight all the time",
)
GENERATOR_LATE = Kind("generator late", "generator", ("latency",), happened="the load generator sent requests late")
ARRIVALS_DROPPED = Kind(
    "arrivals dropped",
    "service",
    ("latency",),
    falls_behind=True,
    happened="some requests were never sent, because too many were in flight",
)
ARRIVALS_NOT_SENT = Kind(
    "arrivals not sent", "generator", ("latency", "throughput"), happened="less than 99 % of the schedule was sent"
)
PORTS_EXHAUSTED = Kind(
    "ports exhausted", "generator", ("latency", "throughput"), happened="requests found no free port to connect from"
)
FALLING_BEHIND = Kind(
    "falling behind", "service", ("latency",), falls_behind=True, happened="more requests arrived than were answered"
)
UPSTREAM_CALLS = Kind(
    "upstream calls",
    "service",
    EVERYTHING,
    happened="the service did not call the upstream as often as its requests need",
)
UPSTREAM_LATE = Kind(
    "upstream late", "upstream", ("latency",), momentary=True, happened="the upstream's delays were inaccurate"
)
UNSTEADY = Kind("unsteady", "service", ("latency",), momentary=True, happened="the window does not span three P95")
MEMORY_GROWS = Kind("memory grows", "service", ("memory",), happened="each request left memory behind")
WORKERS_REPLACED = Kind("workers replaced", "service", (), happened="workers ended and others started in the window")
PROCESSES_DETACHED = Kind("processes detached", "service", (), happened="processes of the server outlived their parent")

OTHER_PROGRAMS = Kind(
    "other programs",
    "machine",
    ("throughput", "latency", "cpu"),
    happened="other programs ran on the server's cores or the load's",
)
CORES_SHARED = Kind(
    "cores shared", "machine", ("throughput", "latency", "cpu"), happened="another run used the same cores"
)
PROCESS_NOT_KNOWN = Kind(
    "process not known",
    "machine",
    ("memory", "cpu"),
    happened="the service ran already, and its process was not found out",
)
WORKERS_NOT_READY = Kind(
    "workers not ready", "service", (), happened="some workers did not wait for requests when the load began"
)

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
