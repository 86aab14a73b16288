"""Sessions of a base and a head that are measured in no time: see made_up.py."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import BenchError
from bench.judge.gate.looks import levels
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.instructions.changes import Changes, Counts, judged
from bench.model.cell import Cell, CellKey
from bench.model.config import Closed, Plan, Stack
from bench.model.instructions import Counted, CountedPair
from bench.model.run import Revision, Run
from bench.model.samples import Samples
from bench.plan.config import Config, make_plan
from bench.record.store import load_run
from bench.run.cell import visit
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.session import ab
from bench.run.session.ab import Question, counted
from bench.run.session.pilots import closed_load
from tests.unit.sessions import Figures, ab_cell, cell_of

from .made_up import PLAN, STACK, Servers


def config(users: list[int], rates: list[float]) -> Config:
    """One scenario with these loads."""
    profile = {"stacks": ["one"], "scenarios": ["look"], "users": users, "rates": rates, "warmup_s": 1.0}
    return Config.model_validate(
        {
            "stacks": {"one": {"interface": "wsgi", "argv": ["a"]}},
            "scenarios": {"look": {}},
            "profiles": {"ab": {**profile, "window_s": 1.0, "rounds": 6}},
        }
    )


def test_an_ab_measures_the_only_closed_loop_load_of_the_profile() -> None:
    assert closed_load(make_plan(config([30], []), "ab").profile, "look") == Closed(users=30)


@pytest.mark.parametrize(
    ("users", "rates", "have"),
    [
        pytest.param([10, 30], [], "10 users, 30 users", id="several closed-loop loads"),
        pytest.param([], [100.0], "100/s", id="rates only"),
        pytest.param([30], [100.0, 200.0], "30 users, 100/s, 200/s", id="rates beside a closed-loop load"),
    ],
)
def test_any_other_loads_are_an_error_that_says_what_to_do_and_that_does_it(
    users: list[int], rates: list[float], have: str
) -> None:
    mine = config(users, rates)
    with pytest.raises(BenchError) as caught:
        closed_load(make_plan(mine, "ab").profile, "look")
    assert str(caught.value) == (
        "an A/B measures one closed-loop load of look, and derives its open-loop load from it; "
        f"the profile ab has {have}: give one number to --users"
    )
    assert closed_load(make_plan(mine, "ab", users=[30]).profile, "look") == Closed(users=30)


FAIL_ON = {"instructions": 0.02}

REVISION = Revision("main", "1" * 40, dirty=False, lock_sha256="ab" * 32, code={})
OK = Figures()


class FakeSide:
    """A revision that is never checked out: the stack runs this code there."""

    lacks = environment = None

    def __init__(self, ref: str, folder: Path) -> None:
        self.revision = replace(REVISION, ref=ref)
        self.folder = folder
        self.code = {"app.py": "1"}
        self.forgotten = 0
        self.elsewhere = False

    def stack(self, stack: Stack) -> Stack:
        return stack

    def forget_what_ran(self) -> None:
        self.forgotten += 1

    def ran(self, _: Stack) -> dict[str, str]:
        return self.code

    def imported(self, _: Stack) -> dict[str, str]:
        return {} if self.elsewhere else self.code

    def compile(self, _: object) -> None:
        """Nothing to compile."""


@dataclass
class World:
    """An A/B of one stack: its two sides, what head's figures are in each restart, and which restarts were measured."""

    base: FakeSide
    head: FakeSide
    cost: Callable[[int], float] = lambda _: 1.0
    tested: int = 0
    measured: list[tuple[str, int]] = field(default_factory=list)

    def run_cell(self, key: CellKey, servers: Servers, *_: object) -> tuple[Cell, Samples]:
        self.measured.append((" and ".join(servers.roles), key.round))
        if len(servers.roles) == 1:
            made = cell_of(key.stack, key.load, key.round, OK)
        else:
            worse = replace(OK, cpu=OK.cpu * self.cost(key.round))
            made = ab_cell(key.stack, key.load, key.round, OK, worse)
        return replace(made, scenario=key.scenario, order=key.order), Samples(status=np.array([], dtype=np.int64))

    def test(self, run: Run, *_: object, **__: object) -> Run:
        self.tested += 1
        return run


