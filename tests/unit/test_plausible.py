from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.model.config import Closed, Profile
from bench.model.instructions import Counted, CountedPair
from bench.model.run import MOST_CELLS, Run
from bench.plausible import LONGEST_NAME, MOST_NOTES, MOST_TESTS, check
from tests.unit.builders import FASTAPI, FLASK, cell, plan, run_of
from tests.unit.sessions import session

PLAN = plan({"a": FLASK, "b": FASTAPI}, {"weather": (10,)})
RUN = run_of(PLAN, (cell("a"), cell("b", number=2)))
AB = session()
TEN = Closed(users=10)


def planned(change: Callable[[Profile], Profile]) -> Run:
    return replace(RUN, config=replace(PLAN, profile=change(PLAN.profile)))


def family(*, times: int = 1, **changes: Any) -> Run:
    assert AB.ab is not None
    one = replace(AB.ab.family[0], **changes)
    return replace(AB, ab=replace(AB.ab, family=(one,) * times))


def counted(base: int, head: int, requests: int = 100) -> Run:
    """An A/B with one count of instructions."""
    assert AB.ab is not None
    here, there = (Counted("a", "weather", 1, requests, number) for number in (base, head))
    return replace(AB, ab=replace(AB.ab, instructions=(CountedPair(here, there),)))


def test_a_run_and_an_ab_are_plausible() -> None:
    check(RUN, Path("run"))
    check(AB, Path("run"))
    check(counted(10, 10), Path("run"))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (replace(RUN, cells=(cell("c"),)), "cell 0 is of a stack or scenario not planned"),
        (replace(RUN, cells=(cell("a", scenario="x"),)), "cell 0 is of a stack or scenario not planned"),
        (replace(RUN, ab=AB.ab), "cell 0 has 1 measurements, not 2"),
        (replace(RUN, cells=(cell("a", users=0),)), "cell 0 has a load of nothing"),
        (replace(RUN, cells=(cell("a"),) * 2), "two of its cells are of round 1 of a, weather, 10 users"),
        (replace(RUN, notes=("odd",) * (MOST_NOTES + 1)), "it has 1001 notes, and a run has at most 1000"),
        (replace(RUN, cells=(cell("a"),) * (MOST_CELLS + 1)), "it has 10001 cells, and a run has at most 10000"),
        (planned(lambda one: replace(one, stacks=("a",) * 10_001)), "it has 10001 stacks, and a run has at most 10000"),
        (
            planned(lambda one: replace(one, loads={"weather": (TEN,) * 5001})),
            "it has 10002 combinations of stack and load, and a run has at most 10000",
        ),
        (planned(lambda one: replace(one, stacks=("a", "c"))), "its profile has no stack 'c'"),
        (planned(lambda one: replace(one, compare=("a", "c"))), "its profile has no stack 'c'"),
        (planned(lambda one: replace(one, loads={"x": (TEN,)})), "it has no scenario 'x'"),
        (planned(lambda one: replace(one, loads={"weather": (Closed(users=-1),)})), "it has a load of nothing"),
        (
            planned(lambda one: replace(one, name="n\n" * 3000)),
            f"a name in it has 6000 characters, and the longest has {LONGEST_NAME}: n n n",
        ),
        (family(metric="colour"), "the family's colour of flask-gthread was not planned"),
        (family(stack="c"), "the family's cpu of c was not planned"),
        (counted(0, 10), "it has a count of instructions of nothing"),
        (counted(10, 10, requests=0), "it has a count of instructions of nothing"),
        (family(times=2), "its family has a test twice"),
        (family(times=MOST_TESTS + 1), "its family has 1001 tests, and a family has at most 1000"),
    ],
)
def test_what_no_run_has_is_an_error_in_one_line(run: Run, said: str) -> None:
    with pytest.raises(BenchError) as caught:
        check(run, Path("run"))
    assert str(caught.value).startswith(f"run/run.json is damaged: {said}")
    assert "\n" not in str(caught.value)
