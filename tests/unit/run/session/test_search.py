"""Searches in a session: which stand side by side, where each starts, and what becomes of one that fails."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import Objective, Plan, Sought, UpstreamCall
from bench.model.run import Run
from bench.model.samples import Samples
from bench.model.search import Search, SearchKey
from bench.record.store import load_run, save_run
from bench.run.cell.search import SearchVisit
from bench.run.host.signals import StopRequest
from bench.run.session import plain
from bench.run.session import search as module
from bench.run.session.search import planned
from bench.run.testbed.setting import Setting

from .made_up import PLAN, SELFTEST, FakeSelftest

SOUGHT = Sought(Objective("p95", 0.2), "poisson", 500)
SEARCHED = replace(PLAN, profile=replace(PLAN.profile, loads={"look": ()}, sought={"look": SOUGHT}))
FOUND_RPS = {"one": 100.0, "two": 400.0}


class FakeSearch:
    """Takes the place of `run_search`: notes the visits; a search of a stack in `broken` breaks all of its visit."""

    def __init__(self) -> None:
        self.visits: list[SearchVisit] = []
        self.broken: set[str] = set()

    def __call__(self, visit: SearchVisit, setting: Setting) -> Generator[tuple[Search, Samples]]:
        self.visits.append(visit)
        setting.progress(visit.keys[0], "start load")
        broken = [key.stack for key in visit.keys if key.stack in self.broken]
        if broken:
            raise BenchError(f"{broken[0]} broke")
        for key in visit.keys:
            place = (key.stack, key.scenario, key.sought, key.round, key.order)
            yield Search(*place, "found", FOUND_RPS[key.stack] * key.round), Samples()

    def stacks(self) -> list[list[str]]:
        return [[key.stack for key in visit.keys] for visit in self.visits]


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch, selftest: FakeSelftest) -> FakeSearch:
    made = FakeSearch()
    monkeypatch.setattr(module, "run_search", made)
    selftest.found = replace(SELFTEST, open_rps=2000.0, upstream_rps=8000.0, tried_rps=4000.0)
    return made


def start(folder: Path, plan: Plan = SEARCHED) -> Run:
    plain.start(plan, 1, ["capacity"], folder, StopRequest(), code=Path())
    return load_run(folder)


def test_every_stack_is_searched_in_every_round(searches: FakeSearch, results: Path) -> None:
    found = start(results / "run").searches
    assert searches.stacks() == [["one", "two"], ["one", "two"]]
    assert [(one.stack, one.round, one.order) for one in found] == [
        ("one", 1, 0), ("two", 1, 1), ("one", 2, 2), ("two", 2, 3),
    ]  # fmt: skip
    assert all((results / "run" / (one.samples or "none")).is_file() for one in found)
    assert [start.role for start in searches.visits[0].starts] == ["server-1", "server-2"]


def test_only_the_stacks_that_are_named_are_searched(searches: FakeSearch, results: Path) -> None:
    start(results / "run", replace(SEARCHED, profile=replace(SEARCHED.profile, searched=("two",))))
    assert searches.stacks() == [["two"], ["two"]]


def test_a_round_starts_where_the_one_before_ended(searches: FakeSearch, results: Path) -> None:
    start(results / "run")
    first, second = searches.visits
    assert [one.start_rps for one in first.bounds] == [100.0, 100.0]
    assert [one.start_rps for one in second.bounds] == [100.0, 400.0]


def test_a_search_goes_no_further_than_the_machine_was_proven(searches: FakeSearch, results: Path) -> None:
    start(results / "run")
    assert {(one.most_rps, one.most_because) for one in searches.visits[0].bounds} == {
        (2000.0, "the selftest proved the load generator up to 2000/s")
    }


def test_nor_further_than_the_upstream_was_proven_or_requests_may_be_in_flight(
    searches: FakeSearch, results: Path
) -> None:
    calls = {"weather": UpstreamCall(3, 0.1)}
    scenarios = {"look": replace(SEARCHED.scenarios["look"], upstream=calls)}
    start(results / "run", replace(SEARCHED, scenarios=scenarios))
    (bounds, _) = searches.visits[0].bounds
    assert bounds.most_rps == pytest.approx(8000 / 2 / 3)
    assert "the selftest proved the mock upstream up to" in bounds.most_because
    few = replace(SEARCHED.profile, sought={"look": replace(SOUGHT, max_in_flight=20)})
    start(results / "few", replace(SEARCHED, profile=few))
    (bounds, _) = searches.visits[-1].bounds
    assert bounds.most_rps == 100.0
    assert "`max_in_flight`" in bounds.most_because


def test_where_one_of_several_breaks_each_is_searched_alone_and_only_that_one_fails(
    searches: FakeSearch, results: Path
) -> None:
    searches.broken = {"two"}
    found = start(results / "run").searches
    assert searches.stacks()[:3] == [["one", "two"], ["one"], ["two"]]
    assert [one.ending for one in found] == ["found", "failed", "found", "failed"]
    assert found[1].why == "start load: two broke"


def test_a_run_is_resumed_with_the_searches_that_failed_or_are_absent(searches: FakeSearch, results: Path) -> None:
    searches.broken = {"two"}
    start(results / "run")
    searches.broken = set()
    searches.visits.clear()
    run = load_run(results / "run")
    save_run(results / "run", replace(run, searches=run.searches[:3]))
    plain.resume(results / "run", StopRequest())
    assert searches.stacks() == [["two"], ["two"]]
    assert [one.ending for one in load_run(results / "run").searches] == ["found"] * 4


def test_a_service_that_runs_already_is_searched_alone() -> None:
    running = replace(SEARCHED.stacks["two"], url="http://127.0.0.1:1", argv=())
    plan = replace(SEARCHED, stacks={**SEARCHED.stacks, "two": running})
    keys = tuple(key for keys in planned(plan) if keys[0].round == 1 for key in keys)
    assert [[key.stack for key in part] for part in module._together(keys, plan)] == [["one"], ["two"]]


def test_the_selftest_finds_out_how_far_a_search_may_go(
    searches: FakeSearch, selftest: FakeSelftest, results: Path
) -> None:
    start(results / "run")
    assert selftest.tried[0].open_rps == [500.0, 1000.0, 2000.0, 4000.0]
    assert selftest.tried[0].upstream_rps == [2000.0, 8000.0]
    start(results / "again")
    assert len(selftest.tried) == 1  # it still holds
    assert searches.visits


def test_keys_count_searches_from_0() -> None:
    assert [[key.order for key in keys] for keys in planned(SEARCHED)] == [[0, 1], [2, 3]]
    assert all(isinstance(key, SearchKey) for keys in planned(SEARCHED) for key in keys)


def test_a_search_respects_the_highest_rate_that_the_profile_gives_a_stack(searches: FakeSearch, results: Path) -> None:
    limited = replace(SEARCHED.profile, max_rate_rps={"one": 30.0})
    start(results / "run", replace(SEARCHED, profile=limited))
    one, two = searches.visits[0].bounds
    assert (one.most_rps, one.start_rps) == (30.0, 30.0)
    assert "`max_rate`" in one.most_because
    assert two.most_rps == 2000.0
