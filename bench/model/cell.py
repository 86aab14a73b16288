"""One cell: which it is, how it was measured and what its measurements came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.model.config import Load
from bench.model.wrong_answer import WrongAnswer

Outcome = Literal["ok", "degraded", "invalid", "failed"]
Limit = Literal[
    "slots", "server cpu", "gil", "event loop", "workers", "application", "companion", "upstream", "generator",
    "nothing", "not known",
]  # fmt: skip
CPU_LIMITS: frozenset[Limit] = frozenset({"server cpu", "gil"})
Figure = Literal["throughput", "latency", "memory", "cpu"]

SIDES = ("base", "head")
"""The two sides of an A/B, in the order of their measurements."""


@dataclass(frozen=True, slots=True)
class CellKey:
    """Which cell: a stack under a scenario and load in one round (from 1); `order` (from 0) is its place in the run."""

    stack: str
    scenario: str
    load: Load
    round: int
    order: int


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds on CLOCK_MONOTONIC: the load begins at `warmup_s`; [start_s, end_s) is measured.

    `answered`: users of a closed-loop load who had an answer before the window began.
    """

    warmup_s: float
    start_s: float
    end_s: float
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of an A/B in which one side alone is under load; `number` counts the cell's slices from 0.

    `measurement` is the side's number. Seconds on CLOCK_MONOTONIC: the load begins at `begin_s`; [start_s, end_s) is
    measured; at `done_s` nothing is in flight any more. A warm-up slice is not measured: its start is its end.
    """

    number: int
    measurement: int
    begin_s: float
    start_s: float
    end_s: float
    done_s: float


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """What one server did in one slice of an A/B; a figure is None where the machine or the load spoilt it.

    `slow_share`: the share of its requests that were slow by the P50 of base (`SLOW` of judge/cell/metrics.py), failed
    ones included. `disturbed`: the share of the server's cores that the hypervisor and other programs took.
    """

    throughput_rps: float | None
    p95_s: float | None
    server_s_per_request: float | None
    slow_share: float | None
    disturbed: float | None


@dataclass(frozen=True, slots=True)
class Requests:
    """How the requests scheduled in the window ended.

    `errors` leaves out timeouts. Arrivals of an open-loop load were `dropped` where too many requests were in flight,
    and are `unsent` where the generator was too late. Requests of any load are `unsent` where the machine had no free
    port to connect from. None of these was ever sent.
    """

    ok: int
    errors: int
    timeouts: int
    dropped: int
    by_error: Mapping[str, int]
    unsent: int = 0

    @property
    def failed(self) -> int:
        """Those without a right answer: errors, timeouts and dropped arrivals."""
        return self.errors + self.timeouts + self.dropped

    @property
    def asked(self) -> int:
        """Those that should have been answered, dropped arrivals included."""
        return self.ok + self.failed


@dataclass(frozen=True, slots=True)
class Distribution:
    """Mean and nearest-rank percentiles of a duration in seconds."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class MemoryFigure:
    """Memory summed over the server's process tree. PSS is None where the platform has none.

    `anon_bytes` is the anonymous part of PSS. Two servers of the same code share no anonymous pages.
    """

    pss_bytes: int | None
    rss_bytes: int
    uss_bytes: int
    anon_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Idle: after ready, before any load. Median and peak: over the readings in the window."""

    idle: MemoryFigure
    median: MemoryFigure
    peak: MemoryFigure


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds per finished request; cores used over the window; the server's threads and context switches.

    Steal is the share of the server's or the load's cores that the hypervisor took in the window, and other the share
    that programs used which are no part of the measurement. Each is None where it cannot be known.
    """

    server_s_per_request: float | None
    server_cores: float
    generator_cores: float
    upstream_cores: float
    sampler_cores: float
    server_threads: int
    server_switches_per_s: float
    server_steal: float | None
    load_steal: float | None
    server_other: float | None = None
    load_other: float | None = None


@dataclass(frozen=True, slots=True)
class CompanionUse:
    """What a companion used in the window: cores, CPU seconds for each finished request, and memory (median).

    `memory_bytes` is PSS, or USS where the platform has none; None where it may not be read.
    """

    name: str
    cores: float
    s_per_request: float | None
    memory_bytes: float | None


def companion_role(name: str, side: str | None) -> str:
    """The role of a companion in the readings; each side of an A/B has its own."""
    return name if side is None else f"{name} ({side})"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A process beside what is measured: the CPU seconds that it used in the window, and where it ran last."""

    name: str
    pid: int
    cpu_s: float
    on_server: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """CPU seconds of a fixed piece of work on the server's core, just before the load and just after its drain."""

    before_s: float
    after_s: float


