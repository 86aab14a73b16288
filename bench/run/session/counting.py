"""Counts of cases, each in a process of its own, several at the same time."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

from bench.errors import BenchError
from bench.model.config import Closed, Plan, Scenario, Stack
from bench.model.instructions import Counted
from bench.model.loads import load_name, most_in_flight, within
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.session.asking import requests_of, wrong_ones
from bench.run.testbed.inprocess import Answer, Caller, Calls, Code, application, copy_program, valgrind
from bench.run.testbed.upstream import running_upstream
from bench.units import significant

WARM_UP, TIMES = 30, 60
"""Requests before the counting, and those that are counted; of several users at least one and two of each."""

LONGEST_WAIT_S, FEWEST = 3.0, 10
"""Where the service itself waits, which it does in real time, fewer requests are sent: for so long, but so many."""

T = TypeVar("T")

Tell = Callable[[str], None]
"""Is told in words what was counted."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is counted in a process of its own. `layout`: which of several layouts of memory."""

    side: str
    stack: str
    scenario: str
    users: int
    layout: int = 0


def refuse(plan: Plan) -> None:
    """Raise BenchError where there is no valgrind, or a stack cannot be counted."""
    valgrind()
    for stack in plan.stacks.values():
        application(stack)
    counted = {case.stack for case in cases(plan, "head")}
    for name in plan.profile.stacks:
        if name not in counted:
            raise BenchError(f"{name} is WSGI, which one thread calls, one request at a time: give --users 1 too")


def cases(plan: Plan, side: str) -> Iterator[Case]:
    """What is counted of a side: of a WSGI stack only one request at a time, because one thread calls it.

    Raises BenchError where the plan has loads other than closed-loop ones.
    """
    for stack in plan.profile.stacks:
        for scenario, loads in plan.profile.loads.items():
            for load in loads:
                if not isinstance(load, Closed):
                    raise BenchError(
                        f"instructions are counted with a number of users, not at {load_name(load)}: give --users"
                    )
                alone = load.users == 1 or plan.stacks[stack].interface != "wsgi"
                if alone and within(plan.profile, stack, load):
                    yield Case(side, stack, scenario, load.users)


@contextmanager
def counting(
    plan: Plan, sides: Mapping[str, Code], cpus: Sequence[int], stop: StopRequest, tell: Tell
) -> Iterator["Counting"]:
    """What counts cases of these sides, as many at the same time as there are `cpus` (none: all).

    Raises BenchError where there is no valgrind, or something cannot be counted or is answered wrongly; Interrupted
    where a signal came.
    """
    refuse(plan)
    requests = requests_of(plan.scenarios, stop)
    with scratch_folder() as folder, running_upstream(_at_once(plan), 1, cpus, folder / "upstream.log", stop) as to:
        copy_program(folder)
        caller = Caller(folder, to.url, most_in_flight(plan.profile), cpus, stop)
        with ThreadPoolExecutor(len(cpus) or len(os.sched_getaffinity(0))) as pool:
            session = Counting(plan, sides, requests, caller, pool, tell)
            session.rehearse()
            yield session


class Counting:
    """The counting of one plan."""

    def __init__(
        self,
        plan: Plan,
        sides: Mapping[str, Code],
        requests: Mapping[str, Mapping[str, Any]],
        caller: Caller,
        pool: ThreadPoolExecutor,
        tell: Tell,
    ) -> None:
        self.plan = plan
        self.sides = sides
        self.requests = requests
        self.caller = caller
        self.pool = pool
        self.tell = tell
        self.numbers = count()

    def rehearse(self) -> None:
        """Send each request once, without valgrind. Raises BenchError where an answer is wrong.

        What the service imports leaves its bytecode, which otherwise the first process alone would have to make.
        """
        requests = tuple(self.requests.values())
        called = [
            (side, stack, self.pool.submit(self.caller.answers, side, code, stack, self._once(requests)))
            for side, code in self.sides.items()
            for stack in self.plan.stacks.values()
        ]
        given: list[tuple[str, Stack, str, Answer]] = []
        for side, stack, future in called:
            answers = self._result(future)
            given += [(side, stack, *pair) for pair in zip(self.requests, answers, strict=True)]
        wrong = wrong_ones(self.plan.scenarios, [(name, answer) for _, _, name, answer in given], self.caller.stop)
        for (side, stack, name, answer), why in zip(given, wrong, strict=True):
            if why:
                begin = answer.body[:200].decode(errors="replace")
                raise BenchError(f"{stack.name} answers {name} wrongly{self._of(side)}: {why}; it sent {begin}")

    def count(self, cases: Sequence[Case]) -> list[Counted]:
        """What each of them needs, in their order."""
        # The longest first, so that none is left alone at the end.
        running = {case: self.pool.submit(self._count, case) for case in sorted(cases, key=self._dearest)}
        for number, (case, one) in enumerate(running.items(), start=1):
            self.tell(f"{number} of {len(running)}: {_told(self._result(one))}{self._of(case.side)}")
        return [running[case].result() for case in cases]

    def _count(self, case: Case) -> Counted:
        scenario = self.plan.scenarios[case.scenario]
        warm_up, times = amounts(scenario, case.users)
        requests = (self.requests[case.scenario],)
        calls = Calls(next(self.numbers), requests, case.users, warm_up, times, case.layout)
        stack = self.plan.stacks[case.stack]
        instructions = self.caller.counted(case.side, self.sides[case.side], stack, calls)
        return Counted(case.stack, case.scenario, case.users, times, instructions)

    def _once(self, requests: tuple[Mapping[str, Any], ...]) -> Calls:
        return Calls(next(self.numbers), requests, 1, 0, 1)

    def _dearest(self, case: Case) -> tuple[int, float]:
        """What to sort by, so that what takes longest comes first."""
        scenario = self.plan.scenarios[case.scenario]
        return -case.users, -sum(call.calls for call in scenario.upstream.values()) - scenario.hold_s

    def _result(self, future: Future[T]) -> T:
        """What came out. Where it failed, what has not begun is left."""
        try:
            return future.result()
        except BaseException:
            self.pool.shutdown(wait=False, cancel_futures=True)
            raise

    def _of(self, side: str) -> str:
        return f" ({side})" if len(self.sides) > 1 else ""


def amounts(scenario: Scenario, users: int) -> tuple[int, int]:
    """How many requests are sent before the counting, and how many while it lasts."""
    warm_up, times = max(WARM_UP, users), max(TIMES, 2 * users)
    waits_s = 0.0 if scenario.upstream else scenario.hold_s
    if waits_s:
        most = max(FEWEST, round(LONGEST_WAIT_S / waits_s))
        warm_up, times = (max(users, min(number, most)) for number in (warm_up, times))
    return warm_up, times


def _at_once(plan: Plan) -> Scenario:
    """A scenario with the upstream routes of all, each of which answers at once."""
    calls = {
        route: replace(call, median_s=0.0, sigma=0.0)
        for scenario in plan.scenarios.values()
        for route, call in scenario.upstream.items()
    }
    return replace(next(iter(plan.scenarios.values())), upstream=calls)


def say(line: str) -> None:
    """Tell it on stderr, at once."""
    print(line, file=sys.stderr, flush=True)


def _told(one: Counted) -> str:
    return (
        f"{one.stack}, {one.scenario}, {load_name(Closed(users=one.users))}: "
        f"{significant(one.per_request / 1e6)} million instructions per request"
    )
