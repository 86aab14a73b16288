from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bench.model import CellKey, Load, Plan, Profile, Timing
from bench.plan.schedule import Visit, cell_name, visits

NAMES = st.lists(st.text("abcdef-[]", min_size=1, max_size=5), min_size=1, max_size=6, unique=True)
COUNTS = st.lists(st.integers(1, 1000), min_size=1, max_size=4, unique=True)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    stacks, scenarios = draw(NAMES), draw(NAMES)
    loads = {name: tuple(Load("closed", users) for users in sorted(draw(COUNTS))) for name in scenarios}
    limits = draw(st.dictionaries(st.sampled_from(stacks), st.integers(1, 1000)))
    profile = Profile("p", tuple(stacks), loads, Timing(1.0, 1.0, 3.0), draw(st.integers(1, 4)), limits, 1)
    return Plan({}, {}, profile)


SIX_BY_TWO = Plan(
    {},
    {},
    Profile(
        "p", tuple("abcdef"), {"x": (Load("closed", 1),), "y": (Load("closed", 2),)}, Timing(1.0, 1.0, 3.0), 3, {}, 1
    ),
)


def cells(plan: Plan, seed: int) -> list[CellKey]:
    return [key for visit in visits(plan, seed) for key in visit.cells]


def pairs(plan: Plan, seed: int, number: int) -> list[tuple[str, str]]:
    return [(visit.stack, visit.scenario) for visit in visits(plan, seed) if visit.cells[0].round == number]


@given(plans(), st.integers())
def test_every_round_has_each_cell_within_its_limit_once(plan: Plan, seed: int) -> None:
    wanted = sorted(
        (stack, scenario, load.users)
        for stack in plan.profile.stacks
        for scenario, loads in plan.profile.loads.items()
        for load in loads
        if load.users <= plan.profile.max_users.get(stack, load.users)
    )
    for number in range(1, plan.profile.rounds + 1):
        found = [(key.stack, key.scenario, key.load.users) for key in cells(plan, seed) if key.round == number]
        assert sorted(found) == wanted


@given(plans(), st.integers())
def test_order_counts_the_cells_from_zero_and_rounds_never_go_back(plan: Plan, seed: int) -> None:
    found = cells(plan, seed)
    assert [key.order for key in found] == list(range(len(found)))
    assert [key.round for key in found] == sorted(key.round for key in found)


@given(plans(), st.integers())
def test_a_visit_is_one_stack_and_scenario_with_its_loads_ascending(plan: Plan, seed: int) -> None:
    for visit in visits(plan, seed):
        assert {(key.stack, key.scenario) for key in visit.cells} == {(visit.stack, visit.scenario)}
        users = [key.load.users for key in visit.cells]
        assert users == sorted(set(users))


@given(plans(), st.integers())
def test_the_same_seed_has_the_same_order(plan: Plan, seed: int) -> None:
    assert list(visits(plan, seed)) == list(visits(plan, seed))


def test_another_seed_and_another_round_have_another_order() -> None:
    assert pairs(SIX_BY_TWO, 1, 1) != pairs(SIX_BY_TWO, 2, 1)
    assert len({tuple(pairs(SIX_BY_TWO, 1, number)) for number in (1, 2, 3)}) == 3


def test_more_rounds_leave_the_first_ones_as_they_were() -> None:
    more = replace(SIX_BY_TWO, profile=replace(SIX_BY_TWO.profile, rounds=5))
    assert list(visits(more, 1))[:36] == list(visits(SIX_BY_TWO, 1))


def test_a_cell_is_called_by_stack_scenario_users_and_round() -> None:
    key = CellKey("flask-sync", "weather", Load("closed", 10), 2, 7)
    assert cell_name(key) == "flask-sync, weather, 10 users, round 2"
    assert Visit((key,)).stack == "flask-sync"
