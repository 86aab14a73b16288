import itertools
import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from bench.errors import BenchError
from bench.judge.cell import figures
from bench.judge.cell.metrics import MEMORY
from bench.model.cell import Window
from bench.run.cell import sampler
from bench.run.cell.sampler import Reading, Sampler, Tree, TreeUse, read, wait_until_idle
from bench.run.cell.visit import join_samples
from bench.run.host.cpus import CpuSets
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest
from loadtests.engine.recording import Recorder

USE = TreeUse(100, 70, 200, 50, 1.0, 0.5, 2, 30)


@dataclass
class Member:
    """A process as the tree reads it."""

    pid: int
    user_s: float = 0.0
    system_s: float = 0.0
    gone: bool = False

    def cpu_times(self) -> SimpleNamespace:
        if self.gone:
            raise psutil.NoSuchProcess(self.pid)
        return SimpleNamespace(user=self.user_s, system=self.system_s)

    def memory_full_info(self) -> SimpleNamespace:
        if self.gone:
            raise psutil.NoSuchProcess(self.pid)
        return SimpleNamespace(rss=1000 * self.pid, uss=100 * self.pid)

    def num_ctx_switches(self) -> SimpleNamespace:
        return SimpleNamespace(voluntary=self.pid, involuntary=1)

    def num_threads(self) -> int:
        return 3


@dataclass
class Family:
    """A program whose tree is what a test says."""

    members: list[Member] = field(default_factory=list)

    def tree(self) -> list[Member]:
        return self.members


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A platform without /proc, such as macOS."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(sampler, "Path", lambda name: tmp_path / str(name).lstrip("/"))


def tree(*members: Member) -> tuple[Tree, Family]:
    family = Family(list(members))
    return Tree(cast("Program", family)), family