@pytest.fixture
def world(results: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    sides = FakeSide("main", tmp_path), FakeSide(".", tmp_path)
    made = World(*sides)

    @contextmanager
    def checked_out(*_: object) -> Iterator[tuple[FakeSide, FakeSide]]:
        yield sides

    monkeypatch.setattr(ab, "checked_out", checked_out)
    monkeypatch.setattr(ab, "RESULTS", results)
    monkeypatch.setattr(ab, "cpu_sets", lambda _: CpuSets((), (), "nothing is pinned here"))
    monkeypatch.setattr(ab, "clean_up", lambda _: ())
    monkeypatch.setattr(ab, "inspected", lambda plan, *_, **__: plan)
    monkeypatch.setattr(ab, "tested", made.test)
    monkeypatch.setattr(visit, "run_cell", made.run_cell)
    return made


def question(
    *, closed_only: bool = False, anyway: bool = False, alpha: float = 0.05, counted: Plan | None = None
) -> Question:
    return Question(Path(), "main", ".", closed_only, 0.3, Gate(alpha, fail_on=FAIL_ON), anyway, counted)


def ab_plan(restarts: int, stacks: int = 1) -> Plan:
    names = tuple(f"stack {number}" for number in range(stacks))
    profile = replace(PLAN.profile, stacks=names, loads={"look": (Closed(users=100),)}, rounds=restarts)
    return replace(PLAN, stacks={name: replace(STACK, name=name) for name in names}, profile=profile)


def recorded(restarts: int, **asked: Any) -> Run:
    """The run that an A/B of so many restarts left."""
    result = ab.start(ab_plan(restarts), question(**asked), 1, ["ab"], None, StopRequest(), force=False)
    assert result.failed == 0
    return load_run(result.folder)


def restarts_of(run: Run) -> int:
    return len({cell.round for cell in run.cells})


PILOTS = [("server", 0), ("server", 0)]


def test_a_session_of_unchanged_code_measures_nothing_but_its_pilots_and_passes(world: World) -> None:
    run = recorded(20)
    assert run.ab is not None
    assert (run.ab.unchanged, run.ab.family, run.cells) == (True, (), ())
    assert (world.measured, world.tested) == (PILOTS, 0)
    assert judge_paired(run, Gate()).exit_code == 0


def test_unchanged_code_is_measured_where_that_is_asked_for(world: World) -> None:
    run = recorded(20, anyway=True)
    assert run.ab is not None
    assert (run.ab.unchanged, restarts_of(run), world.tested) == (False, 10, 1)
    assert judge_paired(run, Gate()).identical


def test_code_that_comes_from_elsewhere_is_an_error_though_data_was_read(world: World) -> None:
    world.head.elsewhere = True
    with pytest.raises(BenchError, match=r"imported nothing from .*, so both sides would be the same"):
        recorded(20)


@pytest.mark.parametrize("what", ["code", "lock"])
def test_changed_code_or_another_lock_file_is_measured(world: World, what: str) -> None:
    if what == "code":
        world.head.code = {"app.py": "2"}
    else:
        world.head.revision = replace(world.head.revision, lock_sha256="cd" * 32)
    run = recorded(20)
    assert run.ab is not None
    assert not run.ab.unchanged
    assert restarts_of(run) == 10
    assert world.measured[:2] == PILOTS
    assert (world.base.forgotten, world.head.forgotten) == (1, 1)


def test_instructions_are_counted_of_both_sides_before_the_first_restart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[Plan] = []
    base = Counted("stack 0", "look", 1, 100, 1_000_000)
    pair = CountedPair(base, replace(base, instructions=1_030_000))

    def compare(
        plan: Plan, sides: tuple[FakeSide, FakeSide], _: object, __: object, ___: object, gate: float | None
    ) -> Changes:
        assert (sides, world.measured, gate) == ((world.base, world.head), PILOTS, 0.02)
        assert plan is refused[0]
        return Changes(Counts(None, ()), Counts(None, ()), judged([pair], gate))

    monkeypatch.setattr(ab, "refuse", refused.append)
    monkeypatch.setattr(ab, "compare_checkouts", compare)
    world.head.code = {"app.py": "2"}
    run = recorded(20, counted=PLAN)
    assert run.ab is not None
    assert run.ab.instructions == (pair,)
    found = judge_paired(run, Gate(fail_on=FAIL_ON))
    assert (found.verdict, [one.metric.name for one in found.deciding]) == ("regressed", ["instructions"])


def test_nothing_is_counted_of_unchanged_code_or_without_being_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ab, "refuse", lambda _: None)
    monkeypatch.setattr(ab, "compare_checkouts", lambda *_: pytest.fail("it was counted"))
    assert recorded(20, counted=PLAN).ab == recorded(20).ab
    world.head.code = {"app.py": "2"}
    recorded(20)


