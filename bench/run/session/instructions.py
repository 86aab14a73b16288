"""Counting instructions: each stack of a profile under each of its scenarios, for one revision or for two."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import BenchError
from bench.model.cell import SIDES
from bench.model.config import Closed, Plan, Scenario, Stack
from bench.model.instructions import Counted, Counts
from bench.model.loads import load_name, most_in_flight, within
from bench.run.cell.asking import requests_of, wrong_ones
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.testbed.inprocess import Answer, Caller, Calls, Code, InPlace, application, copy_program, valgrind
from bench.run.testbed.revisions import Checkout, checked_out
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
    """What is counted in a process of its own."""

    side: str
    stack: str
    scenario: str
    users: int


def count(plan: Plan, cpus: Sequence[int], stop: StopRequest, tell: Tell) -> Counts:
    """The instructions with the files as they lie there. Raises as `count_sides` does."""
    (counted,) = count_sides(plan, {"head": InPlace()}, cpus, stop, tell).values()
    return Counts(None, counted)


def count_both(
    plan: Plan, repository: Path, revisions: tuple[str, str], cpus: Sequence[int], stop: StopRequest, tell: Tell
) -> tuple[Counts, Counts]:
    """The instructions of base and of head, two revisions of a repository. Raises as `count_checkouts` does."""
    refuse(plan)
    with checked_out(repository, *revisions) as sides:
        return count_checkouts(plan, sides, cpus, stop, tell)


def count_checkouts(
    plan: Plan, sides: tuple[Checkout, Checkout], cpus: Sequence[int], stop: StopRequest, tell: Tell
) -> tuple[Counts, Counts]:
    """The instructions of base and of head, which are checked out. Raises as `count_sides` does."""
    counted = count_sides(plan, dict(zip(SIDES, sides, strict=True)), cpus, stop, tell)
    base, head = (Counts(side.revision, counted[name]) for name, side in zip(SIDES, sides, strict=True))
    return base, head


def refuse(plan: Plan) -> None:
    """Raise BenchError where there is no valgrind, or something of the plan cannot be counted."""
    valgrind()
    for stack in plan.stacks.values():
        application(stack)
    for case in cases(plan, "head"):
        if plan.stacks[case.stack].interface == "wsgi" and case.users > 1:
            raise BenchError(
                f"{case.stack} is WSGI, which one thread calls, one request at a time: give it --users 1, or "
                f"`max_users` in the profile"
            )


def cases(plan: Plan, side: str) -> Iterator[Case]:
    """What is counted of a side. Raises BenchError where the plan has loads other than closed-loop ones."""
    for stack in plan.profile.stacks:
        for scenario, loads in plan.profile.loads.items():
            for load in loads:
                if not isinstance(load, Closed):
                    raise BenchError(
                        f"instructions are counted with a number of users, not at {load_name(load)}: give --users"
                    )
                if within(plan.profile, stack, load):
                    yield Case(side, stack, scenario, load.users)


def count_sides(
    plan: Plan, sides: Mapping[str, Code], cpus: Sequence[int], stop: StopRequest, tell: Tell
) -> dict[str, tuple[Counted, ...]]:
    """By side what was counted, in the order of the plan; as many at the same time as there are `cpus` (none: all).

    Raises BenchError where there is no valgrind, or something cannot be counted or is answered wrongly; Interrupted
    where a signal came.
    """
    refuse(plan)
    requests = requests_of(plan.scenarios, stop)
    own = {side: list(cases(plan, side)) for side in sides}
    with scratch_folder() as folder, running_upstream(_at_once(plan), 1, cpus, folder / "upstream.log", stop) as to:
        copy_program(folder)
        session = _Session(plan, sides, requests, Caller(folder, to.url, most_in_flight(plan.profile), cpus, stop))
        with ThreadPoolExecutor(len(cpus) or len(os.sched_getaffinity(0))) as pool:
            session.rehearse(pool)
            # The longest first, so that none is left alone at the end; base and head of the same one together.
            every = sorted((case for side in own.values() for case in side), key=session.dearest)
            counting = {case: pool.submit(session.count, case, number) for number, case in enumerate(every)}
            for number, (case, one) in enumerate(counting.items(), start=1):
                tell(f"{number} of {len(every)}: {_told(_result(one, pool))}{_of(case.side, sides)}")
    return {side: tuple(_result(counting[case], pool) for case in found) for side, found in own.items()}


class _Session:
    """The counting of one plan."""

    def __init__(
        self, plan: Plan, sides: Mapping[str, Code], requests: Mapping[str, Mapping[str, Any]], caller: Caller
    ) -> None:
        self.plan = plan
        self.sides = sides
        self.requests = requests
        self.caller = caller

    def rehearse(self, pool: ThreadPoolExecutor) -> None:
        """Send each request once, without valgrind. Raises BenchError where an answer is wrong.

        What the service imports leaves its bytecode, which otherwise the first process alone would have to make.
        """
        names = tuple(self.requests)
        calls = [Calls(number, tuple(self.requests.values()), 1, 0, 1) for number in range(len(self.plan.stacks))]
        called = [
            (side, stack, pool.submit(self.caller.answers, side, code, stack, one))
            for side, code in self.sides.items()
            for one, stack in zip(calls, self.plan.stacks.values(), strict=True)
        ]
        given: list[tuple[str, Stack, str, Answer]] = []
        for side, stack, future in called:
            answers = _result(future, pool)
            given += [(side, stack, name, answer) for name, answer in zip(names, answers, strict=True)]
        wrong = wrong_ones(self.plan.scenarios, [(name, answer) for _, _, name, answer in given], self.caller.stop)
        for (side, stack, name, answer), why in zip(given, wrong, strict=True):
            if why:
                begin = answer.body[:200].decode(errors="replace")
                raise BenchError(f"{stack.name} answers {name} wrongly{_of(side, self.sides)}: {why}; it sent {begin}")

    def count(self, case: Case, number: int) -> Counted:
        """What is counted in one process."""
        scenario = self.plan.scenarios[case.scenario]
        warm_up, times = amounts(scenario, case.users)
        calls = Calls(number, (self.requests[case.scenario],), case.users, warm_up, times)
        stack = self.plan.stacks[case.stack]
        instructions = self.caller.counted(case.side, self.sides[case.side], stack, calls)
        return Counted(case.stack, case.scenario, case.users, times, instructions)

    def dearest(self, case: Case) -> tuple[int, float]:
        """What to sort by, so that what takes longest comes first."""
        scenario = self.plan.scenarios[case.scenario]
        return -case.users, -sum(call.calls for call in scenario.upstream.values()) - scenario.hold_s


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


def _result(future: Future[T], pool: ThreadPoolExecutor) -> T:
    """What came out. Where it failed, what has not begun is left."""
    try:
        return future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _told(one: Counted) -> str:
    return (
        f"{one.stack}, {one.scenario}, {load_name(Closed(users=one.users))}: "
        f"{significant(one.per_request / 1e6)} million instructions per request"
    )


def _of(side: str, sides: Mapping[str, Code]) -> str:
    return f" ({side})" if len(sides) > 1 else ""
