"""What the selftest concludes from its trials. The trials are made up."""

from collections.abc import Callable

import pytest

from bench.errors import BenchError
from bench.plan.demand import Demand
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.session import selftest
from bench.run.session.selftest import Ladders, ladders_for

PINNED = CpuSets((1,), (0,))


def sound_up_to(limit: float) -> Callable[[float], float | None]:
    return lambda candidate: candidate / 1000 if candidate <= limit else None


@pytest.mark.parametrize(
    ("limit", "found"), [(0.0, (0.0, 0.0)), (1.0, (1.0, 0.001)), (2.5, (2.0, 0.002)), (9.0, (4.0, 0.004))]
)
def test_the_highest_is_the_last_before_the_first_that_fails(limit: float, found: tuple[float, float]) -> None:
    assert selftest._highest((1.0, 2.0, 4.0), sound_up_to(limit)) == found


def test_what_failed_is_tried_again_and_what_fails_each_time_ends_the_ladder() -> None:
    told = iter((None, 0.1, None, None, None))
    tried: list[float] = []

    def sound(candidate: float) -> float | None:
        tried.append(candidate)
        return next(told)

    assert selftest._highest((1.0, 2.0, 3.0), sound) == (1.0, 0.1)
    assert tried == [1.0, 1.0, 2.0, 2.0, 2.0]


def test_a_trial_that_breaks_down_is_not_sound() -> None:
    def sound(candidate: float) -> float | None:
        if candidate > 1:
            raise BenchError("requests outlasted their timeout")
        return 0.5

    assert selftest._highest((1.0, 2.0), sound) == (1.0, 0.5)


def test_only_what_a_plan_needs_is_tried() -> None:
    assert ladders_for(Demand(300.0, 50, 1000.0)) == Ladders([300.0], [50], [1000.0])
    assert ladders_for(Demand(0.0, 50, 0.0)) == Ladders([], [50], [])


class FakeBench:
    """Takes the place of the trials."""

    def __init__(self, *_: object) -> None:
        pass

    def generator_rps(self) -> float:
        return 30_000.0

    def highest_rate(self, rates: tuple[float, ...]) -> tuple[float, float]:
        return max(rates, default=0.0), 0.001

    def most_users(self, counts: tuple[int, ...]) -> int:
        return max(counts, default=0)

    def upstream_rps(self, rates: tuple[float, ...]) -> tuple[float, float]:
        return max(rates, default=0.0), 0.002

    def sampler_s(self) -> float:
        return 0.0015

    def other_spread(self) -> float:
        return 0.01


def test_the_selftest_has_what_each_trial_found_and_says_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "_Bench", FakeBench)
    monkeypatch.setattr(selftest, "_busy", lambda _: 0.02)
    said: list[str] = []
    found = selftest.selftest(PINNED, Ladders([300.0], [50], [1000.0]), 1, StopRequest(), said.append)
    assert (found.generator_rps, found.open_rps, found.open_send_delay_s) == (30_000.0, 300.0, 0.001)
    assert (found.users, found.upstream_rps, found.upstream_delay_error_s) == (50, 1000.0, 0.002)
    assert found.cpu_sets == ((1,), (0,))
    assert 0 < found.timer_s < 1
    assert found.busy == 0.02
    assert len(said) == 4


def test_nothing_is_said_of_what_was_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "_Bench", FakeBench)
    monkeypatch.setattr(selftest, "_busy", lambda _: 0.0)
    said: list[str] = []
    selftest.selftest(PINNED, Ladders([], [], []), 1, StopRequest(), said.append)
    assert [line.partition(":")[0] for line in said] == ["load generator"]


@pytest.mark.parametrize(
    ("cpus", "timer_s", "steal", "busy", "words"),
    [
        (PINNED, 0.005, 0.05, 0.10, []),
        (PINNED, 0.0051, 0.05, 0.10, ["timers are 5.10 ms late"]),
        (PINNED, 0.001, 0.051, 0.10, ["the hypervisor took 5.10 %"]),
        (PINNED, 0.001, None, 0.11, ["other programs kept the cores 11.0 % busy"]),
        (CpuSets((), (), "nothing is pinned"), 0.001, None, 0.0, ["nothing is pinned"]),
    ],
)
def test_each_problem_of_the_machine_is_named(
    cpus: CpuSets, timer_s: float, steal: float | None, busy: float, words: list[str]
) -> None:
    found = list(selftest._problems(cpus, timer_s, steal, busy))
    assert len(found) == len(words)
    for problem, start in zip(found, words, strict=True):
        assert problem.startswith(start)
