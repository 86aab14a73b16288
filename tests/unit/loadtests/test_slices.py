"""The conduct of a run in slices without Locust, on a clock that moves on only when everybody waits."""

import heapq
import itertools
import json
import math
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gevent
import numpy as np
import pytest
from gevent.event import Event

from loadtests.engine import session as session_module
from loadtests.engine import slices as module
from loadtests.engine.arrivals import Closed, Open
from loadtests.engine.client import Client
from loadtests.engine.driver import drive
from loadtests.engine.heartbeat import BEAT_S, beat
from loadtests.engine.plan import LoadPlan, SlicePlan, handed_plan
from loadtests.engine.pool import Pool
from loadtests.engine.slices import GAP_S, SlicedSession

WARMING = (SlicePlan(0, 0.3, 0.3), SlicePlan(1, 0.3, 0.3))
SLICES = (*WARMING, SlicePlan(1, 0.2, 0.05), SlicePlan(0, 0.2, 0.05), SlicePlan(0, 0.2, 0.05), SlicePlan(1, 0.2, 0.05))
THREE = Closed(users=3)
FIXED = Open(100.0, "fixed", 50, seed=7)
POISSON = replace(FIXED, arrivals="poisson")


class World:
    """Time that passes only in sleep, once no greenlet has anything else to do; and all that was told in it."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.asleep: list[tuple[float, int, Event]] = []
        self.order = itertools.count()
        self.told: list[tuple[float, str, dict[str, float]]] = []
        self.greenlets: list[gevent.Greenlet] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float = 0.0) -> None:
        woken = Event()
        heapq.heappush(self.asleep, (self.now_s + seconds, next(self.order), woken))
        woken.wait()

    def spawn(self, function: Callable[..., None], *arguments: object) -> gevent.Greenlet:
        self.greenlets.append(gevent.spawn(function, *arguments))
        return self.greenlets[-1]

    def tell(self, event: str, **facts: float) -> None:
        self.told.append((self.now_s, event, facts))

    def all(self, event: str) -> list[dict[str, float]]:
        return [facts for _, name, facts in self.told if name == event]

    def wait_for(self, *awaited: gevent.Greenlet) -> None:
        """Let time pass until these have ended, and no longer."""
        while True:
            gevent.idle()
            if all(one.ready() for one in awaited):
                break
            assert self.asleep, "all wait for ever"
            self.now_s, _, woken = heapq.heappop(self.asleep)
            assert self.now_s < 200.0, "it never ends"
            woken.set()
        for one in awaited:
            one.get()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(module, "tell", made.tell)
    monkeypatch.setattr(session_module, "time", made)
    monkeypatch.setattr(session_module, "tell", made.tell)
    monkeypatch.setattr(session_module, "gevent", SimpleNamespace(sleep=made.sleep, spawn=made.spawn))
    monkeypatch.setattr(session_module, "beat", partial(beat, clock=made.monotonic, sleep=made.sleep))
    before = signal.signal(signal.SIGALRM, _in_circles)  # who never waits would hold up the test for ever
    signal.setitimer(signal.ITIMER_REAL, 10.0, 0.2)
    yield made
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)
    gevent.killall(made.greenlets)


def _in_circles(*_: object) -> None:
    raise AssertionError("somebody goes round in circles and never waits")


@dataclass(frozen=True)
class Asked:
    """One request as the hosts saw it."""

    arm: int
    scheduled_s: float
    sent_s: float
    done_s: float


class Runner:
    """Notes that it was quit."""

    def __init__(self) -> None:
        self.ended = False

    def quit(self) -> None:
        self.ended = True


class Host:
    """A host that takes so long for each request as it is told."""

    def __init__(self, arm: int, world: World, asked: list[Asked], took_s: Iterator[float]) -> None:
        self.arm = arm
        self.world = world
        self.asked = asked
        self.took_s = took_s

    def connect(self) -> Client:
        return cast("Client", None)

    def ask_once(self, _: Client, scheduled_s: float) -> tuple[float, float, int, int]:
        sent_s = self.world.now_s
        self.world.sleep(next(self.took_s))
        self.asked.append(Asked(self.arm, scheduled_s, sent_s, self.world.now_s))
        return sent_s, self.world.now_s, 200, 5

    def tell(self, status: int, latency_s: float, size: int) -> None:
        raise AssertionError(status, latency_s, size)


class Trial:
    """A session on two hosts, and those who ask them as Locust's users do; request n takes `took_s(n)`.

    `first_asks` are each user's first in each slice.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        load: Closed | Open = THREE,
        took_s: Callable[[int], float] = lambda _: 0.03,
        slices: tuple[SlicePlan, ...] = SLICES,
        spread_s: float = 0.03,
        timeout_s: float = 1.0,
    ) -> None:
        output = str(folder / "requests.npz")
        plan = LoadPlan(
            ["http://x", "http://y"], load, timeout_s, 9.0, 9.0, 9.0, output, None, 200, None, slices, spread_s
        )
        self.world = world
        self.session = SlicedSession(plan)
        self.runner = Runner()
        self.asked: list[Asked] = []
        times_s = map(took_s, itertools.count())
        self.hosts = [Host(arm, world, self.asked, times_s) for arm in (0, 1)]
        self.first_asks: dict[int, dict[int, float]] = {}

    def conduct(self) -> gevent.Greenlet:
        return self.world.spawn(self.session.conduct, self.runner)

    def user(self, number: int, after_s: float = 0.0) -> gevent.Greenlet:
        return self.world.spawn(self._use, number, after_s)

    def driver(self, load: Open, late_s: float = 0.0) -> gevent.Greenlet:
        return self.world.spawn(self._drive, load, late_s)

    def _use(self, number: int, after_s: float) -> None:
        """As ScenarioUser asks."""
        session, seen = self.session, self.first_asks.setdefault(number, {})
        self.world.sleep(after_s)
        while (arm := session.turn(number)) is not None:
            scheduled_s = self.world.now_s
            seen.setdefault(session.number, scheduled_s)
            session.waiting[number] = scheduled_s
            session.recorder.add(scheduled_s, *self.hosts[arm].ask_once(cast("Client", None), scheduled_s))
            del session.waiting[number]

    def _drive(self, load: Open, late_s: float) -> None:
        """As ScenarioUser drives, and so much later done with each slice."""
        session = self.session
        pools = [Pool(host, load.max_in_flight, session.waiting, session.recorder.add) for host in self.hosts]
        for arm, arrivals, end_s in session.schedules(load):
            drive(arrivals, pools[arm], end_s, self.world.monotonic, self.world.sleep)
            self.world.sleep(late_s)
        for pool in pools:
            pool.join()

    def run(self) -> "Trial":
        """The whole session, to the end of everybody in it."""
        load = self.session.plan.load
        users = [self.driver(load)] if isinstance(load, Open) else [self.user(number) for number in range(load.users)]
        self.world.wait_for(self.conduct(), *users)
        return self

    @property
    def sliced(self) -> list[dict[str, float]]:
        return self.world.all("sliced")

    def rows(self) -> dict[str, list[Any]]:
        with np.load(self.session.plan.output, allow_pickle=False) as arrays:
            return {name: arrays[name].tolist() for name in arrays}

    def offsets_s(self) -> list[list[float]]:
        """For each slice how long after its begin each request was due."""
        rows = self.rows()
        due = list(zip(rows["slice"], rows["scheduled_s"], strict=True))
        return [
            sorted(due_s - one["begin_s"] for number, due_s in due if number == one["number"]) for one in self.sliced
        ]


