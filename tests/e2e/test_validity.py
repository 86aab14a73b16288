"""Every rule that finds something wrong with a cell, provoked by a real fault, beside cells that are right."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .cells import APPS, NOISE, Cell, Cells, problems_of
from .conftest import ROOT
from .harness import Harness

pytestmark = pytest.mark.slow

CONFIG = """
[stacks.faulty]
interface = "asgi"
argv = ["python", "faulty.py", "{{port}}"]
env = {{ UPSTREAM_URL = "{{upstream}}" }}
slots = "unbounded"
cwd = "{apps}"

[stacks.fast]
interface = "asgi"
argv = ["python", "-m", "upstream", "--port", "{{port}}", "--control-port", "0", "--delay", "weather=0"]
env = {{ UPSTREAM_TOKEN = "secret" }}
slots = "unbounded"
cwd = "{root}"

[scenarios.fast]
path = "/weather/London"

[scenarios.good]
path = "/good"
body = "hello"

[scenarios.every-20th]
path = "/every-20th"

[scenarios.broken]
path = "/broken"

[scenarios.one-slot]
path = "/one-slot"

[scenarios.four-slots]
path = "/four-slots"

[scenarios.never-calls]
path = "/good"
upstream.weather = {{ calls = 1, median_s = 0.05 }}

[scenarios.calls-twice]
path = "/calls-twice"
upstream.weather = {{ calls = 1, median_s = 0.05 }}

[scenarios.blocking]
locustfile = "{apps}/blocking_check.py"

[scenarios.computing]
locustfile = "{apps}/computing_check.py"

[scenarios.thinking]
locustfile = "{apps}/thinking_users.py"

[profiles.short]
stacks = ["faulty"]
scenarios = [
    "good", "every-20th", "broken", "one-slot", "four-slots", "never-calls", "blocking", "computing",
]
users = [2]
scenario_users = {{ good = [10], every-20th = [10], one-slot = [10], four-slots = [], blocking = [], computing = [10] }}
scenario_rates = {{ good = [50], four-slots = [100, 300], blocking = [15, 100] }}
max_in_flight = 60
warmup_s = 0.5
window_s = 0.9
window_limit_s = 1.3
rounds = 1
"""

VOIDS = {
    "service errors": {"latency", "cpu"},
    "nothing served": {"latency", "cpu"},
    "load side saturated": {"latency", "throughput"},
    "generator stalled": {"latency"},
    "generator late": {"latency"},
    "arrivals dropped": {"latency"},
    "arrivals not sent": {"latency", "throughput"},
    "users unanswered": {"latency"},
    "users idle": {"latency", "throughput"},
    "upstream calls": {"throughput", "latency", "memory", "cpu"},
    "upstream late": {"latency"},
    "unsteady": {"latency"},
    "falling behind": {"latency"},
}
ELSEWHERE = {"upstream late"}  # takes an upstream that is held up, not a service

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


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("validity") / "mine.toml"
    path.write_text(CONFIG.format(apps=APPS, root=ROOT), encoding="utf-8")
    return path


Make = Callable[..., Cells]


@pytest.fixture(scope="module")
def made(shared_harness: Harness, mine: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Cells of the short profile, with what is asked for in place of its own."""

    def make(*words: str) -> Cells:
        folder = tmp_path_factory.mktemp("validity")
        return Cells(shared_harness, folder, ("--config", mine, "--profile", "short", *words))

    return make


@pytest.fixture(scope="module")
def cells(made: Make) -> Cells:
    return made()


def found(cells: Cells, scenario: str, load: str, fires: set[str], may_fire: set[str]) -> Cell:
    """The cell, with neither less nor more than these problems if that can be had."""
    return cells.find(
        "faulty",
        scenario,
        load,
        lambda cell: fires <= problems_of(cell) <= fires | may_fire,
        needs_core="load side saturated" in fires,
    )


