"""A plan, a machine and a selftest that are made up, and cells that are measured in no time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.model.cell import Cell, CellKey, Measurement, Problem
from bench.model.config import Closed, Load, Plan, Profile, Scenario, Stack, Timing
from bench.model.run import Machine, Selftest
from bench.model.samples import Samples
from bench.plan.turns import Pace
from bench.record.store import load_run
from bench.run.host.cpus import CpuSets
from bench.run.host.locks import Cores
from bench.run.host.signals import StopRequest
from bench.run.session import plain
from bench.run.session.measure import RunResult
from bench.run.session.selftest import Ladders
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start

STACK = Stack("one", "One", "wsgi", ("a",), {}, 1, 1, 1, None, ".")
LOADS = tuple(Closed(users=users) for users in (1, 10, 100))
PLAN = Plan(
    {"one": STACK, "two": replace(STACK, name="two")},
    {"look": Scenario("look", "Look", "loadtests/mix.py", {}, 0.0, 1.0)},
    Profile("quick", ("one", "two"), {"look": LOADS}, Timing(1.0, 1.0, 3.0), 2, {}, {}, ("two", "one"), 1),
)
SELFTEST = Selftest("", ((), ()), 30_000.0, 1000.0, 0.001, 100, 5000.0, 0.001, 0.0, 0.001, 20_000, 0.0, 0.0, ())
HERE = Machine("CPU", 2, 1, "Linux", "6", "3.11", has_pss=True)


def users(load: Load) -> int:
    assert isinstance(load, Closed)
    return load.users


def orders(folder: Path) -> list[int]:
    """The orders of the cells that the run in the folder has."""
    return [cell.order for cell in load_run(folder).cells]


def start(folder: Path | None) -> RunResult:
    """A plain run of the plan, into this folder or a new one of the results."""
    return plain.start(PLAN, 1, ["run"], folder, StopRequest(), code=Path())


def no_error(_: CellKey) -> None:
    """Nothing goes wrong."""


@dataclass
class Servers:
    """What was started together: the roles, the stack, and the users of each cell that was measured on them."""

    roles: tuple[str, ...]
    stack: str
    users: list[int] = field(default_factory=list)


class FakeCells:
    """Takes the place of `testbed` and `run_cell`: notes what was started, and goes wrong where a test wants it.

    `start_error` and `error` give the error of a start or of a cell; `status` the statuses of its requests; `problems`
    the problems of its measurements, one after another.
    """

    def __init__(self) -> None:
        self.started: list[Servers] = []
        self.running = False
        self.taken: list[Cores | None] = []
        self.start_error: Callable[[CellKey], Exception | None] = no_error
        self.error: Callable[[CellKey], Exception | None] = no_error
        self.status: Callable[[CellKey], Sequence[int]] = lambda _: ()
        self.problems: Callable[[CellKey, str], tuple[Problem, ...]] = lambda *_: ()

    @property
    def visits(self) -> list[tuple[str, list[int]]]:
        """The stack of each start, and the users of each cell that was measured on it."""
        return [(servers.stack, servers.users) for servers in self.started]

    @contextmanager
    def testbed(self, key: CellKey, starts: Sequence[Start], setting: Setting) -> Iterator[Servers]:
        """Servers that do nothing. No servers run beside those of another start."""
        setting.progress(key, "start server")
        servers = Servers(tuple(start.role for start in starts), key.stack)
        self.started.append(servers)
        error = self.start_error(key)
        if error is not None:
            raise error
        assert not self.running
        self.running = True
        try:
            yield servers
        finally:
            self.running = False

    def run_cell(
        self, key: CellKey, servers: Servers, setting: Setting, pace: Pace | None = None
    ) -> tuple[Cell, Samples]:
        """A cell without figures: one measurement for each server."""
        assert (pace is not None) == (len(servers.roles) > 1)
        setting.progress(key, "measure")
        self.taken.append(setting.taken)
        servers.users.append(users(key.load))
        error = self.error(key)
        if error is not None:
            raise error
        measurements = tuple(Measurement("ok", self.problems(key, role)) for role in servers.roles)
        cell = Cell(key.stack, key.scenario, key.load, key.round, key.order, measurements)
        return cell, Samples(status=np.array(self.status(key), dtype=np.int64))


class FakeSelftest:
    """Takes the place of `selftest`: returns `found`, and notes the ladders that were tried."""

    def __init__(self) -> None:
        self.found = SELFTEST
        self.tried: list[Ladders] = []

    def __call__(self, cpus: CpuSets, ladders: Ladders, *_: object) -> Selftest:
        self.tried.append(ladders)
        return replace(self.found, cpu_sets=(cpus.server, cpus.load), taken=datetime.now(UTC).isoformat())
