"""The nouns: what is measured, what was seen and what it came to. Frozen, in base units, without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 2

Interface = Literal["wsgi", "asgi"]
Outcome = Literal["ok", "degraded", "invalid", "failed"]
Bound = Literal["slots", "server cpu", "event loop", "client pool", "upstream", "generator", "nothing"]
Arrivals = Literal["fixed", "poisson"]
Figure = Literal["throughput", "latency", "memory", "cpu"]

ARMS = ("base", "head")
"""The two live servers of an A/B, in the order of their numbers."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A way to serve the application: a program, its settings and how many requests it can hold at once.

    `argv` and the values of `env` may hold the placeholders {host} {port} {workers} {threads} {upstream} {users}
    {connections}. `slots` is None for an event loop, which has no such limit. `cwd` is relative to the checkout where
    it lies in it, else absolute.
    """

    name: str
    title: str
    interface: Interface
    argv: tuple[str, ...]
    env: Mapping[str, str]
    workers: int
    threads: int
    slots: int | None
    ready_path: str | None
    cwd: str


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """Calls that one request makes to an upstream route; each waits `median_s`, lognormal where `sigma` > 0."""

    calls: int
    median_s: float
    sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked of a stack.

    `hold_s` is the least time for which a request occupies a slot: what it waits for. `path`, `status` and `body`
    (None: any) matter to the locustfile that takes them from here. `locustfile` is relative to the checkout where it
    lies in it, else absolute.
    """

    name: str
    title: str
    locustfile: str
    upstream: Mapping[str, UpstreamCall]
    hold_s: float
    timeout_s: float
    path: str | None = None
    status: int = 200
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed load: `users` who each wait for an answer before they ask again, and never pause."""

    model: Literal["closed"] = "closed"
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open load: `rate_rps` requests/s arrive on schedule, whatever the server does.

    Evenly spaced, or as a seeded Poisson process. An arrival that finds `max_in_flight` requests under way is dropped.
    """

    model: Literal["open"] = "open"
    rate_rps: float
    arrivals: Arrivals
    max_in_flight: int


Load = Closed | Open


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of warm-up, of the window, and of the longest window to which it may grow."""

    warmup_s: float
    window_s: float
    window_limit_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What one `bench run` measures.

    `max_users` and `max_rate_rps`: the highest closed and open load worth giving to a stack, by its name. `compare`:
    the two stacks whose ratio is the headline; every other stack is compared with the second of them.
    """

    name: str
    stacks: tuple[str, ...]
    loads: Mapping[str, tuple[Load, ...]]
    timing: Timing
    rounds: int
    max_users: Mapping[str, int]
    max_rate_rps: Mapping[str, float]
    compare: tuple[str, str] | None
    server_cpus: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The merged configuration: every stack and scenario that a profile uses, by name."""

    stacks: Mapping[str, Stack]
    scenarios: Mapping[str, Scenario]
    profile: Profile


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


@dataclass(frozen=True, slots=True)
class Revision:
    """One side of an A/B: which code it ran.

    `ref` as it was asked for; `commit` is what it came to, `dirty` with uncommitted changes on top. `code`: for each
    stack a digest of the files of this revision that its server imported, as the server itself left trace of.
    """

    ref: str
    commit: str
    dirty: bool
    lock_sha256: str | None
    code: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Gated:
    """What the verdict of an A/B rests on, declared before it begins: a metric of a stack under one load."""

    stack: str
    scenario: str
    load: Load
    metric: str


@dataclass(frozen=True, slots=True)
class AB:
    """What makes a run an A/B: its two revisions, the family of its tests and, of each stack, a cell of base alone.

    From these pilots come the slices' length (never under `slice_s` seconds), the open rate and which metric of a stack
    is gated.
    """

    base: Revision
    head: Revision
    family: tuple[Gated, ...]
    pilots: tuple[Cell, ...]
    slice_s: float


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    cpu_model: str
    cpus: int
    memory_bytes: int
    system: str
    kernel: str
    python: str
    has_pss: bool


@dataclass(frozen=True, slots=True)
class Selftest:
    """What this machine can measure, tried with the real generator and upstream.

    `generator_rps`: closed requests/s of the generator on its core, against an upstream without delay. `open_rps`: the
    highest rate that it kept to schedule, with the P99 of its lag there; `users`: the most closed users that were all
    under way. `upstream_rps`: the highest rate at which the upstream's delays were true, with the P99 of their error
    there; 0.0 where none was. `timer_s`: P99 lateness of a timer in the harness. `sampler_s`: CPU seconds of one
    reading of the sampler. `descriptors`: open files that one process may have; None: no limit. `steal` and `busy`:
    shares of all cores that the hypervisor and other programs took meanwhile. `problems`: what is not sound here.
    """

    taken: str
    cpu_sets: tuple[tuple[int, ...], tuple[int, ...]]
    generator_rps: float
    open_rps: float
    open_lag_s: float
    users: int
    upstream_rps: float
    upstream_delay_error_s: float
    timer_s: float
    sampler_s: float
    descriptors: int | None
    steal: float | None
    busy: float
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Everything about a run but its raw samples. `started` is ISO 8601 in UTC; `argv` follows `python -m bench`.

    `server_cpus` and `load_cpus` are empty where nothing could be pinned; `notes` say so, and what else holds for
    every figure of the run.
    """

    schema_version: int
    id: str
    started: str
    machine: Machine
    versions: Mapping[str, str]
    commit: str | None
    dirty: bool | None
    lock_sha256: str
    config: Plan
    argv: tuple[str, ...]
    server_cpus: tuple[int, ...]
    load_cpus: tuple[int, ...]
    notes: tuple[str, ...]
    seed: int
    selftest: Selftest | None = None
    ab: AB | None = None
    cells: tuple[Cell, ...] = ()


Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _empty_floats() -> Floats:
    return np.empty(0)