@pytest.mark.parametrize(
    ("scenario", "load", "fires", "may_fire", "outcome"), FAULTS, ids=[f"{fault[0]}-{fault[1]}" for fault in FAULTS]
)
def test_a_fault_is_found_named_and_voids_what_it_touches(
    cells: Cells, scenario: str, load: str, fires: set[str], may_fire: set[str], outcome: str
) -> None:
    cell = found(cells, scenario, load, fires, may_fire)
    assert fires <= problems_of(cell), (cell["problems"], cell["cpu"])
    noise = NOISE if cells.disturbed(scenario) else frozenset()
    assert problems_of(cell) <= fires | may_fire | noise, (cell["problems"], cell["cpu"])
    assert cell["outcome"] == outcome
    for problem in cell["problems"]:
        assert set(problem["voids"]) == VOIDS[problem["name"]], problem
        assert problem["detail"]


@pytest.mark.parametrize(("scenario", "load"), HEALTHY)
def test_nothing_is_found_where_nothing_is_wrong(cells: Cells, scenario: str, load: str) -> None:
    cell = cells.find("faulty", scenario, load, lambda cell: not cell["problems"])
    assert problems_of(cell) <= (NOISE if cells.disturbed(scenario) else set()), cell["problems"]
    assert cell["outcome"] == "ok"
    assert cell["ceiling"]["bound"] == "nothing"


def test_every_rule_has_been_provoked(cells: Cells) -> None:
    rules = set(re.findall(r'Problem\("([^"]+)"', (ROOT / "bench" / "judge" / "validity.py").read_text()))
    assert rules == set(VOIDS)
    fired: dict[str, list[str]] = {rule: [] for rule in sorted(rules - ELSEWHERE)}
    for scenario, load, fires, may_fire, _ in FAULTS:
        for rule in fires & problems_of(found(cells, scenario, load, fires, may_fire)):
            fired[rule].append(f"{scenario} {load}")
    print(
        "\n".join(f"{rule:<20} {'fired: ' + ', '.join(where) if where else 'MISSED'}" for rule, where in fired.items())
    )
    assert all(fired.values()), fired


def test_calls_that_are_repeated_and_users_who_think_are_found_as_well(made: Make) -> None:
    cells = made("--scenarios", ",".join(scenario for scenario, _ in MORE_FAULTS))
    for scenario, fires in MORE_FAULTS:
        cell = found(cells, scenario, "2 users", fires, set())
        assert fires <= problems_of(cell) <= fires | (NOISE if cells.disturbed(scenario) else set()), cell["problems"]
        assert cell["outcome"] == "invalid"


def test_nothing_is_found_in_the_services_of_the_project_under_a_light_load(made: Make) -> None:
    stacks = ("flask-gthread", "fastapi-aiohttp")
    cells = made("--stacks", ",".join(stacks), "--scenarios", "weather", "--users", "10", "--rate", "50")
    for stack in stacks:
        for load in ("10 users", "50/s"):
            cell = cells.find(stack, "weather", load, lambda cell: not cell["problems"])
            assert problems_of(cell) <= (NOISE if cells.disturbed("weather") else set()), (stack, cell["problems"])


def test_a_rate_far_beyond_the_generator_is_found_even_if_it_was_forced(
    harness: Harness, checkout: Path, mine: Path, tmp_path: Path
) -> None:
    selftest = checkout / "results" / "selftest.json"
    kept = selftest.read_bytes()
    try:
        words = ("--stacks", "fast", "--scenarios", "fast", "--rate", "30000")
        cells = Cells(harness, tmp_path, ("--config", mine, "--profile", "short", *words))
        cell = cells.find("fast", "fast", "30000/s", lambda cell: "arrivals not sent" in problems_of(cell))
    finally:
        selftest.write_bytes(kept)  # what it says of 30,000/s is of no use to the others
    assert "arrivals not sent" in problems_of(cell), cell["problems"]
    assert cell["outcome"] == "invalid"
