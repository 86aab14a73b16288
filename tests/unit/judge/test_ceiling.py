from dataclasses import replace

import pytest

from bench.judge.ceiling import ceiling, slots_rps
from bench.model import Bound, Load, Scenario, Stack
from tests.unit.builders import FASTAPI, SYNC, plan

PLAN = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10,)})
SCENARIO = replace(PLAN.scenarios["weather"], hold_s=0.1)
BUSY = Load("closed", 100)
NO_WAIT = replace(SCENARIO, hold_s=0.0)


def test_four_slots_held_for_100_ms_allow_40_requests_a_second() -> None:
    assert slots_rps(PLAN.stacks["sync"], SCENARIO) == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("stack", "scenario"),
    [(PLAN.stacks["loop"], SCENARIO), (PLAN.stacks["sync"], NO_WAIT)],
    ids=["an event loop has no slots", "nothing is waited for"],
)
def test_there_is_no_ceiling_without_slots_or_without_waiting(stack: Stack, scenario: Scenario) -> None:
    assert slots_rps(stack, scenario) is None
    assert ceiling(stack, scenario, BUSY, 1e6, 0.5, 1).bound is None


@pytest.mark.parametrize(
    ("throughput_rps", "server_cores", "bound"),
    [
        (37.9, 0.949, None),
        (38.0, 0.949, "slots"),
        (38.1, 0.949, "slots"),
        (37.9, 0.95, "server cpu"),
        (40.0, 0.96, "server cpu"),
    ],
)
def test_what_binds_is_said_from_95_per_cent_on(
    throughput_rps: float, server_cores: float, bound: Bound | None
) -> None:
    found = ceiling(PLAN.stacks["sync"], SCENARIO, BUSY, throughput_rps, server_cores, server_cpus=1)
    assert found.rps == pytest.approx(40.0)
    assert found.bound == bound


@pytest.mark.parametrize(("users", "bound"), [(3, None), (4, None), (5, "slots")])
def test_slots_bind_only_where_there_are_more_users_than_slots(users: int, bound: Bound | None) -> None:
    assert ceiling(PLAN.stacks["sync"], SCENARIO, Load("closed", users), 40.0, 0.1, 1).bound == bound


def test_a_server_with_two_cores_is_full_when_both_are() -> None:
    assert ceiling(PLAN.stacks["loop"], SCENARIO, BUSY, 100.0, 1.0, server_cpus=2).bound is None
    assert ceiling(PLAN.stacks["loop"], SCENARIO, BUSY, 100.0, 1.9, server_cpus=2).bound == "server cpu"
