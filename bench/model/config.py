"""What is measured: stacks, scenarios, loads and profiles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.model.requests import Asked

Interface = Literal["wsgi", "asgi"]

HARNESS = "{harness}"
"""A stack's `programs` that stand for the environment which the harness itself runs in."""

Client = Literal["lean", "locust"]
"""What sends the requests of a scenario: the lean client of the harness, or those of the locustfile's own users."""

Cores = Literal["load", "server"]
CORES: tuple[Cores, ...] = ("load", "server")
"""The side whose cores a companion gets."""

Connection = Literal["keep-alive", "close"]
"""Whether a connection is used again for the next request, if the service lets it, or each request opens its own."""

Arrivals = Literal["fixed", "poisson"]


@dataclass(frozen=True, slots=True)
class Stack:
    """A way to serve the application: a program, its settings and how many requests it can hold at once.

    `argv` and the values of `env` may hold the placeholders {host} {port} {folder} {workers} {threads} {upstream}
    {users} {connections}, and the names of the companions that it `needs`. `prepare` is run to its end before each
    start, in the same folder. `interface` is None where it was not given. `slots` is None for an event loop, which
    has no such limit. `url`: where it runs already; then it is not started, `argv` is empty, and `pid` is its
    process where that was given. `programs` is the folder that is searched first for the program, HARNESS stands
    for the harness's own; None: the PATH is searched first. `cwd` and `programs` are relative to the folder of
    bench.toml where they lie in it, else absolute.
    """

    name: str
    title: str
    interface: Interface | None
    argv: tuple[str, ...]
    env: Mapping[str, str]
    workers: int
    threads: int
    slots: int | None
    ready_path: str | None
    cwd: str
    programs: str | None = HARNESS
    needs: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    url: str | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A program that stands beside the server: a database, a queue, a worker.

    `argv`, `setup`, `url` and the values of `env` may hold the placeholders {host} {port} {folder}, and the names of
    companions that the stack needs before it. It has a port where `argv` or `env` holds {port}, or `port` says
    which. `url`: what its own name stands for in other programs' tables. `setup` is run to its end once it is
    ready. `cwd`: None for a temporary folder of its own. `user`: who runs it where the harness is root. `cores`:
    the side whose cores it gets.

    `url_from`: the environment variable with the url of one that runs elsewhere; then nothing else is given.
    """

    name: str
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    setup: tuple[str, ...] = ()
    port: int | None = None
    ready_path: str | None = None
    cwd: str | None = None
    programs: str | None = None
    user: str | None = None
    cores: Cores = "load"
    url_from: str | None = None

    @property
    def listens(self) -> bool:
        """Whether it has a port: it is told one, or `port` says which."""
        return self.port is not None or any("{port}" in text for text in (*self.argv, *self.env.values()))


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """Calls that one request makes to an upstream route; each waits `median_s`, lognormal where `sigma` > 0."""

    calls: int
    median_s: float
    sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked of a stack.

    `hold_s` is the least time for which a request occupies a slot: what it waits for. `asked`: the requests of its
    table; None where the `locustfile` has requests of its own. `locustfile` is relative to the folder of bench.toml
    where it lies in it, else absolute; `locust_args` are given to Locust beside it. `client`: as an inspection of the
    locustfile found, once there is one.
    """

    name: str
    title: str
    locustfile: str
    upstream: Mapping[str, UpstreamCall]
    hold_s: float
    timeout_s: float
    asked: Asked | None = None
    connection: Connection = "keep-alive"
    locust_args: tuple[str, ...] = ()
    client: Client = "lean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed-loop load: each of `users` waits for its answer, then sends the next request at once."""

    model: Literal["closed"] = "closed"
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open-loop load: `rate_rps` requests/s arrive on schedule, whatever the server does.

    Evenly spaced, or as a seeded Poisson process. An arrival that finds `max_in_flight` requests in flight is dropped.
    """

    model: Literal["open"] = "open"
    rate_rps: float
    arrivals: Arrivals
    max_in_flight: int


Load = Closed | Open

Percentile = Literal["p50", "p95", "p99"]


@dataclass(frozen=True, slots=True)
class Objective:
    """A latency objective: this percentile is at most `limit_s`, and fewer than `failures` of the requests fail."""

    percentile: Percentile
    limit_s: float
    failures: float = 0.01


@dataclass(frozen=True, slots=True)
class Sought:
    """The highest arrival rate at which an objective holds. `arrivals` and `max_in_flight`: as of an open-loop load."""

    objective: Objective
    arrivals: Arrivals
    max_in_flight: int

    def load(self, rate_rps: float) -> Open:
        """The load of a window of the search."""
        return Open(rate_rps=rate_rps, arrivals=self.arrivals, max_in_flight=self.max_in_flight)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the warm-up, of the window, and of the window that it may grow to."""

    warmup_s: float
    window_s: float
    window_limit_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What one `bench run` measures.

    `max_users` and `max_rate_rps`: the highest closed-loop and open-loop load that a stack is given, by its name.
    `compare`: the two stacks whose ratio is the headline; every other stack is compared with the second of them.
    `sought`: by the scenarios whose capacity is searched for, what is sought. `searched`: of these stacks alone; where
    it is empty, of all.
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
    sought: Mapping[str, Sought] = field(default_factory=dict)
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The merged configuration: every stack, scenario and companion that a profile uses, by name."""

    stacks: Mapping[str, Stack]
    scenarios: Mapping[str, Scenario]
    profile: Profile
    companions: Mapping[str, Companion] = field(default_factory=dict)

    def companions_of(self, stack: Stack) -> tuple[Companion, ...]:
        """The companions that a stack needs, in the order of their start."""
        return tuple(self.companions[name] for name in stack.needs)
