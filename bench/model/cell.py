"""One cell: what was seen of it and what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bench.model.config import Load

Outcome = Literal["ok", "degraded", "invalid", "failed"]

Bound = Literal["slots", "server cpu", "event loop", "client pool", "upstream", "generator", "nothing"]

Figure = Literal["throughput", "latency", "memory", "cpu"]

ARMS = ("base", "head")
"""The two live servers of an A/B, in the order of their numbers."""


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

    `answered`: users of a closed load who had had an answer when it began.
    """

    warmup_s: float
    start_s: float
    end_s: float
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Requests:
    """How the requests scheduled in the window ended.

    `errors` leaves out timeouts. Of an open load `dropped` found too many requests under way, and to `unsent` the
    generator came too late; neither was ever sent.
    """

    ok: int
    errors: int
    timeouts: int
    dropped: int
    by_error: Mapping[str, int]
    unsent: int = 0


@dataclass(frozen=True, slots=True)
class Distribution:
    """Nearest-rank percentiles of a duration in seconds."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class MemoryFigure:
    """Memory summed over the server's process tree. PSS is None where the platform has none.

    `anon_bytes` is the anonymous part of PSS, which a second server of the same code shares nothing of.
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
    """CPU seconds per finished request; cores kept busy over the window; the server's threads and switches.

    The steal shares are what the hypervisor took of the cores of either side in the window; None where it is not told.
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


@dataclass(frozen=True, slots=True)
class Probe:
    """Seconds that a fixed piece of work took on the server's core, just before the load and just after its drain."""

    before_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class UpstreamServed:
    """The upstream's own account of the whole cell, warm-up and drain included.

    Hits by route, the worst delay errors of all routes, and the most calls that were ever under way at once.
    """

    hits: Mapping[str, int]
    delay_error_s: Mapping[str, float | None]
    peak_in_flight: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Why it stops there. `rps`: slots / the scenario's `hold_s`; None where there is no such limit.

    `held_s`: seconds for which a request is served, once its turn has come. `at_once`: requests that were really being
    served at a time, on average (throughput x held_s). `bound`: what binds, "nothing" where a higher load would get
    more; `why`: the figures that say so.
    """

    rps: float | None
    held_s: float
    at_once: float
    bound: Bound
    why: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the reader must know of a cell. `voids` names the figures that it makes worthless."""

    name: str
    detail: str
    voids: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of an A/B in which one arm alone is under load; `number` counts them within the cell, from 0.

    Seconds on CLOCK_MONOTONIC: the load begins at `begin_s`; [start_s, end_s) is counted; by `done_s` nothing is under
    way any more. A warm-up counts nothing: its start is its end.
    """

    number: int
    arm: int
    begin_s: float
    start_s: float
    end_s: float
    done_s: float


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two live servers of an A/B cell: its figures as a cell has them, taken over its slices.

    Latency, throughput and CPU per request are the mean of the better half of the slices, all else is their median.
    """

    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    requests: Requests | None = None
    throughput_rps: float | None = None
    latency_s: Distribution | None = None
    service_s: Distribution | None = None
    lag_s: Distribution | None = None
    memory: Memory | None = None
    cpu: Cpu | None = None
    upstream: UpstreamServed | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement as run.json keeps it; which one, what came of it, and the figures.

    A failed cell has no figures. That of an A/B has them in `arms`, base and head, and here what both share.
    `latency_s` and `service_s` are None where no request was scheduled in the window; `lag_s` is None in the closed
    model; `heartbeat_s` is how late the generator's own beat was; `in_flight` is the mean of requests under way in the
    window. `samples` is the file of the raw arrays, relative to the run folder.
    """

    stack: str
    scenario: str
    load: Load
    round: int
    order: int
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    window: Window | None = None
    requests: Requests | None = None
    throughput_rps: float | None = None
    latency_s: Distribution | None = None
    service_s: Distribution | None = None
    lag_s: Distribution | None = None
    heartbeat_s: Distribution | None = None
    in_flight: float | None = None
    memory: Memory | None = None
    cpu: Cpu | None = None
    probe: Probe | None = None
    upstream: UpstreamServed | None = None
    ceiling: Ceiling | None = None
    samples: str | None = None
    slices: tuple[Slice, ...] = ()
    arms: tuple[Arm, ...] = ()
