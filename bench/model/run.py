"""One run: where, of what code and how it was measured, and its cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.model.cell import Cell
from bench.model.config import Load, Plan

SCHEMA_VERSION = 2


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

    `commit` and `dirty` are those of the folder `source`; None: of the checkout that the harness ran from. There
    `lock_sha256` tells what was installed; elsewhere `distributions` does, the version of each by its name.
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
