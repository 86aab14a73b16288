"""One run: the machine, the code, the configuration and the cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.model.cell import Cell
from bench.model.config import Load, Plan
from bench.model.instructions import CountedPair
from bench.model.search import Search

SCHEMA_VERSION = 3

MOST_CELLS = 10_000
"""A run of more cells would take half a day at least, and no one reads a report of it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One side of an A/B: which code it ran.

    `ref`: what the user named; `commit`: the commit that it resolved to; `dirty`: with uncommitted changes on top.
    `code`: for each stack a digest of the files of this revision that its server imported.
    """

    ref: str
    commit: str
    dirty: bool
    lock_sha256: str | None
    code: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Gated:
    """A member of the family of an A/B's tests, declared before it begins: a metric of a stack under one load."""

    stack: str
    scenario: str
    load: Load
    metric: str


@dataclass(frozen=True, slots=True)
class AB:
    """What an A/B has beside its cells: two revisions, the family of its tests and a pilot cell of base for each stack.

    The pilots decide the length of the slices (at least `slice_s` seconds), the open-loop rate and which metrics are
    gated. `looks`: after how many restarts it was to be judged, and to end if that decided it; none in runs of before.
    `unchanged`: both sides ran the same code, with the same data and lock file, so nothing was measured.
    `instructions`: what was counted of both sides; nothing where that was not asked for.
    """

    base: Revision
    head: Revision
    family: tuple[Gated, ...]
    pilots: tuple[Cell, ...]
    slice_s: float
    looks: tuple[int, ...] = ()
    unchanged: bool = False
    instructions: tuple[CountedPair, ...] = ()


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
    """What this machine can measure, tried with the real load generator and upstream.

    `generator_rps`: closed-loop requests/s of the generator on its core, against an upstream without delay. `open_rps`:
    the highest open-loop rate that it sent on schedule, and the P99 of the send delay there; `users`: the most
    closed-loop users that were all in flight together. `upstream_rps`: the highest rate at which the upstream kept its
    delays, and the P99 of their error there; 0.0 where it kept them at none. `timer_s`: how late a timer in the harness
    is at P99. `sampler_s`: CPU seconds of one reading of the sampler. `descriptors`: open files that one process may
    have; None: no limit. `steal` and `busy`: shares of all cores that the hypervisor and other programs took.
    `problems`: what is wrong with this machine. `other_spread`: standard deviation, over the trials, of the share that
    other programs seemed to use of a core; None where it is not known. `tried_rps`: the highest open-loop rate that was
    to be tried.
    """

    taken: str
    cpu_sets: tuple[tuple[int, ...], tuple[int, ...]]
    generator_rps: float
    open_rps: float
    open_send_delay_s: float
    users: int
    upstream_rps: float
    upstream_delay_error_s: float
    timer_s: float
    sampler_s: float
    descriptors: int | None
    steal: float | None
    busy: float
    problems: tuple[str, ...]
    other_spread: float | None = None
    tried_rps: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Everything about a run except its raw samples. `started` is ISO 8601 in UTC; `argv` follows the program's name.

    `commit` and `dirty` describe the folder `source`; None: the checkout that the harness ran from. There `lock_sha256`
    identifies what was installed; elsewhere `distributions` does: the version of each by its name. `server_cpus` and
    `load_cpus` are empty where nothing could be pinned. `notes` hold for every figure of the run.
    """

    schema_version: int
    id: str
    started: str
    machine: Machine
    versions: Mapping[str, str]
    commit: str | None
    dirty: bool | None
    lock_sha256: str | None
    config: Plan
    argv: tuple[str, ...]
    server_cpus: tuple[int, ...]
    load_cpus: tuple[int, ...]
    notes: tuple[str, ...]
    seed: int
    source: str | None = None
    distributions: Mapping[str, str] = field(default_factory=dict)
    selftest: Selftest | None = None
    ab: AB | None = None
    cells: tuple[Cell, ...] = ()
    searches: tuple[Search, ...] = ()

    @property
    def other_spread(self) -> float:
        """How much the share of other programs varied in the selftest; 0 where that is not known."""
        return (self.selftest.other_spread if self.selftest is not None else None) or 0.0
