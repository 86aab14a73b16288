"""When measuring may begin, of made-up servers: their workers do what a test says, and the clock is its own."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from bench.errors import BenchError
from bench.run.host import readiness
from bench.run.host.ports import Answer
from bench.run.host.process import Program
from bench.run.host.readiness import LOOK_S, NOT_SEEN, Listening, settle
from bench.run.host.signals import StopRequest
from bench.run.host.tree import Tree


@dataclass
class Holder:
    """A process with the listening socket: those above it, and from when on it waits for requests."""

    pid: int
    above: tuple[int, ...] = ()
    waits_from_s: float = 0.0

    def parents(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(pid=pid) for pid in (*self.above, 1)]


@dataclass
class World(StopRequest):
    """A server and its clock: which processes have the socket at each moment, and how much CPU they use."""

    holders: list[Holder] = field(default_factory=list)
    born_s: dict[int, float] = field(default_factory=dict)
    cores: float = 0.0
    busy_until_s: float = 0.0
    seen: bool = True
    shown: bool = True
    ends_s: float = float("inf")
    answer: Answer = field(default_factory=lambda: Answer(None, came=True))
    now_s: float = 100.0
    name: str = "mine"

    def __post_init__(self) -> None:
        super().__init__()
        self.begun_s = self.now_s

    @property
    def passed_s(self) -> float:
        return self.now_s - self.begun_s

    def sleep(self, seconds: float = 0.0) -> None:
        self.now_s += seconds

    def listeners(self, *_: object) -> list[Holder] | None:
        return [one for one in self.holders if self.born_s.get(one.pid, 0.0) <= self.passed_s]

    def waits(self, pid: int) -> bool | None:
        (one,) = [one for one in self.holders if one.pid == pid]
        return one.waits_from_s <= self.passed_s if self.seen else None

    def check_alive(self) -> None:
        if self.passed_s >= self.ends_s:
            raise BenchError("mine ended with exit code 1")

    def log_tail(self) -> str:
        return "; log: there"

    def read_cpu(self) -> None:
        """The CPU is made up, too."""

    @property
    def cpu_s(self) -> float:
        return self.passed_s * self.cores + min(self.passed_s, self.busy_until_s)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(readiness, "listeners", made.listeners)
    monkeypatch.setattr(readiness, "waits_for_requests", made.waits)
    monkeypatch.setattr(readiness, "ask", lambda *_: made.answer)
    monkeypatch.setattr(readiness, "shown", lambda: made.shown)
    monkeypatch.setattr(readiness, "time", SimpleNamespace(monotonic=lambda: made.now_s))
    return made


def settled(world: World, *, answered: bool = True) -> tuple[str | None, float]:
    """The note on the server, and the seconds that it took."""
    server = Listening(cast("Program", world), cast("Tree", world), 80, answered=answered)
    (note,) = settle([server], world)
    return note, round(world.passed_s, 1)


def soon_after(passed_s: float) -> Any:
    """That moment, or an interval later, or two where CPU is still to be read."""
    return pytest.approx(passed_s + LOOK_S, abs=LOOK_S + 0.01)


MASTER = Holder(10, waits_from_s=float("inf"))


def under(pid: int, waits_from_s: float = 0.0) -> Holder:
    return Holder(pid, (10,), waits_from_s)


def test_four_workers_that_wait_are_ready_after_one_interval(world: World) -> None:
    world.holders = [MASTER, *map(under, range(11, 15))]
    assert settled(world) == (None, 0.3)


def test_a_worker_that_sleeps_in_an_import_is_waited_for_however_idle_it_is(world: World) -> None:
    world.holders = [MASTER, under(11), under(12, waits_from_s=12.0)]
    assert settled(world) == (None, soon_after(12.0))


def test_a_master_that_waits_is_no_worker(world: World) -> None:
    world.holders = [Holder(10), under(11, waits_from_s=6.0)]
    assert settled(world) == (None, soon_after(6.0))


def test_a_worker_that_is_started_late_is_waited_for(world: World) -> None:
    world.holders, world.born_s = [MASTER, under(11), under(12, waits_from_s=2.0)], {12: 0.2}
    assert settled(world) == (None, soon_after(2.0))


def test_a_worker_that_still_works_is_not_idle(world: World) -> None:
    world.holders, world.busy_until_s = [MASTER, under(11)], 1.5
    assert settled(world) == (None, soon_after(1.8))


def test_workers_that_wait_and_use_cpu_all_the_same_are_ready_after_five_seconds(world: World) -> None:
    world.holders, world.cores = [MASTER, under(11, waits_from_s=3.0)], 0.5
    assert settled(world) == (None, soon_after(8.0))


def test_after_thirty_seconds_measuring_begins_with_a_note_on_the_workers_that_do_not_wait(world: World) -> None:
    world.holders = [MASTER, under(11), under(12, 99.0), under(13, 99.0)]
    note, took_s = settled(world)
    assert note == "2 of 3 workers did not wait for requests 30 s after the server was up (pid 12, 13)"
    assert took_s == soon_after(30.0)


def test_the_only_process_has_answered_itself_so_what_it_waits_in_does_not_matter(world: World) -> None:
    world.holders = [Holder(10, waits_from_s=99.0)]
    assert settled(world) == (None, 0.3)
    assert settled(world, answered=False)[1] > 20


def test_helpers_of_a_worker_that_have_inherited_its_socket_are_no_workers(world: World) -> None:
    world.holders = [MASTER, under(11), Holder(20, (11, 10), waits_from_s=99.0), under(12, waits_from_s=1.0)]
    assert settled(world) == (None, soon_after(1.0))


def test_where_it_cannot_be_seen_what_workers_wait_in_only_cpu_counts_and_it_is_noted(world: World) -> None:
    world.holders, world.seen, world.busy_until_s = [MASTER, under(11, 99.0)], False, 1.0
    assert settled(world) == (NOT_SEEN, soon_after(1.3))


def test_where_the_platform_never_shows_it_the_run_says_so_once_and_not_every_cell(world: World) -> None:
    world.holders, world.seen, world.shown = [MASTER, under(11, 99.0)], False, False
    assert settled(world)[0] is None


def test_a_master_whose_workers_neither_wait_nor_answer_is_an_error(world: World) -> None:
    world.holders, world.answer = [MASTER, under(11, 99.0)], Answer("timed out")
    with pytest.raises(BenchError) as caught:
        settled(world, answered=False)
    assert str(caught.value) == (
        "mine listens on port 80, but after 30 s none of its workers is up (GET /: timed out): "
        "can they import the application?; log: there"
    )
    assert settled(world)[0] == "1 of 1 workers did not wait for requests 30 s after the server was up (pid 11)"


def test_a_server_that_answers_although_nobody_seems_to_wait_is_measured_with_a_note(world: World) -> None:
    world.holders, world.answer = [Holder(10, waits_from_s=99.0)], Answer("GET / answered 404", came=True)
    assert settled(world, answered=False)[0] is not None


def test_a_server_that_ends_meanwhile_is_an_error_at_once(world: World) -> None:
    world.holders, world.ends_s = [MASTER, under(11, 99.0)], 1.0
    with pytest.raises(BenchError, match="ended with exit code 1"):
        settled(world)
    assert world.passed_s < 1.5


def test_a_worker_that_ends_while_it_is_looked_at_has_no_parents() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psutil.Process, "parents", lambda one: (_ for _ in ()).throw(psutil.NoSuchProcess(one.pid)))
        assert readiness._ancestors(psutil.Process()) == set()