def alternating(number: int) -> float:
    return 1.5 if number % 2 else 1 / 1.5


def rising(number: int) -> float:
    """No more than noise at the first look, and shown at the third."""
    return 1.1 if number > 10 or number % 2 else 1.0


@pytest.mark.parametrize(
    ("cost", "restarts", "measured"),
    [
        (lambda _: 1.0, 20, 10),
        (lambda _: 1.5, 20, 10),
        (rising, 20, 16),
        (alternating, 20, 20),
        (lambda _: 1.0, 12, 10),
        (lambda _: 1.5, 11, 11),
    ],
    ids=["passes", "regressed", "rising", "alternating", "shorter", "one look"],
)
def test_a_session_ends_at_the_first_look_that_decides_and_otherwise_goes_on(
    world: World, cost: Callable[[int], float], restarts: int, measured: int
) -> None:
    world.head.code, world.cost = {"app.py": "2"}, cost
    run = recorded(restarts)
    assert restarts_of(run) == measured
    found = judge_paired(run, Gate())
    assert found.decided == (None if cost is alternating else measured)
    assert [role for role, _ in world.measured].count("base and head") == 2 * measured


@pytest.mark.parametrize(
    ("restarts", "stacks", "closed_only", "alpha", "looks"),
    [
        (20, 1, False, 0.05, (10, 13, 16, 20)),
        (20, 2, False, 0.05, (11, 13, 16, 20)),
        (20, 1, False, 0.001, (16, 20)),
        (12, 1, True, 0.05, (9, 10, 12)),
        (12, 2, False, 0.05, (11, 12)),
        (15, 2, False, 0.05, (15,)),
    ],
)
def test_no_look_is_before_a_regression_can_be_found(
    restarts: int, stacks: int, closed_only: bool, alpha: float, looks: tuple[int, ...]
) -> None:
    asked = question(closed_only=closed_only, alpha=alpha)
    found = ab._looks(ab_plan(restarts, stacks), asked)
    assert found == looks
    members = stacks * (6 if closed_only else 9)
    assert members * 2.0 ** -found[0] <= levels(len(found), alpha).regressed


@pytest.mark.parametrize(
    ("restarts", "alpha", "way_out"),
    [
        (7, 0.05, "take --restarts 8 or more"),
        (20, 1e-6, "take a larger --alpha"),
        (12, 1e-4, "take --restarts 19 or more"),
    ],
)
def test_a_session_in_which_no_regression_could_be_found_is_refused(restarts: int, alpha: float, way_out: str) -> None:
    with pytest.raises(BenchError, match=f"cannot show anything at alpha .* with 9 gated metrics: {way_out}"):
        ab._looks(ab_plan(restarts), question(alpha=alpha))


@pytest.mark.parametrize(("looks", "said"), [((11,), "11"), ((10, 20), "10 or 20"), ((8, 10, 12), "8, 10 or 12")])
def test_looks_in_words(looks: tuple[int, ...], said: str) -> None:
    assert counted(looks) == said