def slowly(number: int) -> float:
    """Now and then a slow answer, so that the end of a slice finds some under way."""
    return (0.02, 0.05, 0.11)[number % 3]


@pytest.mark.parametrize("load", [THREE, FIXED, POISSON], ids=["closed", "fixed", "poisson"])
def test_one_host_is_under_load_at_a_time_and_the_next_only_when_nothing_is_under_way(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    left = list(trial.asked)
    for planned, one in zip(SLICES, trial.sliced, strict=True):
        own = [each for each in trial.asked if one["begin_s"] <= each.sent_s < one["end_s"]]
        assert {each.arm for each in own} == {planned.arm}
        assert one["end_s"] < max(each.done_s for each in own) <= one["done_s"]
        left = [each for each in left if each not in own]
    assert left == []
    for before, after in itertools.pairwise(trial.sliced):
        assert after["begin_s"] >= before["done_s"] + GAP_S


@pytest.mark.parametrize("load", [THREE, POISSON], ids=["closed", "open"])
def test_every_request_carries_the_number_of_its_slice_and_the_arm_that_was_asked(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    rows = trial.rows()
    assert list(zip(rows["arm"], rows["scheduled_s"], rows["done_s"], strict=True)) == [
        (each.arm, each.scheduled_s, each.done_s) for each in trial.asked
    ]
    begins_s = [one["begin_s"] for one in trial.sliced]
    assert rows["slice"] == [int(number) - 1 for number in np.searchsorted(begins_s, rows["scheduled_s"], "right")]
    assert [SLICES[number].arm for number in rows["slice"]] == rows["arm"]
    assert set(rows["slice"]) == set(range(len(SLICES)))


def test_users_start_spread_in_each_slice_anew(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path, took_s=slowly, spread_s=0.06).run()
    for number, place_s in enumerate((0.01, 0.03, 0.05)):
        assert trial.first_asks[number] == pytest.approx(
            {one["number"]: one["begin_s"] + place_s for one in trial.sliced}, abs=1e-9
        )


def test_after_its_start_a_user_asks_again_as_soon_as_it_has_its_answer(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path, took_s=lambda _: 0.07, spread_s=0.06).run()
    for one in trial.sliced:
        due_s = [each.scheduled_s for each in trial.asked if one["begin_s"] <= each.sent_s < one["end_s"]]
        wanted = [one["begin_s"] + start_s + 0.07 * count for start_s in (0.01, 0.03, 0.05) for count in range(5)]
        assert sorted(due_s) == pytest.approx(sorted(each for each in wanted if each < one["end_s"]), abs=1e-9)


def test_a_user_that_comes_into_the_midst_of_a_slice_begins_at_once_and_one_that_is_late_for_it_joins_the_next(
    world: World, tmp_path: Path
) -> None:
    trial = Trial(world, tmp_path, spread_s=0.06)
    users = [trial.user(0), trial.user(1, after_s=0.2), trial.user(2, after_s=0.36)]
    world.wait_for(trial.conduct(), *users)
    first, second, *rest = trial.sliced
    assert first["end_s"] == pytest.approx(100.3 + GAP_S)
    assert trial.first_asks[1][0] == pytest.approx(100.2)
    assert trial.first_asks[2][1] == pytest.approx(second["begin_s"] + 0.05)
    assert list(trial.first_asks[2]) == [1, *(one["number"] for one in rest)]


def test_a_user_whose_place_lies_beyond_the_end_of_a_slice_joins_a_later_one_at_its_place_there(
    world: World, tmp_path: Path
) -> None:
    slices = (SlicePlan(0, 0.1, 0.1), SlicePlan(1, 0.1, 0.1), SlicePlan(0, 0.3, 0.1), SlicePlan(1, 0.3, 0.1))
    trial = Trial(world, tmp_path, took_s=lambda _: 0.001, slices=slices, spread_s=0.3).run()
    # Places 0.05, 0.15 and 0.25 s after the begin: the last user is still on its way when the next slice begins.
    begins_s = [one["begin_s"] for one in trial.sliced]
    assert trial.first_asks[0] == pytest.approx({number: begins_s[number] + 0.05 for number in (0, 1, 2, 3)})
    assert trial.first_asks[1] == pytest.approx({number: begins_s[number] + 0.15 for number in (2, 3)})
    assert trial.first_asks[2] == pytest.approx({number: begins_s[number] + 0.25 for number in (2, 3)})


@pytest.mark.parametrize("load", [FIXED, POISSON], ids=["fixed", "poisson"])
def test_both_slices_of_a_pair_have_the_same_schedule_from_their_begin_to_their_end(
    world: World, tmp_path: Path, load: Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    offsets_s = trial.offsets_s()
    for first, second in zip(offsets_s[::2], offsets_s[1::2], strict=True):
        assert first == pytest.approx(second, abs=1e-9)
    for planned, one in zip(SLICES, offsets_s, strict=True):
        assert 0 < one[0] <= one[-1] < planned.length_s
        assert len(one) == pytest.approx(100 * planned.length_s, rel=0.7)


def test_arrivals_that_are_evenly_spaced_are_the_same_in_all_pairs_and_begin_at_full_rate(
    world: World, tmp_path: Path
) -> None:
    for planned, one in zip(SLICES, Trial(world, tmp_path, FIXED, slowly).run().offsets_s(), strict=True):
        wanted = [(number + 0.5) / 100 for number in range(round(planned.length_s * 100))]
        assert one == pytest.approx(wanted, abs=1e-9)


def test_arrivals_left_to_chance_differ_from_pair_to_pair_and_from_round_to_round_and_come_again_with_the_seed(
    world: World, tmp_path: Path
) -> None:
    def of_pairs(seed: int) -> list[list[float]]:
        world.told.clear()
        return Trial(world, tmp_path, replace(POISSON, seed=seed), slowly).run().offsets_s()[::2]

    first, second, again = of_pairs(1), of_pairs(2), of_pairs(1)
    beginnings = {tuple(round(offset_s, 6) for offset_s in one[:5]) for one in [*first, *second]}
    assert len(beginnings) == 6
    for one, other in zip(first, again, strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_a_slice_is_told_before_it_begins_while_nothing_is_under_way_and_again_when_all_is_answered(
    world: World, tmp_path: Path
) -> None:
    trial = Trial(world, tmp_path, took_s=slowly).run()
    names = [event for _, event, _ in world.told]
    assert names == ["begin", *["slice", "progress", "sliced"] * len(SLICES), "end"]
    begun = [(at_s, facts) for at_s, event, facts in world.told if event == "slice"]
    done = [(at_s, facts) for at_s, event, facts in world.told if event == "sliced"]
    for number, ((told_s, slice_), (ended_s, sliced)) in enumerate(zip(begun, done, strict=True)):
        planned = SLICES[number]
        assert slice_ == {"number": number, "arm": planned.arm, "begin_s": sliced["begin_s"]}
        assert slice_["begin_s"] >= told_s + GAP_S
        assert not [each for each in trial.asked if each.sent_s < told_s < each.done_s]
        assert not [each for each in trial.asked if told_s <= each.sent_s < slice_["begin_s"]]
        assert sliced == {
            "number": number,
            "arm": planned.arm,
            "begin_s": slice_["begin_s"],
            "start_s": slice_["begin_s"] + planned.dropped_s,
            "end_s": slice_["begin_s"] + planned.length_s,
            "done_s": ended_s,
        }
        assert sliced["begin_s"] <= sliced["start_s"] <= sliced["end_s"] <= sliced["done_s"]
        assert (sliced["start_s"] == sliced["end_s"]) is (number < 2)  # a warm-up counts nothing


@pytest.mark.parametrize("load", [THREE, FIXED], ids=["closed", "open"])
def test_at_the_end_everybody_ends_and_what_was_recorded_lies_in_the_file(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    assert all(one.ready() for one in world.greenlets)
    assert trial.session.turn(0) is None
    assert list(trial.session.schedules(FIXED)) == []
    assert trial.runner.ended
    assert world.told[-1][1:] == ("end", {"requests": len(trial.asked), "left": 0})
    rows = trial.rows()
    assert len(rows["status"]) == len(trial.asked) > 50
    last_s = trial.sliced[-1]["done_s"]
    assert rows["beat_s"][0] == trial.session.begun_s == 100.0
    assert last_s - 2 * BEAT_S <= rows["beat_s"][-1] <= last_s


def test_a_user_that_comes_when_all_is_over_has_no_turn(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path)
    world.wait_for(trial.conduct(), trial.user(0))
    world.wait_for(trial.user(1))
    assert trial.first_asks[1] == {}


def test_a_driver_that_is_not_done_with_a_slice_holds_up_the_next(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path, FIXED)
    world.wait_for(trial.conduct(), trial.driver(FIXED, late_s=0.3))
    assert len(trial.sliced) == len(SLICES)
    for one in trial.sliced:
        assert one["done_s"] == pytest.approx(one["end_s"] + 0.3, abs=0.011)


@pytest.mark.parametrize("load", [THREE, FIXED], ids=["closed", "open"])
def test_a_request_that_outlasts_its_timeout_ends_the_run_and_is_told_as_left(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, lambda number: math.inf if number == 40 else 0.03, timeout_s=0.5)
    conducting = trial.conduct()
    users = [trial.driver(load)] if isinstance(load, Open) else [trial.user(number) for number in range(3)]
    world.wait_for(conducting)
    assert len(trial.session.waiting) == 1
    if load == THREE:
        world.wait_for(*(user for number, user in enumerate(users) if number not in trial.session.waiting))
    assert [one["number"] for one in trial.sliced] == [0, 1]
    assert len(world.all("slice")) == 2
    stuck = trial.sliced[1]
    assert stuck["done_s"] == pytest.approx(stuck["end_s"] + 0.5 + 1.0, abs=0.021)
    (end,) = world.all("end")
    assert end["left"] == 1
    assert end["requests"] == len(trial.rows()["status"]) == len(trial.asked)
    assert trial.runner.ended


@pytest.mark.parametrize("driven", [0, 1])
def test_a_driver_that_failed_fails_the_run_and_locust_ends(tmp_path: Path, driven: int) -> None:
    slices = (SlicePlan(0, 0.03, 0.0), SlicePlan(1, 0.03, 0.0))
    output = tmp_path / "requests.npz"
    plan = LoadPlan(["http://x"] * 2, FIXED, -0.95, 9.0, 9.0, 9.0, str(output), None, 200, None, slices)
    session, runner = SlicedSession(plan), Runner()

    def fail() -> None:
        schedules = session.schedules(FIXED)
        for _ in range(driven + 1):
            next(schedules)

    failing = gevent.spawn(fail)
    with pytest.raises(RuntimeError, match=r"^the schedule was not sent to its end: the driver has failed$"):
        session.conduct(runner)
    assert failing.ready()
    assert session.number == driven
    assert runner.ended
    assert not output.exists()


def test_a_plan_may_have_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {
        "hosts": ["http://x", "http://y"], "load": {"model": "closed", "users": 2}, "timeout_s": 1.0, "warmup_s": 1.0,
        "window_s": 1.0, "window_limit_s": 1.0, "output": "x", "path": None, "status": 200, "body": None,
    }  # fmt: skip
    file = tmp_path / "load.json"
    monkeypatch.setenv("LOAD_PLAN", str(file))
    file.write_text(json.dumps(keys))
    plan = handed_plan()
    assert plan is not None
    assert (plan.slices, plan.spread_s) == ((), 0.0)
    one = {"arm": 1, "length_s": 2.0, "dropped_s": 0.5}
    file.write_text(json.dumps(keys | {"slices": [one], "spread_s": 0.1}))
    plan = handed_plan()
    assert plan is not None
    assert (plan.slices, plan.spread_s) == ((SlicePlan(1, 2.0, 0.5),), 0.1)
    file.write_text(json.dumps(keys | {"slices": [one | {"host": 1}]}))
    with pytest.raises(TypeError):
        handed_plan()
