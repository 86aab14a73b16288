"""Base and head, counted by something that counts nothing: what is counted again, and what counts then."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.model.config import Plan
from bench.model.instructions import Counted
from bench.model.run import Revision
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.run.host.signals import StopRequest
from bench.run.session import instructions as session
from bench.run.session.counting import Case
from bench.run.session.instructions import compare_checkouts
from bench.run.testbed.revisions import Checkout

SIDES = tuple(
    Checkout(Revision(ref, ref * 10, False, None, {}), Path(), Path(), None, (), ()) for ref in ("main", "mine")
)
NEEDS = 1_000_000


@pytest.fixture
def plan() -> Plan:
    return make_plan(
        load_config([DEFAULT_CONFIG]), "instructions", stacks=["flask-gthread"], scenarios=["health", "compute"]
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], float]:
    """What head needs more than base, by scenario and layout; else nothing."""
    more: dict[tuple[str, int], float] = {}

    class Fake:
        def count(self, cases: Sequence[Case]) -> list[Counted]:
            return [Counted(one.stack, one.scenario, one.users, 1, self._needs(one)) for one in cases]

        def _needs(self, case: Case) -> int:
            change = more.get((case.scenario, case.layout), 0.0) if case.side == "head" else 0.0
            return round(NEEDS * (1 + case.layout) * (1 + change))

    @contextmanager
    def counting(_plan: Plan, sides: Mapping[str, Any], *_: Any) -> Iterator[Fake]:
        assert tuple(sides.values()) == SIDES
        yield Fake()

    monkeypatch.setattr(session, "counting", counting)
    return more


def compared(plan: Plan, gate: float | None = None) -> tuple[list[str], str, list[int], list[str]]:
    """The verdicts of all changes and on all, in how many layouts each was counted, and what was told."""
    told: list[str] = []
    changes = compare_checkouts(plan, (SIDES[0], SIDES[1]), (), StopRequest(), told.append, gate)
    assert changes.base.revision == SIDES[0].revision
    return [one.verdict for one in changes.changes], changes.verdict, [len(one.all) for one in changes.changes], told


def test_what_does_not_change_is_counted_once(plan: Plan, asked: dict[tuple[str, int], float]) -> None:
    asked["health", 0] = 0.009
    assert compared(plan) == (["unchanged", "unchanged"], "no regression", [1, 1], [])


def test_a_large_change_is_counted_once(plan: Plan, asked: dict[tuple[str, int], float]) -> None:
    asked["health", 0] = 0.05
    assert compared(plan) == (["regressed", "unchanged"], "regressed", [1, 1], [])


def test_of_a_small_one_the_median_of_three_layouts_counts(plan: Plan, asked: dict[tuple[str, int], float]) -> None:
    asked |= {("compute", 0): 0.012, ("compute", 1): 0.001, ("compute", 2): 0.004}
    verdicts, verdict, layouts, told = compared(plan)
    assert (verdicts, verdict, layouts) == (["unchanged", "unchanged"], "no regression", [1, 3])
    assert told == ["beyond the gate, so counted again in 2 other layouts of memory; the median counts:"]
    asked |= {("compute", 2): 0.015, ("health", 0): 0.019, ("health", 1): 0.011, ("health", 2): 0.02}
    assert compared(plan)[:3] == (["regressed", "regressed"], "regressed", [3, 3])


def test_the_gate_that_is_given_decides_what_is_small(plan: Plan, asked: dict[tuple[str, int], float]) -> None:
    asked["health", 0] = 0.05
    assert compared(plan, 0.04)[:3] == (["unchanged", "unchanged"], "no regression", [3, 1])