def companion_of(role: str) -> str:
    """The name of the companion that has this role; of any other role, the role itself."""
    return role.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class LocustUsers:
    """What Locust said of users whose locustfile sends its own requests.

    `routes`: the requests by their numbers, as METHOD NAME. `faults`: what became of users who did not send to the end,
    a clause each. `untimed`: by request, how many had no response time: they are in no sample.
    """

    routes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    untimed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttachedService:
    """A service that ran already: its process, None where that is not known, and how many cores that may use."""

    pid: int | None
    cores: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the harness saw beside the samples of a cell.

    `other_run`: which other run used the same cores, as a clause; None: none did. `unready`: for each server a clause
    about workers that did not wait for requests when the load began; None: all did. `neighbours`: the processes
    beside those of the measurement that used most CPU in the window. `users`: None where requests are sent by the lean
    client. `attached`: None where the harness has started the server.
    """

    other_run: str | None = None
    unready: tuple[str | None, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    users: LocustUsers | None = None
    attached: AttachedService | None = None


NOTHING_SEEN = Circumstances()


@dataclass(frozen=True, slots=True)
class UpstreamServed:
    """The upstream's own count of the whole cell, warm-up and drain included.

    Hits by route, the worst delay errors of all routes in seconds, and the most calls that were in flight together.
    """

    hits: Mapping[str, int]
    delay_error_s: Mapping[str, float | None]
    peak_in_flight: int


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What limits the stack.

    `slots_rps`: slots / the scenario's `hold_s`, the most that the slots allow; None where nothing is limited by slots.
    `service_time_s`: seconds that one request takes when no other is in its way. `concurrency`: requests served at the
    same time on average (throughput x service time). `limit`: "nothing" where a higher load would get more answers,
    "not known" where no evidence names a cause. `evidence`: the figures that show it. `consistent_with`: limits that
    were not shown, but agree with what was seen.
    """

    slots_rps: float | None
    service_time_s: float
    concurrency: float
    limit: Limit
    evidence: str
    consistent_with: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a measurement: the name of its kind, the figures that show it, and what it makes unreliable.

    The kinds are in bench/judge/cell/kinds.py.
    """

    name: str
    detail: str
    voids: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One request of a mix: how those that were scheduled in the window ended, and their latency in seconds."""

    name: str
    requests: Requests
    latency_s: Distribution | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figures of one server under one load.

    In an A/B all figures are medians of the slices, and `slices` has those that are compared slice by slice, in the
    order of the pairs. `latency_s` and `service_s` are None where no request was scheduled in the
    window; `send_delay_s` is None for a closed-loop load. `in_flight`: mean number of requests in flight.
    `bottleneck` is None in an A/B. `wrong_answers`: the first of each kind. `routes`: each request of a mix or of a
    locustfile; empty where there is one only, and in an A/B. `connections`: new connections for each request that was
    sent in the window; None where they were not recorded. `companions`: those that were started for it. A failed
    measurement has no figures: its problem says why.
    """

    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    requests: Requests | None = None
    throughput_rps: float | None = None
    latency_s: Distribution | None = None
    service_s: Distribution | None = None
    send_delay_s: Distribution | None = None
    in_flight: float | None = None
    memory: Memory | None = None
    cpu: Cpu | None = None
    upstream: UpstreamServed | None = None
    bottleneck: Bottleneck | None = None
    wrong_answers: tuple[WrongAnswer, ...] = ()
    routes: tuple[Route, ...] = ()
    connections: float | None = None
    companions: tuple[CompanionUse, ...] = ()
    slices: tuple[SliceFigures, ...] = ()


GRAVITY: tuple[Outcome, ...] = ("ok", "degraded", "invalid", "failed")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as run.json keeps it: one measurement, or in an A/B two (base, head).

    `slices` are those of an A/B. `timer_lag_s`: how late the load generator's own timer was. `samples`: the file of
    the raw arrays, relative to the run folder.
    """

    stack: str
    scenario: str
    load: Load
    round: int
    order: int
    measurements: tuple[Measurement, ...]
    window: Window | None = None
    slices: tuple[Slice, ...] = ()
    timer_lag_s: Distribution | None = None
    probe: Probe | None = None
    samples: str | None = None
    circumstances: Circumstances = NOTHING_SEEN

    @property
    def measurement(self) -> Measurement:
        """The only measurement. ValueError for an A/B's cell, which has two."""
        (only,) = self.measurements
        return only

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of its measurements."""
        return max((one.outcome for one in self.measurements), key=GRAVITY.index)
