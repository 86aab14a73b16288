import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bench.model.cell import CellKey
from bench.model.config import Closed, Load, Open, Plan, Profile, Scenario, Stack, Timing
from bench.model.loads import amount, expected_in_flight
from bench.plan.schedule import cell_name, visits

NAMES = st.lists(st.text("abcdef-[]", min_size=1, max_size=5), min_size=1, max_size=4, unique=True)
COUNTS = st.lists(st.integers(1, 1000), max_size=4, unique=True)
RATES = st.lists(st.floats(0.1, 5000), max_size=4, unique=True)
HOLDS = st.sampled_from([0.0, 0.1, 0.65])
SLOTS = st.none() | st.integers(1, 500)


def scenario(name: str, hold_s: float = 0.1) -> Scenario:
    return Scenario(name, name, "loadtests/mix.py", {}, hold_s, 30.0)


def stack(name: str, slots: int | None = None) -> Stack:
    return Stack(name, name, "wsgi", ("serve",), {}, 1, slots or 1, slots, None, ".")


def offered(rate_rps: float) -> Open:
    return Open(rate_rps=rate_rps, arrivals="fixed", max_in_flight=500)


def planned(stacks: Sequence[str], loads: Mapping[str, tuple[Load, ...]], rounds: int, hold_s: float = 0.1) -> Plan:
    profile = Profile("p", tuple(stacks), loads, Timing(1.0, 1.0, 3.0), rounds, {}, {}, None, 1)
    return Plan({name: stack(name) for name in stacks}, {name: scenario(name, hold_s) for name in loads}, profile)


def with_slots(plan: Plan, slots: Mapping[str, int | None]) -> Plan:
    return replace(plan, stacks={name: stack(name, slots.get(name)) for name in plan.stacks})


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    stacks, scenarios = draw(NAMES), draw(NAMES)
    loads: dict[str, tuple[Load, ...]] = {
        name: (
            *(Closed(users=users) for users in sorted(draw(COUNTS))),
            *(offered(rate_rps) for rate_rps in sorted(draw(RATES))),
        )
        for name in scenarios
    }
    plan = planned(stacks, loads, draw(st.integers(1, 4)), draw(HOLDS))
    plan = with_slots(plan, {name: draw(SLOTS) for name in stacks})
    limits = draw(st.dictionaries(st.sampled_from(stacks), st.integers(1, 1000)))
    rates = draw(st.dictionaries(st.sampled_from(stacks), st.floats(0.1, 5000)))
    return replace(plan, profile=replace(plan.profile, max_users=limits, max_rate_rps=rates))


SIX_BY_TWO = planned(tuple("abcdef"), {"x": (Closed(users=1),), "y": (Closed(users=2),)}, rounds=3)


def cells(plan: Plan, seed: int) -> list[CellKey]:
    return [key for visit in visits(plan, seed) for key in visit]


def pairs(plan: Plan, seed: int, number: int) -> list[tuple[str, str]]:
    return [(visit[0].stack, visit[0].scenario) for visit in visits(plan, seed) if visit[0].round == number]


@given(plans(), st.integers())
def test_every_round_has_each_cell_within_the_limits_once(plan: Plan, seed: int) -> None:
    wanted = sorted(
        (stack, scenario, load.model, amount(load))
        for stack in plan.profile.stacks
        for scenario, loads in plan.profile.loads.items()
        for load in loads
        if amount(load)
        <= (plan.profile.max_users if isinstance(load, Closed) else plan.profile.max_rate_rps).get(stack, math.inf)
    )
    for number in range(1, plan.profile.rounds + 1):
        found = [
            (key.stack, key.scenario, key.load.model, amount(key.load))
            for key in cells(plan, seed)
            if key.round == number
        ]
        assert sorted(found) == wanted


@given(plans(), st.integers())
def test_order_counts_the_cells_from_zero_and_rounds_never_go_back(plan: Plan, seed: int) -> None:
    found = cells(plan, seed)
    assert [key.order for key in found] == list(range(len(found)))
    assert [key.round for key in found] == sorted(key.round for key in found)