def _empty_ints() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Samples:
    """The raw arrays of a cell, times in seconds on CLOCK_MONOTONIC.

    One row a request: scheduled_s ... slice. `status` is the HTTP status of a right answer; negative where it was
    wrong or never sent: see loadtests/recording.py. One row a beat of the generator: when it was due and how late it
    came. One row a reading of the sampler: mem_t_s ... load_steal_s, the first of them taken when the fresh server was
    idle. CPU seconds and switches count from the start of the process, steal (seconds, summed over the cores of either
    side; NaN where it is not told) from the start of the machine; `pss_bytes` and its anonymous part are -1 where the
    platform has none. `arm` and `mem_arm` are 0, in an A/B 1 for head; `slice` is the number of the slice.
    """

    scheduled_s: Floats = field(default_factory=_empty_floats)
    sent_s: Floats = field(default_factory=_empty_floats)
    done_s: Floats = field(default_factory=_empty_floats)
    status: Ints = field(default_factory=_empty_ints)
    bytes: Ints = field(default_factory=_empty_ints)
    arm: Ints = field(default_factory=_empty_ints)
    route: Ints = field(default_factory=_empty_ints)
    slice: Ints = field(default_factory=_empty_ints)
    beat_s: Floats = field(default_factory=_empty_floats)
    beat_late_s: Floats = field(default_factory=_empty_floats)
    mem_t_s: Floats = field(default_factory=_empty_floats)
    mem_arm: Ints = field(default_factory=_empty_ints)
    pss_bytes: Ints = field(default_factory=_empty_ints)
    anon_bytes: Ints = field(default_factory=_empty_ints)
    rss_bytes: Ints = field(default_factory=_empty_ints)
    uss_bytes: Ints = field(default_factory=_empty_ints)
    cpu_user_s: Floats = field(default_factory=_empty_floats)
    cpu_system_s: Floats = field(default_factory=_empty_floats)
    threads: Ints = field(default_factory=_empty_ints)
    switches: Ints = field(default_factory=_empty_ints)
    generator_cpu_s: Floats = field(default_factory=_empty_floats)
    upstream_cpu_s: Floats = field(default_factory=_empty_floats)
    sampler_cpu_s: Floats = field(default_factory=_empty_floats)
    server_steal_s: Floats = field(default_factory=_empty_floats)
    load_steal_s: Floats = field(default_factory=_empty_floats)
