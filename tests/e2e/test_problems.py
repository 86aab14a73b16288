"""Every rule that finds something wrong with a cell, provoked by a real fault, beside cells that are right."""

from pathlib import Path

import pytest

from bench.judge.cell.kinds import KINDS
from bench.model.cell import Cell
from bench.record.store import load_run

from .harness import Harness
from .known import Known, Live, bottleneck_of, known, problems_of

FAULTY = ("--profile", "faults")

faults = known("faults", *FAULTY)
more = known("more", *FAULTY, "--scenarios", "calls-twice,thinking", by_hand=True)
light = known("light", *FAULTY, "--stacks", "flask-gthread,fastapi-aiohttp", "--scenarios", "weather",
              "--users", "10", "--rate", "50")  # fmt: skip

VOIDS: dict[str, set[str]] = {
    "service errors": {"latency", "cpu"},
    "nothing served": {"latency", "cpu"},
    "load side saturated": {"latency", "throughput"},
    "generator stalled": {"latency"},
    "generator late": {"latency"},
    "arrivals dropped": {"latency"},
    "arrivals not sent": {"latency", "throughput"},
    "ports exhausted": {"latency", "throughput"},
    "users unanswered": {"latency"},
    "users lost": {"latency", "throughput"},
    "users idle": {"latency", "throughput"},
    "upstream calls": {"throughput", "latency", "memory", "cpu"},
    "upstream late": {"latency"},
    "unsteady": {"latency"},
    "falling behind": {"latency"},
    "memory grows": {"memory"},
    "workers replaced": set(),
    "processes detached": set(),
    "other programs": {"throughput", "latency", "cpu"},
    "cores shared": {"throughput", "latency", "cpu"},
    "process not known": {"memory", "cpu"},
    "workers not ready": set(),
}
ELSEWHERE = {
    "upstream late",  # takes an upstream that is held up, not a service
    "ports exhausted",  # takes all ports of the machine
    *("memory grows", "workers replaced", "processes detached"),  # in test_burning.py
    *("cores shared", "workers not ready"),  # in test_killed.py: another run, and a server of several workers
    "other programs",  # in test_bottlenecks.py
    "users lost",  # in test_locustfiles.py
    "process not known",  # in test_attached.py
}

# Scenario, load, what must be found, what may be found besides, outcome.
FAULTS = [
    ("every-20th", "10 users", {"service errors"}, set(), "degraded"),
    ("broken", "2 users", {"service errors", "nothing served"}, set(), "degraded"),
    ("one-slot", "10 users", {"users unanswered", "unsteady"}, set(), "ok"),
    ("four-slots", "100/s", {"falling behind"}, {"unsteady"}, "ok"),
    ("four-slots", "300/s", {"arrivals dropped"}, set(), "ok"),
    ("never-calls", "2 users", {"upstream calls"}, set(), "invalid"),
    ("computing", "10 users", {"load side saturated", "generator stalled", "users idle"}, {"unsteady"}, "invalid"),
    ("blocking", "15/s", {"generator stalled", "generator late"}, set(), "ok"),
    (
        "blocking",
        "100/s",
        {"generator stalled", "generator late", "arrivals not sent"},
        {"arrivals dropped", "falling behind", "unsteady"},
        "invalid",
    ),
]
MORE_FAULTS = [("calls-twice", {"upstream calls"}), ("thinking", {"users idle"})]
HEALTHY = [("good", "10 users"), ("good", "50/s")]


def found(cells: Known, scenario: str, load: str, fires: set[str], may_fire: set[str]) -> Cell:
    """The cell, with neither less nor more than these problems."""
    cell = cells.find("faulty", scenario, load, lambda cell: fires <= problems_of(cell) <= fires | may_fire)
    assert fires <= problems_of(cell) <= fires | may_fire, (cell.measurement.problems, cell.measurement.cpu)
    return cell


@pytest.mark.parametrize(
    ("scenario", "load", "fires", "may_fire", "outcome"), FAULTS, ids=[f"{fault[0]}-{fault[1]}" for fault in FAULTS]
)
def test_a_fault_is_found_named_and_voids_what_it_touches(
    faults: Known, scenario: str, load: str, fires: set[str], may_fire: set[str], outcome: str
) -> None:
    cell = found(faults, scenario, load, fires, may_fire)
    assert cell.outcome == outcome
    for problem in cell.measurement.problems:
        assert set(problem.voids) == VOIDS[problem.name], problem
        assert problem.detail


@pytest.mark.parametrize(("scenario", "load"), HEALTHY)
def test_nothing_is_found_where_nothing_is_wrong(faults: Known, scenario: str, load: str) -> None:
    cell = faults.find("faulty", scenario, load, lambda cell: not cell.measurement.problems)
    assert problems_of(cell) == set()
    assert cell.outcome == "ok"
    assert bottleneck_of(cell).limit in {"nothing", "not known"}


def test_every_rule_has_been_provoked(faults: Known) -> None:
    assert set(KINDS) == set(VOIDS)
    fired: dict[str, list[str]] = {rule: [] for rule in sorted(KINDS.keys() - ELSEWHERE)}
    for scenario, load, fires, may_fire, _ in FAULTS:
        for rule in fires & problems_of(found(faults, scenario, load, fires, may_fire)):
            fired[rule].append(f"{scenario} {load}")
    print(
        "\n".join(f"{rule:<20} {'fired: ' + ', '.join(where) if where else 'MISSED'}" for rule, where in fired.items())
    )
    assert all(fired.values()), fired


@pytest.mark.parametrize(("scenario", "fires"), MORE_FAULTS)
def test_calls_that_are_repeated_and_users_who_think_are_found_as_well(
    more: Known, scenario: str, fires: set[str]
) -> None:
    cell = found(more, scenario, "2 users", fires, set())
    assert cell.outcome == "invalid"


@pytest.mark.parametrize("load", ["10 users", "50/s"])
@pytest.mark.parametrize("stack", ["flask-gthread", "fastapi-aiohttp"])
def test_nothing_is_found_in_the_services_of_the_project_under_a_light_load(
    light: Known, stack: str, load: str
) -> None:
    cell = light.find(stack, "weather", load, lambda cell: not cell.measurement.problems)
    assert problems_of(cell) == set(), cell.measurement.problems


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.usefixtures("own_selftest")
def test_a_rate_far_beyond_the_generator_goes_on_if_forced_and_is_found(harness: Harness, tmp_path: Path) -> None:
    cells = Live(harness, tmp_path, (*FAULTY, "--stacks", "cheap", "--scenarios", "fast", "--rate", "30000"))
    cell = cells.find("cheap", "fast", "30000/s", lambda cell: "arrivals not sent" in problems_of(cell))
    assert "arrivals not sent" in problems_of(cell), cell.measurement.problems
    assert cell.outcome == "invalid"
    run = load_run(tmp_path / "run 0")
    assert any(note.startswith("forced: ") for note in run.notes)
