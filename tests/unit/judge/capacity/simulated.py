"""Services whose answers follow from a recursion, and searches of them on a clock of their own."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench.judge.capacity.grid import Ask, Found
from bench.judge.capacity.search import next_ask, outcome
from bench.judge.capacity.steps import Taken, judged, most_late
from bench.model.config import Objective, Sought
from bench.model.samples import TABLES, Samples
from bench.model.search import Bounds, Step
from tests.unit.builders import ONE_CORE, readings_of

LEAD_S = 0.6
NEVER_MORE = 4000.0
BOUNDS = Bounds(50.0, NEVER_MORE, "it is the most that is tried")
WITHIN_200_MS = Sought(Objective("p95", 0.2), "poisson", 500)
Serve = Callable[[Sequence[float], random.Random], Sequence[tuple[float, int]]]
"""The end and the status of each of these arrivals."""


def slots(count: int, hold_s: Callable[[random.Random], float]) -> Serve:
    """Kiefer and Wolfowitz's recursion: each arrival takes the slot that is free first, for `hold_s`."""

    def serve(arrivals: Sequence[float], chance: random.Random) -> Sequence[tuple[float, int]]:
        free = [0.0] * count
        answers = []
        for at_s in arrivals:
            end_s = max(heapq.heappop(free), at_s) + hold_s(chance)
            heapq.heappush(free, end_s)
            answers.append((end_s, 200))
        return answers

    return serve


def arrivals(rate_rps: float, kind: str, length_s: float, chance: random.Random) -> Iterator[float]:
    """The moments, from 0 on, at which requests arrive."""
    at_s = 0.0
    for number in itertools.count():
        at_s = at_s + chance.expovariate(rate_rps) if kind == "poisson" else (number + 0.5) / rate_rps
        if at_s >= length_s:
            return
        yield at_s


@dataclass
class Machine:
    """Runs the windows that a search asks for. `late_s`: how late its load generator is in a window of this number."""

    serve: Serve
    sought: Sought = WITHIN_200_MS
    seed: int = 1
    late_s: Callable[[int], float] = lambda _: 0.0
    restart: Callable[[], None] = lambda: None
    s_per_request: float = 0.001
    now_s: float = 100.0
    steps: list[Step] = field(default_factory=list)
    recorded: list[Samples] = field(default_factory=list)

    def search(self, bounds: Bounds = BOUNDS) -> Found:
        """What a search ends with that waits for no others."""
        while (ask := next_ask(self.steps, bounds, 1)) is not None:
            if ask.part == "check":
                self.restart()
            self.steps.append(self.window(ask))
            assert len(self.steps) < 200, "the search has no end"
        found = outcome(self.steps, bounds, 1)
        assert found is not None
        return found

    def window(self, ask: Ask) -> Step:
        """One window, judged."""
        number = len(self.steps)
        chance = random.Random(f"{self.seed}/{number}")
        begin_s = self.now_s
        start_s = begin_s + LEAD_S
        scheduled = [
            begin_s + at_s for at_s in arrivals(ask.rate_rps, self.sought.arrivals, LEAD_S + ask.length_s, chance)
        ]
        ended = self.serve(scheduled, chance)
        limit_s, planned = self.sought.objective.limit_s, ask.rate_rps * ask.length_s
        late = sorted(
            max(at_s + limit_s, start_s)
            for at_s, (done_s, status) in zip(scheduled, ended, strict=True)
            if at_s >= start_s and (done_s - at_s > limit_s or status < 0)
        )
        allowed = most_late(self.sought.objective, planned)
        end_s = start_s + ask.length_s
        if len(late) > allowed:
            end_s = min(end_s, late[allowed])
        sent = [(at_s, *one) for at_s, one in zip(scheduled, ended, strict=True) if at_s < end_s]
        done_s = max([end_s, *(one for _, one, _ in sent)]) + 0.01
        own = self._samples(sent, begin_s, done_s, self.late_s(number))
        self.recorded.append(own)
        taken = Taken(number, ask.rate_rps, ask.part, ask.length_s, begin_s, start_s, end_s, done_s)
        self.now_s = done_s + 0.1
        return judged(taken, self.sought, ONE_CORE, own)

    def samples(self) -> Samples:
        """All windows together, as a run keeps them; CPU counts from the start of the server."""
        first = self.recorded[0]
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(one, name) for one in self.recorded])
            for table in TABLES.values()
            for name in table
        }
        return replace(first, **joined)

    def _samples(
        self, sent: Sequence[tuple[float, float, int]], begin_s: float, done_s: float, late_s: float
    ) -> Samples:
        scheduled_s = np.array([at_s for at_s, _, _ in sent])
        count = len(sent)
        t_s = np.array([begin_s - 0.01, done_s + 0.01])
        zeros = np.zeros(count, dtype=np.int64)
        memory = np.full(2, 50_000_000)
        server = {"anon_bytes": memory, "pss_bytes": memory, "cpu_user_s": np.array([0.0, count * self.s_per_request])}
        return Samples(
            scheduled_s=scheduled_s,
            sent_s=scheduled_s + late_s,
            done_s=np.array([one for _, one, _ in sent]) + late_s,
            status=np.array([status for _, _, status in sent], dtype=np.int64),
            bytes=zeros,
            measurement=zeros,
            route=zeros,
            slice=zeros,
            new_connection=zeros,
            beat_s=np.arange(begin_s, done_s, 0.01),
            beat_late_s=np.full(len(np.arange(begin_s, done_s, 0.01)), 0.0003),
            **readings_of(t_s, server, {"generator": 0.3, "upstream": 0.1, "harness": 0.01}),
            cores_t_s=t_s,
            server_steal_s=np.zeros(2),
            load_steal_s=np.zeros(2),
            server_idle_s=np.full(2, np.nan),
            load_idle_s=np.full(2, np.nan),
        )


def even(machine: Machine) -> Machine:
    """The machine, with evenly spaced arrivals."""
    machine.sought = replace(machine.sought, arrivals="fixed")
    return machine