@given(plans(), st.integers())
def test_a_visit_is_one_stack_and_scenario_with_its_loads_ascending(plan: Plan, seed: int) -> None:
    for visit in visits(plan, seed):
        ((stack_name, scenario_name),) = {(key.stack, key.scenario) for key in visit}
        scenario, stack = plan.scenarios[scenario_name], plan.stacks[stack_name]
        in_flight = [expected_in_flight(key.load, scenario, stack) for key in visit]
        assert in_flight == sorted(in_flight)
        for model in ("closed", "open"):
            amounts = [amount(key.load) for key in visit if key.load.model == model]
            assert amounts == sorted(set(amounts))


def test_closed_loop_and_open_loop_loads_ascend_together_by_their_requests_in_flight() -> None:
    loads = (Closed(users=1), Closed(users=10), Closed(users=100), offered(50.0), offered(400.0))
    (visit,) = visits(planned(["a"], {"x": loads}, rounds=1, hold_s=0.1), 1)
    assert [key.load for key in visit] == [
        Closed(users=1), offered(50.0), Closed(users=10), offered(400.0), Closed(users=100),
    ]  # fmt: skip
    (visit,) = visits(planned(["a"], {"x": loads}, rounds=1, hold_s=0.65), 1)
    assert [key.load for key in visit] == [
        Closed(users=1), Closed(users=10), offered(50.0), Closed(users=100), offered(400.0),
    ]  # fmt: skip


def test_an_open_loop_load_that_saturates_the_slots_of_a_stack_comes_last_there_and_in_order_elsewhere() -> None:
    loads = (Closed(users=1), Closed(users=10), Closed(users=100), offered(30.0), offered(50.0), offered(400.0))
    plan = with_slots(planned(["sync", "threads", "loop"], {"x": loads}, rounds=1), {"sync": 4, "threads": 100})
    found = {visit[0].stack: [key.load for key in visit] for visit in visits(plan, 1)}
    assert found["sync"] == [
        Closed(users=1), offered(30.0), Closed(users=10), Closed(users=100), offered(50.0), offered(400.0),
    ]  # fmt: skip
    assert found["threads"] == found["loop"] == [
        Closed(users=1), offered(30.0), offered(50.0), Closed(users=10), offered(400.0), Closed(users=100),
    ]  # fmt: skip


def test_the_highest_rate_of_a_stack_limits_its_rates_and_not_its_users() -> None:
    plan = planned(["a", "b"], {"x": (Closed(users=10), offered(50.0), offered(400.0))}, rounds=1)
    limited = replace(plan, profile=replace(plan.profile, max_rate_rps={"a": 50.0}))
    found = {visit[0].stack: {key.load for key in visit} for visit in visits(limited, 1)}
    assert found == {"a": {Closed(users=10), offered(50.0)}, "b": {Closed(users=10), offered(50.0), offered(400.0)}}


@given(plans(), st.integers())
def test_the_same_seed_has_the_same_order(plan: Plan, seed: int) -> None:
    assert list(visits(plan, seed)) == list(visits(plan, seed))


def test_another_seed_and_another_round_have_another_order() -> None:
    assert pairs(SIX_BY_TWO, 1, 1) != pairs(SIX_BY_TWO, 2, 1)
    assert len({tuple(pairs(SIX_BY_TWO, 1, number)) for number in (1, 2, 3)}) == 3


def test_more_rounds_leave_the_first_ones_as_they_were() -> None:
    more = replace(SIX_BY_TWO, profile=replace(SIX_BY_TWO.profile, rounds=5))
    assert list(visits(more, 1))[:36] == list(visits(SIX_BY_TWO, 1))


def test_the_name_of_a_closed_loop_cell_has_stack_scenario_users_and_round() -> None:
    key = CellKey("flask-sync", "weather", Closed(users=10), 2, 7)
    assert cell_name(key) == "flask-sync, weather, 10 users, round 2"


def test_the_name_of_an_open_loop_cell_has_its_rate() -> None:
    key = CellKey("flask-sync", "weather", offered(200.0), 2, 7)
    assert cell_name(key) == "flask-sync, weather, 200/s, round 2"
    chance = replace(offered(200.0), arrivals="poisson")
    assert cell_name(replace(key, load=chance)) == "flask-sync, weather, 200/s (Poisson), round 2"
