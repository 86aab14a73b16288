"""A search for capacity: what is sought, the steps that were tried, and what was found."""

from dataclasses import dataclass
from typing import Literal

from bench.model.cell import CellKey, Distribution, Neighbour, Probe, Problem, Requests, UpstreamServed
from bench.model.config import Sought
from bench.model.wrong_answer import WrongAnswer

Verdict = Literal["held", "exceeded", "not known"]
Part = Literal["bracket", "settle", "below", "check"]
Ending = Literal["found", "never", "at least", "not known", "failed"]


@dataclass(frozen=True, slots=True)
class SearchKey:
    """Which search: a stack under a scenario in one round (from 1); `order` (from 0) is its place in the run."""

    stack: str
    scenario: str
    sought: Sought
    round: int
    order: int


Key = CellKey | SearchKey
"""What is measured: a cell or a search."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a search starts, and the highest rate that it may try, with the reason in words.

    `slots_rps`: what the slots allow; None without slots.
    """

    start_rps: float
    most_rps: float
    most_because: str
    slots_rps: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One window of a search, with requests arriving at `rate_rps`, and whether the objective held in it.

    Seconds on CLOCK_MONOTONIC: the load begins at `begin_s`; [start_s, end_s) is measured; at `done_s` nothing is in
    flight any more. It ended before its `planned_s` where so many answers were late that the rest could not change the
    verdict. `part`: whether it was to bracket the rate, to settle it, or below it, or to check a server that was
    started anew just before it. `latency_s`: of the requests that were scheduled in it; where it ended early, of those
    scheduled until then. `memory_bytes`: anonymous memory, because the servers of a search share the pages of their
    files with one another. `problems`: why the verdict is not known; `neighbours`: the programs beside, where they are
    why.
    """

    number: int
    rate_rps: float
    verdict: Verdict
    part: Part
    planned_s: float
    begin_s: float
    start_s: float
    end_s: float
    done_s: float
    requests: Requests
    throughput_rps: float
    latency_s: Distribution | None = None
    server_s_per_request: float | None = None
    server_cores: float | None = None
    memory_bytes: int | None = None
    problems: tuple[Problem, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it lasted as long as planned."""
        return self.end_s - self.start_s >= 0.999 * self.planned_s


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: the arrival rate at which the objective held in two windows of three.

    `ending`: "found"; "never" where it held at no rate; "at least" where a higher rate could not be tried; "not known"
    and "failed" have no rate. `why`: the reason of any other ending than "found". `probe`: before and after all
    searches of the round. `other_run`: see `Circumstances`. `samples`: the file of the raw arrays, relative to the run
    folder.
    """

    stack: str
    scenario: str
    sought: Sought
    round: int
    order: int
    ending: Ending
    rate_rps: float | None = None
    why: str = ""
    bounds: Bounds | None = None
    steps: tuple[Step, ...] = ()
    served: UpstreamServed | None = None
    wrong_answers: tuple[WrongAnswer, ...] = ()
    samples: str | None = None
    probe: Probe | None = None
    other_run: str | None = None