@pytest.mark.usefixtures("elsewhere")
def test_a_tree_is_the_sum_of_its_members_and_without_pss_says_so() -> None:
    two, _ = tree(Member(1, 1.0, 0.25), Member(2, 2.0, 0.5))
    assert two.use() == TreeUse(-1, -1, 3000, 300, 3.0, 0.75, 6, 5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts for each thread")
def test_switches_of_a_thread_that_ended_stay_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    living = [{1: 100, 2: 50}, {1: 110}]
    monkeypatch.setattr(sampler, "_switches", lambda _: living[0])
    monkeypatch.setattr(sampler, "_memory", lambda _: (1, 1, 1, 1))
    one, _ = tree(Member(1))
    assert (one.use().switches, one.use().threads) == (150, 2)
    living.pop(0)
    assert (one.use().switches, one.use().threads) == (160, 1)


@pytest.mark.usefixtures("elsewhere")
def test_a_tree_is_idle_once_it_uses_next_to_no_cpu() -> None:
    busy = Member(1)
    one, _ = tree(busy)
    waits: list[float] = []

    class Starting(StopRequest):
        def sleep(self, seconds: float = 0.0) -> None:
            waits.append(seconds)
            busy.user_s += 0.2 if len(waits) < 4 else 0.001

    wait_until_idle([one], Starting())
    assert len(waits) == 4


@pytest.mark.usefixtures("elsewhere")
def test_cpu_of_a_member_that_ended_stays_counted_as_last_seen() -> None:
    root, child = Member(1, 1.0), Member(2, 2.0)
    both, family = tree(root, child)
    both.use()
    child.gone = True
    assert both.use().cpu_user_s == 3.0  # between the listing and the reading
    root.user_s = 1.5
    family.members = [root]
    use = both.use()
    assert (use.cpu_user_s, use.rss_bytes) == (3.5, 1000)


@pytest.mark.usefixtures("elsewhere")
def test_without_pss_the_cell_has_none_and_memory_is_uss(tmp_path: Path) -> None:
    one, _ = tree(Member(3))
    readings = [Reading(float(number), 0.0, 0.0, 0.0, 0.0, 0.0, (one.use(),)) for number in range(4)]
    Recorder().write(tmp_path / "requests.npz")
    samples = join_samples(tmp_path / "requests.npz", readings)
    found = figures.memory(samples, Window(0.0, 0.5, 3.0))
    assert (found.idle.pss_bytes, found.median.pss_bytes, found.peak.pss_bytes) == (None, None, None)
    assert MEMORY.read(cast("Any", SimpleNamespace(memory=found))) == 300


def test_samples_that_the_load_generator_left_damaged_are_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "requests.npz"
    with pytest.raises(BenchError, match="left no samples that can be read"):
        join_samples(path, [])
    path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(BenchError, match="left no samples that can be read"):
        join_samples(path, [])


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the kernel tells no PSS")
def test_a_real_tree_counts_its_children(tmp_path: Path) -> None:
    script = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    held = bytearray(os.urandom(30_000_000)); print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    log = tmp_path / "log"
    with Program("mine", (sys.executable, "-c", script), env={}, cwd=tmp_path, cpus=(), log=log) as program:
        end_s = time.monotonic() + 10
        while "ready" not in log.read_text():
            assert time.monotonic() < end_s
            time.sleep(0.01)
        use = Tree(program).use()
        assert use.threads == 2
        assert use.switches > 0
        assert 30_000_000 < use.uss_bytes < use.pss_bytes < use.rss_bytes < 200_000_000
        assert 0 < use.cpu_user_s + use.cpu_system_s < 5


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has a clock for each process")
def test_cpu_time_of_another_process_is_exact_to_less_than_a_tick() -> None:
    code = "import time\nwhile time.process_time() < 0.1: pass\nprint(flush=True); input()"
    with subprocess.Popen((sys.executable, "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        times = psutil.Process(busy.pid).cpu_times()
        exact_s = sum(sampler._exact_cpu(busy.pid, times.user, times.system))
        assert 0.1 <= exact_s < 0.2
        busy.communicate(b"\n")


NO_CPUS = CpuSets((), ())


class Watched:
    """Stands for the programs of a sampler under test."""

    process = SimpleNamespace(pid=os.getpid())


@pytest.fixture
def idle() -> Reading:
    return Reading(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (USE,))


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch, idle: Reading) -> list[float]:
    """When the sampler read: `read` is replaced by one that takes no time."""
    times: list[float] = []

    def quick(*_: object) -> Reading:
        times.append(time.monotonic())
        return replace(idle, t_s=times[-1])

    monkeypatch.setattr(sampler, "read", quick)
    return times


def test_a_reading_is_taken_at_once_at_each_named_moment_and_on_leaving(readings: list[float], idle: Reading) -> None:
    asked = threading.Event()
    watched = cast("Program", Watched())
    with Sampler([], watched, watched, NO_CPUS, idle) as taken:
        moments = [time.monotonic() + 0.05, time.monotonic() + 0.02]
        for moment_s in moments:
            taken.read_at(moment_s)
        asked.wait(0.1)
    assert len(taken.readings) == 1 + len(readings) == 5
    assert taken.readings[0] is idle
    for moment_s in moments:
        assert any(moment_s <= at_s < moment_s + 0.04 for at_s in readings)


def test_what_goes_wrong_while_sampling_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, idle: Reading) -> None:
    def broken(*_: object) -> Reading:
        raise psutil.AccessDenied(7)

    monkeypatch.setattr(sampler, "read", broken)
    watched = cast("Program", Watched())
    with (
        pytest.raises(BenchError, match="the sampler failed: AccessDenied"),
        Sampler([], watched, watched, NO_CPUS, idle),
    ):
        pass


def test_a_program_that_has_ended_keeps_the_cpu_that_it_told_last(
    monkeypatch: pytest.MonkeyPatch, idle: Reading
) -> None:
    told = iter((2.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(sampler, "read", lambda *_: replace(idle, generator_cpu_s=next(told)))
    watched = cast("Program", Watched())
    with Sampler([], watched, watched, NO_CPUS, idle) as taken:
        taken.read_at(0.0)
    assert [reading.generator_cpu_s for reading in taken.readings][1:] == [2.0] * (len(taken.readings) - 1)


def test_before_there_is_a_generator_it_has_used_no_cpu() -> None:
    family = cast("Tree", SimpleNamespace(read_cpu=list, use=lambda _: USE))
    reading = read([family], None, cast("Program", Watched()), NO_CPUS)
    assert reading.generator_cpu_s == 0.0
    assert reading.upstream_cpu_s > 0
    assert reading.servers == (USE,)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells steal")
def test_steal_is_that_of_the_named_cores_and_of_all_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = [SimpleNamespace(steal=stolen_s) for stolen_s in (1.0, 2.0, 4.0)]
    monkeypatch.setattr(psutil, "cpu_times", lambda **_: cores)
    assert [sampler._steal_s(cpus) for cpus in ((0,), (1, 2), ())] == [1.0, 6.0, 7.0]


@pytest.mark.usefixtures("elsewhere")
def test_where_the_platform_tells_no_steal_it_is_not_a_number() -> None:
    assert math.isnan(sampler._steal_s((0,)))


class Noted(Member):
    """A process that notes what is read of it, and when."""

    def __init__(self, pid: int, user_s: float, seen: list[str]) -> None:
        super().__init__(pid, user_s)
        self.seen = seen

    def cpu_times(self) -> SimpleNamespace:
        self.seen.append("cpu")
        return super().cpu_times()

    def memory_full_info(self) -> SimpleNamespace:
        self.seen.append("memory")
        return super().memory_full_info()


@pytest.mark.usefixtures("elsewhere")
def test_two_trees_are_read_at_one_moment_and_each_has_a_row_of_its_own(tmp_path: Path) -> None:
    seen: list[str] = []
    base, head = tree(Noted(1, 1.5, seen), Noted(2, 0.25, seen)), tree(Noted(3, 4.0, seen))
    readings = [read([base[0], head[0]], None, cast("Program", Watched()), NO_CPUS) for _ in range(2)]
    assert seen == ["cpu", "cpu", "cpu", "memory", "memory", "memory"] * 2  # the CPU of both before any memory
    Recorder().write(tmp_path / "requests.npz")
    samples = join_samples(tmp_path / "requests.npz", readings)
    assert samples.mem_arm.tolist() == [0, 1, 0, 1]
    assert samples.mem_t_s.tolist() == [reading.t_s for reading in readings for _ in range(2)]
    assert samples.rss_bytes.tolist() == [3000, 3000, 3000, 3000]
    assert samples.threads.tolist() == [6, 3, 6, 3]
    assert samples.cpu_user_s.tolist() == [1.75, 4.0, 1.75, 4.0]
    assert samples.upstream_cpu_s.tolist() == [reading.upstream_cpu_s for reading in readings for _ in range(2)]
    for arm, user_s in ((0, 1.75), (1, 4.0)):
        own = figures.of_arm(samples, arm)
        assert (own.cpu_user_s.tolist(), own.mem_arm.tolist()) == ([user_s, user_s], [arm, arm])


@pytest.mark.usefixtures("elsewhere")
def test_a_tree_alone_is_arm_0(tmp_path: Path) -> None:
    one, _ = tree(Member(1, 1.5))
    Recorder().write(tmp_path / "requests.npz")
    reading = read([one], None, cast("Program", Watched()), NO_CPUS)
    assert join_samples(tmp_path / "requests.npz", [reading, reading]).mem_arm.tolist() == [0, 0]


def test_with_an_endless_interval_it_is_read_on_entering_when_asked_and_on_leaving_alone(
    readings: list[float], idle: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "INTERVAL_S", 0.005)
    nobody, watched = threading.Event(), cast("Program", Watched())
    with Sampler([], watched, watched, NO_CPUS, idle, interval_s=math.inf) as taken:
        for count in (1, 2, 3):
            end_s = time.monotonic() + 5.0
            while len(readings) < count and time.monotonic() < end_s:
                nobody.wait(0.001)
            nobody.wait(0.03)
            assert len(readings) == count
            if count < 3:
                taken.read_at(0.0)
    assert len(readings) == 4
    assert [reading.t_s for reading in taken.readings] == [idle.t_s, *readings]


def test_an_interval_of_its_own_is_kept(readings: list[float], idle: Reading) -> None:
    nobody, watched = threading.Event(), cast("Program", Watched())
    with Sampler([], watched, watched, NO_CPUS, idle, interval_s=0.03):
        end_s = time.monotonic() + 5.0
        while len(readings) < 4 and time.monotonic() < end_s:
            nobody.wait(0.005)
    assert len(readings) >= 4
    assert all(after_s - before_s >= 0.03 for before_s, after_s in itertools.pairwise(readings[:4]))
