import ast
import inspect
from typing import get_args

import pytest

from bench.judge.cell import kinds, problems
from bench.judge.cell.kinds import KINDS, Cause, Kind
from bench.model.cell import Figure, Problem

EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
ROW = Kind("a row", "generator", ("latency", "throughput", "cpu"), stands_at_full_cpu=("throughput",))


def calls_of_the_rules() -> list[ast.expr]:
    """What problems.py calls."""
    return [node.func for node in ast.walk(ast.parse(inspect.getsource(problems))) if isinstance(node, ast.Call)]


def test_the_rules_find_every_kind_of_the_table_and_no_other() -> None:
    found = [call.value for call in calls_of_the_rules() if isinstance(call, ast.Attribute) and call.attr == "found"]
    constants = {ast.unparse(kind).removeprefix("kinds.") for kind in found}
    assert {getattr(kinds, constant).name for constant in constants} == set(KINDS)


def test_the_rules_make_no_problem_without_a_kind() -> None:
    assert "Problem" not in {ast.unparse(call) for call in calls_of_the_rules()}


def test_every_kind_that_is_declared_is_in_the_table_under_its_name() -> None:
    declared = {constant: one for constant, one in vars(kinds).items() if isinstance(one, Kind)}
    assert {one.name: one for one in declared.values()} == KINDS
    assert len(declared) == len(KINDS)  # so no two have the same name
    assert all(constant == one.name.upper().replace(" ", "_") for constant, one in declared.items())
    assert kinds.FAILED not in KINDS


@EVERY_KIND
def test_a_kind_makes_figures_unreliable_that_exist_each_named_once(kind: Kind) -> None:
    assert set(kind.voids) <= set(get_args(Figure))
    assert len(set(kind.voids)) == len(kind.voids)
    assert set(kind.stands_at_full_cpu) <= set(kind.voids)


@EVERY_KIND
def test_a_kind_says_what_happened_in_a_clause(kind: Kind) -> None:
    assert kind.happened
    assert kind.happened[0].islower() or kind.happened[0].isdigit()
    assert not kind.happened.endswith(".")


@EVERY_KIND
def test_a_kind_has_a_known_cause_and_only_the_service_fails_or_falls_behind(kind: Kind) -> None:
    assert kind.cause in get_args(Cause)
    if kind.service_failed or kind.falls_behind:
        assert kind.cause == "service"


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (kinds.SERVICE_FAILED, {"service errors", "nothing served"}),
        (kinds.FALLS_BEHIND, {"falling behind", "arrivals dropped"}),
        (kinds.MOMENTARY, {"generator stalled", "upstream late", "unsteady"}),
        (
            kinds.SERVICES_DOING,
            {
                "service errors",
                "nothing served",
                "users unanswered",
                "users lost",
                "arrivals dropped",
                "falling behind",
                "upstream calls",
                "unsteady",
                "memory grows",
                "workers replaced",
                "processes detached",
                "workers not ready",
            },
        ),
        (
            kinds.GENERATORS,
            {
                "load side saturated",
                "generator stalled",
                "users idle",
                "generator late",
                "arrivals not sent",
                "ports exhausted",
            },
        ),
        (kinds.UPSTREAMS, {"upstream late"}),
    ],
    ids=["service failed", "falls behind", "momentary", "service", "generator", "upstream"],
)
def test_each_set_of_names_has_the_kinds_that_belong_in_it(found: frozenset[str], names: set[str]) -> None:
    assert found == names


@EVERY_KIND
def test_a_kind_is_in_the_set_of_its_cause_and_in_no_other(kind: Kind) -> None:
    sets: dict[Cause, frozenset[str]] = {
        "service": kinds.SERVICES_DOING,
        "generator": kinds.GENERATORS,
        "upstream": kinds.UPSTREAMS,
    }
    assert [cause for cause, names in sets.items() if kind.name in names] == [kind.cause] * (kind.cause in sets)


def test_names_where_gives_the_names_of_the_kinds_that_hold() -> None:
    assert kinds.names_where(lambda kind: kind.voids == kinds.EVERYTHING) == {"upstream calls"}
    assert kinds.names_where(lambda kind: bool(kind.stands_at_full_cpu)) == {"load side saturated", "users idle"}
    assert kinds.names_where(lambda _: True) == set(KINDS)


def test_a_problem_has_the_name_and_figures_of_its_kind_and_its_own_detail() -> None:
    assert ROW.found("90 % of a core") == Problem("a row", "90 % of a core", ("latency", "throughput", "cpu"))


def test_at_full_cpu_the_figures_that_stand_are_reliable_all_the_same() -> None:
    assert ROW.found("90 % of a core", full_cpu=True).voids == ("latency", "cpu")


@EVERY_KIND
def test_full_cpu_keeps_throughput_where_the_generator_had_its_limit_and_changes_no_other_kind(kind: Kind) -> None:
    kept = {figure for figure in kind.voids if figure not in kind.found("", full_cpu=True).voids}
    assert kept == ({"throughput"} if kind in {kinds.LOAD_SIDE_SATURATED, kinds.USERS_IDLE} else set())
    assert kind.found("").voids == kind.voids
