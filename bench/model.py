"""The nouns: what is measured, what was seen and what it came to. Frozen, in base units, without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1

Interface = Literal["wsgi", "asgi"]
Outcome = Literal["ok", "degraded", "invalid", "failed"]
Bound = Literal["slots", "server cpu"]
Figure = Literal["throughput", "latency", "memory", "cpu"]


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


@dataclass(frozen=True, slots=True)
class Load:
    """How requests arrive. Closed: `users` who each wait for an answer before they ask again."""

    model: Literal["closed"]
    users: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of warm-up, of the window, and of the longest window to which it may grow."""

    warmup_s: float
    window_s: float
    window_limit_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What one `bench run` measures. `max_users`: the highest closed load worth giving to a stack, by its name."""

    name: str
    stacks: tuple[str, ...]
    loads: Mapping[str, tuple[Load, ...]]
    timing: Timing
    rounds: int
    max_users: Mapping[str, int]
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
    """Seconds on CLOCK_MONOTONIC: users start from `warmup_s` on; [start_s, end_s) is measured."""

    warmup_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Requests:
    """How the requests scheduled in the window ended. `errors` leaves out timeouts; `dropped` were never sent."""

    ok: int
    errors: int
    timeouts: int
    dropped: int
    by_error: Mapping[str, int]


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
    """Memory summed over the server's process tree. PSS is None where the platform has none."""

    pss_bytes: int | None
    rss_bytes: int
    uss_bytes: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Idle: after ready, before any load. Median and peak: over the readings in the window."""

    idle: MemoryFigure
    median: MemoryFigure
    peak: MemoryFigure


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds per finished request; cores kept busy over the window; the server's threads and switches."""

    server_s_per_request: float | None
    server_cores: float
    generator_cores: float
    upstream_cores: float
    sampler_cores: float
    server_threads: int
    server_switches_per_s: float


@dataclass(frozen=True, slots=True)
class UpstreamServed:
    """The upstream's own account of the whole cell, warm-up and drain included: hits by route, worst delay errors."""

    hits: Mapping[str, int]
    delay_error_s: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that the slots allow, in requests/s (None: no such limit), and what binds, where it is plain."""

    rps: float | None
    bound: Bound | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the reader must know of a cell. `voids` names the figures that it makes worthless."""

    name: str
    detail: str
    voids: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement as run.json keeps it; which one, what came of it, and the figures.

    A failed cell has no figures. `latency_s` and `service_s` are None where no request was scheduled in the window;
    `lag_s` is None in the closed model. `samples` is the file of the raw arrays, relative to the run folder.
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
    memory: Memory | None = None
    cpu: Cpu | None = None
    upstream: UpstreamServed | None = None
    ceiling: Ceiling | None = None
    samples: str | None = None


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
    wrong: see loadtests/recording.py. One row a reading of the sampler: mem_t_s ... upstream_cpu_s, the first of them
    taken when the fresh server was idle. CPU seconds and switches count from the start of the process;
    `pss_bytes` is -1 where the platform has none.
    """

    scheduled_s: Floats = field(default_factory=_empty_floats)
    sent_s: Floats = field(default_factory=_empty_floats)
    done_s: Floats = field(default_factory=_empty_floats)
    status: Ints = field(default_factory=_empty_ints)
    bytes: Ints = field(default_factory=_empty_ints)
    arm: Ints = field(default_factory=_empty_ints)
    route: Ints = field(default_factory=_empty_ints)
    slice: Ints = field(default_factory=_empty_ints)
    mem_t_s: Floats = field(default_factory=_empty_floats)
    mem_arm: Ints = field(default_factory=_empty_ints)
    pss_bytes: Ints = field(default_factory=_empty_ints)
    rss_bytes: Ints = field(default_factory=_empty_ints)
    uss_bytes: Ints = field(default_factory=_empty_ints)
    cpu_user_s: Floats = field(default_factory=_empty_floats)
    cpu_system_s: Floats = field(default_factory=_empty_floats)
    threads: Ints = field(default_factory=_empty_ints)
    switches: Ints = field(default_factory=_empty_ints)
    generator_cpu_s: Floats = field(default_factory=_empty_floats)
    upstream_cpu_s: Floats = field(default_factory=_empty_floats)
    sampler_cpu_s: Floats = field(default_factory=_empty_floats)
