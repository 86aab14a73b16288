"""What the load generator is given, without starting it, and how it ends."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import BenchError
from bench.model.config import Closed, Load, Open, Timing
from bench.plan.turns import SlicePlan
from bench.run.cell import load as module
from bench.run.cell.load import SPARE_S, START_S, LoadGenerator, Order, running_load
from bench.run.host import process
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest
from loadtests.engine import arrivals
from loadtests.engine import plan as engine
from tests.unit.builders import FLASK, plan

SCENARIO = plan({"flask": FLASK}, {"weather": (10,)}).scenarios["weather"]
TIMING = Timing(warmup_s=2.0, window_s=4.0, window_limit_s=12.0)
SLICES = (SlicePlan(0, 3.0, 3.0), SlicePlan(1, 5.0, 0.5))


def order(load: Load, hosts: tuple[str, ...] = ("http://one",), slices: tuple[SlicePlan, ...] = ()) -> Order:
    return Order(SCENARIO, load, TIMING, 7001, hosts, slices, spread_s=0.25 if slices else 0.0)


class Started:
    """Takes the place of `Program`: notes what is started, and reads the plan as the load generator does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.argv: Sequence[str] = ()
        self.plan: engine.LoadPlan | None = None

    @contextmanager
    def __call__(
        self, _name: str, argv: Sequence[str], *, env: Mapping[str, str], **_: object
    ) -> Iterator[SimpleNamespace]:
        self.argv = argv
        self.monkeypatch.setenv("LOAD_PLAN", env["LOAD_PLAN"])
        self.plan = engine.handed_plan()
        yield SimpleNamespace()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    made = Started(monkeypatch)
    monkeypatch.setattr(module, "Program", made)
    return made


def option(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_the_load_generator_understands_a_closed_loop_load_in_one_window(started: Started, tmp_path: Path) -> None:
    with running_load(order(Closed(users=10)), (), tmp_path, tmp_path / "log") as load:
        assert load.output == tmp_path / "requests.npz"
    assert started.plan == engine.LoadPlan(
        hosts=["http://one"], load=arrivals.Closed(10), timeout_s=30.0, warmup_s=2.0, window_s=4.0, window_limit_s=12.0,
        output=str(tmp_path / "requests.npz"), seed=7001, asked=None,
    )  # fmt: skip
    assert (option(started.argv, "--users"), option(started.argv, "--host")) == ("10", "http://one")


def test_the_load_generator_understands_an_open_loop_load_in_slices(started: Started, tmp_path: Path) -> None:
    load = Open(rate_rps=300.0, arrivals="poisson", max_in_flight=50)
    with running_load(order(load, ("http://base", "http://head"), SLICES), (), tmp_path, tmp_path / "log"):
        pass
    assert started.plan is not None
    assert started.plan.load == arrivals.Open(300.0, "poisson", 50, seed=7001)
    assert started.plan.hosts == ["http://base", "http://head"]
    assert started.plan.slices == (engine.SlicePlan(0, 3.0, 3.0), engine.SlicePlan(1, 5.0, 0.5))
    assert started.plan.spread_s == 0.25
    assert option(started.argv, "--users") == "1"  # one user drives the whole schedule


def test_a_load_may_take_as_long_as_two_warm_ups_the_longest_window_and_a_drain() -> None:
    assert order(Closed(users=10)).longest_s == START_S + 2 * 2.0 + 12.0 + SCENARIO.timeout_s + SPARE_S


def test_a_load_in_slices_may_take_as_long_as_all_slices_with_a_drain_each() -> None:
    assert order(Closed(users=10), ("a", "b"), SLICES).longest_s == START_S + 8.0 + 2 * SCENARIO.timeout_s + SPARE_S


@contextmanager
def generator(folder: Path, script: str) -> Iterator[LoadGenerator]:
    """A program that takes the load generator's place."""
    argv = (sys.executable, "-c", f"import os, signal, subprocess, sys, time\n{script}")
    name, log = "the load generator", folder / "load.log"
    with Program(name, argv, env={}, cwd=folder, cpus=(), log=log, piped=True) as program:
        yield LoadGenerator(program, folder / "requests.npz", 20.0)


BEGIN = 'print(\'{"event": "begin"}\', flush=True)'
ORPHAN = "subprocess.Popen(('sleep', '30'))"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", "the load generator was killed by SIGKILL", id="killed"),
        pytest.param(
            f"{ORPHAN}; os.kill(os.getpid(), signal.SIGKILL)",
            "the load generator was killed by SIGKILL",
            id="killed, and what it started lives on",
        ),
        pytest.param(
            "sys.exit('mine.py: no way')",
            "the load generator ended with exit code 1; it said: mine.py: no way; log: ",
            id="ended",
        ),
    ],
)
def test_a_load_generator_that_is_gone_is_an_error_that_says_how_it_went(
    tmp_path: Path, script: str, words: str
) -> None:
    seen: list[object] = []
    with generator(tmp_path, f"{BEGIN}\n{script}") as load, pytest.raises(BenchError) as caught:
        seen.extend(load.events(StopRequest(), []))
    assert str(caught.value).startswith(words)


def test_the_log_of_the_load_generator_is_cut_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LOG_BYTES", 400_000)
    script = f"{BEGIN}\nsys.stderr.write('x' * 500_000)\nsys.stderr.flush()\ntime.sleep(0.3)"
    with generator(tmp_path, script) as load, pytest.raises(BenchError):
        for _ in load.events(StopRequest(), []):
            pass
    assert load.program.log.stat().st_size < 400_000
