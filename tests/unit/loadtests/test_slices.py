"""A run in slices, without Locust: see trial.py."""

import itertools
import json
import math
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gevent
import numpy as np
import pytest

from loadtests.engine import session as session_module
from loadtests.engine import slices as module
from loadtests.engine.arrivals import Closed, Open
from loadtests.engine.beats import BEAT_S, beat
from loadtests.engine.plan import LoadPlan, SlicePlan, handed_plan
from loadtests.engine.slices import GAP_S, SlicedSession

from .trial import FIXED, POISSON, SLICES, THREE, Runner, Trial, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(module, "tell", made.tell)
    monkeypatch.setattr(session_module, "time", made)
    monkeypatch.setattr(session_module, "tell", made.tell)
    monkeypatch.setattr(session_module, "gevent", SimpleNamespace(sleep=made.sleep, spawn=made.spawn))
    monkeypatch.setattr(session_module, "beat", partial(beat, clock=made.monotonic, sleep=made.sleep))
    before = signal.signal(signal.SIGALRM, _never_waits)  # a greenlet that never waits would block the test for ever
    signal.setitimer(signal.ITIMER_REAL, 10.0, 0.2)
    yield made
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)
    gevent.killall(made.greenlets)


def _never_waits(*_: object) -> None:
    raise AssertionError("a greenlet loops and never waits")


def slowly(number: int) -> float:
    """Some answers are slow, so that requests are in flight at the end of a slice."""
    return (0.02, 0.05, 0.11)[number % 3]


