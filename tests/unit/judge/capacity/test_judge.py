"""A whole search: what makes it worth nothing, and what it comes to when it is judged again."""

from dataclasses import asdict, replace

import pytest

from bench.judge.capacity.judge import UNFINISHED, finished, judged_again
from bench.model.config import Objective, Sought
from bench.model.samples import Samples
from bench.model.search import Bounds, Search
from tests.unit.builders import ONE_CORE, served
from tests.unit.judge.capacity.simulated import Machine, slots
from tests.unit.judge.capacity.test_rows import search

FOUND = replace(search("one", 1, 400.0), served=served(0))
NONE_SENT = Samples()


def test_a_search_whose_upstream_was_as_it_has_to_be_stands() -> None:
    assert finished(FOUND, NONE_SENT, ONE_CORE.scenario) == FOUND


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (replace(FOUND, other_run="another run used core 1"), "cores shared"),
        (replace(FOUND, served=served(7)), "upstream calls"),
        (replace(FOUND, served=served(0, delay_error_s=0.02)), "upstream late"),
    ],
)
def test_nothing_is_known_where_the_harness_cannot_vouch_for_it(spoilt: Search, why: str) -> None:
    found = finished(spoilt, NONE_SENT, ONE_CORE.scenario)
    assert (found.ending, found.rate_rps) == ("not known", None)
    assert found.why.startswith(f"{why}: ")


def test_a_search_without_its_bounds_stays_as_it_is() -> None:
    assert judged_again(FOUND, ONE_CORE, NONE_SENT) == FOUND


def test_a_search_is_judged_again_from_its_samples_and_ends_as_it_did() -> None:
    machine = Machine(slots(4, lambda _: 0.05), Sought(Objective("p95", 0.1), "fixed", 500))
    bounds = Bounds(68.0, 4000.0, "it is the most that is tried", 80.0)
    ended = machine.search(bounds)
    recorded = replace(
        FOUND, sought=machine.sought, **asdict(ended), bounds=bounds, steps=tuple(machine.steps), served=None
    )
    own = machine.samples()
    assert judged_again(recorded, ONE_CORE, own) == recorded
    late = replace(own, done_s=own.done_s + 0.2)
    again = judged_again(recorded, ONE_CORE, late)
    assert {step.verdict for step in again.steps} == {"exceeded"}
    assert (again.ending, again.rate_rps) == ("not known", None)
    assert again.why.startswith("not settled within ")
    bracketed = replace(recorded, steps=recorded.steps[:2])
    assert judged_again(bracketed, ONE_CORE, late).why == UNFINISHED