@pytest.mark.parametrize("load", [THREE, FIXED, POISSON], ids=["closed", "fixed", "poisson"])
def test_one_host_is_under_load_at_a_time_and_the_next_only_when_nothing_is_in_flight(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    left = list(trial.requests)
    for planned, one in zip(SLICES, trial.sliced, strict=True):
        own = [each for each in trial.requests if one["begin_s"] <= each.sent_s < one["end_s"]]
        assert {each.host for each in own} == {planned.measurement}
        assert one["end_s"] < max(each.done_s for each in own) <= one["done_s"]
        left = [each for each in left if each not in own]
    assert left == []
    for before, after in itertools.pairwise(trial.sliced):
        assert after["begin_s"] >= before["done_s"] + GAP_S


@pytest.mark.parametrize("load", [THREE, POISSON], ids=["closed", "open"])
def test_every_request_is_recorded_with_its_slice_and_the_host_that_it_was_sent_to(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    rows = trial.rows()
    assert list(zip(rows["measurement"], rows["scheduled_s"], rows["done_s"], strict=True)) == [
        (each.host, each.scheduled_s, each.done_s) for each in trial.requests
    ]
    begins_s = [one["begin_s"] for one in trial.sliced]
    assert rows["slice"] == [int(number) - 1 for number in np.searchsorted(begins_s, rows["scheduled_s"], "right")]
    assert [SLICES[number].measurement for number in rows["slice"]] == rows["measurement"]
    assert set(rows["slice"]) == set(range(len(SLICES)))


def test_users_start_spread_in_each_slice(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path, took_s=slowly, spread_s=0.06).run()
    for number, place_s in enumerate((0.01, 0.03, 0.05)):
        assert trial.first_s[number] == pytest.approx(
            {one["number"]: one["begin_s"] + place_s for one in trial.sliced}, abs=1e-9
        )


def test_after_its_start_a_user_sends_again_as_soon_as_it_has_its_answer(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path, took_s=lambda _: 0.07, spread_s=0.06).run()
    for one in trial.sliced:
        due_s = [each.scheduled_s for each in trial.requests if one["begin_s"] <= each.sent_s < one["end_s"]]
        wanted = [one["begin_s"] + start_s + 0.07 * count for start_s in (0.01, 0.03, 0.05) for count in range(5)]
        assert sorted(due_s) == pytest.approx(sorted(each for each in wanted if each < one["end_s"]), abs=1e-9)


def test_a_user_that_comes_in_the_middle_of_a_slice_begins_right_away_and_one_that_comes_after_it_joins_the_next(
    world: World, tmp_path: Path
) -> None:
    trial = Trial(world, tmp_path, spread_s=0.06)
    users = [trial.user(0), trial.user(1, after_s=0.2), trial.user(2, after_s=0.36)]
    world.wait_for(trial.conduct(), *users)
    first, second, *rest = trial.sliced
    assert first["end_s"] == pytest.approx(100.3 + GAP_S)
    assert trial.first_s[1][0] == pytest.approx(100.2)
    assert trial.first_s[2][1] == pytest.approx(second["begin_s"] + 0.05)
    assert list(trial.first_s[2]) == [1, *(one["number"] for one in rest)]


def test_a_user_whose_start_lies_beyond_the_end_of_a_slice_joins_the_next_slice_that_is_long_enough(
    world: World, tmp_path: Path
) -> None:
    slices = (SlicePlan(0, 0.1, 0.1), SlicePlan(1, 0.1, 0.1), SlicePlan(0, 0.3, 0.1), SlicePlan(1, 0.3, 0.1))
    trial = Trial(world, tmp_path, took_s=lambda _: 0.001, slices=slices, spread_s=0.3).run()
    # Users start 0.05, 0.15 and 0.25 s into a slice: the last still waits for its start when the next slice begins.
    begins_s = [one["begin_s"] for one in trial.sliced]
    assert trial.first_s[0] == pytest.approx({number: begins_s[number] + 0.05 for number in (0, 1, 2, 3)})
    assert trial.first_s[1] == pytest.approx({number: begins_s[number] + 0.15 for number in (2, 3)})
    assert trial.first_s[2] == pytest.approx({number: begins_s[number] + 0.25 for number in (2, 3)})


@pytest.mark.parametrize("load", [FIXED, POISSON], ids=["fixed", "poisson"])
def test_both_slices_of_a_pair_have_the_same_schedule_from_begin_to_end(
    world: World, tmp_path: Path, load: Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    offsets_s = trial.offsets_s()
    for first, second in zip(offsets_s[::2], offsets_s[1::2], strict=True):
        assert first == pytest.approx(second, abs=1e-9)
    for planned, one in zip(SLICES, offsets_s, strict=True):
        assert 0 < one[0] <= one[-1] < planned.length_s
        assert len(one) == pytest.approx(100 * planned.length_s, rel=0.7)


def test_evenly_spaced_arrivals_are_the_same_in_all_pairs_and_begin_at_the_full_rate(
    world: World, tmp_path: Path
) -> None:
    for planned, one in zip(SLICES, Trial(world, tmp_path, FIXED, slowly).run().offsets_s(), strict=True):
        wanted = [(number + 0.5) / 100 for number in range(round(planned.length_s * 100))]
        assert one == pytest.approx(wanted, abs=1e-9)


def test_random_arrivals_differ_between_pairs_and_between_seeds_and_are_the_same_for_the_same_seed(
    world: World, tmp_path: Path
) -> None:
    def of_pairs(seed: int) -> list[list[float]]:
        world.events.clear()
        return Trial(world, tmp_path, replace(POISSON, seed=seed), slowly).run().offsets_s()[::2]

    first, second, again = of_pairs(1), of_pairs(2), of_pairs(1)
    beginnings = {tuple(round(offset_s, 6) for offset_s in one[:5]) for one in [*first, *second]}
    assert len(beginnings) == 6
    for one, other in zip(first, again, strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_a_slice_is_reported_before_it_begins_while_nothing_is_in_flight_and_again_when_all_is_answered(
    world: World, tmp_path: Path
) -> None:
    trial = Trial(world, tmp_path, took_s=slowly).run()
    names = [event for _, event, _ in world.events]
    assert names == ["begin", *["slice", "progress", "sliced"] * len(SLICES), "end"]
    begun = [(at_s, facts) for at_s, event, facts in world.events if event == "slice"]
    done = [(at_s, facts) for at_s, event, facts in world.events if event == "sliced"]
    for number, ((reported_s, slice_), (ended_s, sliced)) in enumerate(zip(begun, done, strict=True)):
        planned = SLICES[number]
        assert slice_ == {"number": number, "measurement": planned.measurement, "begin_s": sliced["begin_s"]}
        assert slice_["begin_s"] >= reported_s + GAP_S
        assert not [each for each in trial.requests if each.sent_s < reported_s < each.done_s]
        assert not [each for each in trial.requests if reported_s <= each.sent_s < slice_["begin_s"]]
        assert sliced == {
            "number": number,
            "measurement": planned.measurement,
            "begin_s": slice_["begin_s"],
            "start_s": slice_["begin_s"] + planned.dropped_s,
            "end_s": slice_["begin_s"] + planned.length_s,
            "done_s": ended_s,
        }
        assert sliced["begin_s"] <= sliced["start_s"] <= sliced["end_s"] <= sliced["done_s"]
        assert (sliced["start_s"] == sliced["end_s"]) is (number < 2)  # nothing of a warm-up counts


@pytest.mark.parametrize("load", [THREE, FIXED], ids=["closed", "open"])
def test_at_the_end_every_greenlet_ends_and_the_file_holds_what_was_recorded(
    world: World, tmp_path: Path, load: Closed | Open
) -> None:
    trial = Trial(world, tmp_path, load, slowly).run()
    assert all(one.ready() for one in world.greenlets)
    assert trial.session.turn(0) is None
    assert list(trial.session.schedules(FIXED)) == []
    assert trial.runner.ended
    assert world.events[-1][1:] == ("end", {"requests": len(trial.requests), "left": 0})
    rows = trial.rows()
    assert len(rows["status"]) == len(trial.requests) > 50
    last_s = trial.sliced[-1]["done_s"]
    assert rows["beat_s"][0] == trial.session.begun_s == 100.0
    assert last_s - 2 * BEAT_S <= rows["beat_s"][-1] <= last_s


def test_a_user_that_comes_after_the_end_gets_no_turn(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path)
    world.wait_for(trial.conduct(), trial.user(0))
    world.wait_for(trial.user(1))
    assert trial.first_s[1] == {}


def test_the_next_slice_waits_for_a_driver_that_is_not_done_with_the_last(world: World, tmp_path: Path) -> None:
    trial = Trial(world, tmp_path, FIXED)
    world.wait_for(trial.conduct(), trial.driver(FIXED, late_s=0.3))
    assert len(trial.sliced) == len(SLICES)
    for one in trial.sliced:
        assert one["done_s"] == pytest.approx(one["end_s"] + 0.3, abs=0.011)


@pytest.mark.parametrize("load", [THREE, FIXED], ids=["closed", "open"])
def test_a_request_that_outlasts_its_timeout_ends_the_run_and_is_reported_as_left(
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
    assert end["requests"] == len(trial.rows()["status"]) == len(trial.requests)
    assert trial.runner.ended


@pytest.mark.parametrize("driven", [0, 1])
def test_a_driver_that_failed_fails_the_run_and_locust_ends(tmp_path: Path, driven: int) -> None:
    slices = (SlicePlan(0, 0.03, 0.0), SlicePlan(1, 0.03, 0.0))
    output = tmp_path / "requests.npz"
    plan = LoadPlan(["http://x"] * 2, FIXED, -0.95, 9.0, 9.0, 9.0, str(output), 1, None, slices)
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
        "window_s": 1.0, "window_limit_s": 1.0, "output": "x", "seed": 1, "asked": None,
    }  # fmt: skip
    file = tmp_path / "load.json"
    monkeypatch.setenv("LOAD_PLAN", str(file))
    file.write_text(json.dumps(keys))
    plan = handed_plan()
    assert plan is not None
    assert (plan.slices, plan.spread_s) == ((), 0.0)
    one = {"measurement": 1, "length_s": 2.0, "dropped_s": 0.5}
    file.write_text(json.dumps(keys | {"slices": [one], "spread_s": 0.1}))
    plan = handed_plan()
    assert plan is not None
    assert (plan.slices, plan.spread_s) == ((SlicePlan(1, 2.0, 0.5),), 0.1)
    file.write_text(json.dumps(keys | {"slices": [one | {"host": 1}]}))
    with pytest.raises(TypeError):
        handed_plan()
