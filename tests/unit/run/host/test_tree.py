import os
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import psutil
import pytest

from bench.run.host import tree as module
from bench.run.host.process import Program
from bench.run.host.tree import OneProcess, Tree, Use, own_use

from .processes import Family, Member, tree


@pytest.mark.usefixtures("elsewhere")
def test_the_use_of_a_tree_is_the_sum_of_its_members_without_pss_where_the_platform_has_none() -> None:
    two = tree(Member(1, 1.0, 0.25), Member(2, 2.0, 0.5))
    assert two.use() == Use(
        3.0, 0.75, pss_bytes=-1, anon_bytes=-1, rss_bytes=3000, uss_bytes=300, threads=6, switches=5,
        workers_replaced=0, worker_start_s=0.0, adopted=0,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts switches by thread")
def test_context_switches_of_a_thread_that_ended_stay_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    living = [{1: 100, 2: 50}, {1: 110}]
    monkeypatch.setattr(module, "_switches", lambda _: living[0])
    monkeypatch.setattr(module, "_memory", lambda _: (1, 1, 1, 1))
    one = tree(Member(1))
    assert (one.use().switches, one.use().threads) == (150, 2)
    living.pop(0)
    assert (one.use().switches, one.use().threads) == (160, 1)


@pytest.mark.usefixtures("elsewhere")
def test_where_nobody_tells_what_was_waited_for_a_member_that_ended_counts_as_last_read() -> None:
    root, child = Member(1, 1.0), Member(2, 2.0)
    both = tree(root, child)
    both.use()
    root.user_s, child.ended = 1.5, True
    use = both.use()
    assert (use.cpu_user_s, use.rss_bytes) == (3.5, 1000)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> dict[int, Member]:
    """Linux: each of these processes has a clock of its own until it has ended."""
    members: dict[int, Member] = {}

    def exact(pid: int, user_s: float, system_s: float) -> tuple[float, float]:
        if members[pid].ended:
            raise ProcessLookupError
        return user_s, system_s

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(module, "_exact_cpu", exact)
    return members


def test_a_child_that_ended_is_counted_by_whoever_waited_for_it(clocks: dict[int, Member]) -> None:
    root, child = Member(1, 1.0), Member(2, 2.0)
    clocks |= {1: root, 2: child}
    both = tree(root, child)
    both.read_cpu()
    assert both.cpu_s == 3.0
    child.ended, root.waited_s = True, 2.0  # and a fourth of it in the kernel: more than was read last
    both.read_cpu()
    assert both.cpu_s == 3.5


def test_a_child_that_is_waited_for_while_the_tree_is_read_is_neither_lost_nor_counted_twice(
    clocks: dict[int, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, child = Member(1, 1.0), Member(2, 2.0)
    clocks |= {1: root, 2: child}
    family = Family(root, child)
    times_of_child = child.cpu_times

    def last_times() -> object:
        times = times_of_child()
        child.ended, root.waited_s = True, 1.6  # and 0.4 s in the kernel
        return times

    monkeypatch.setattr(child, "cpu_times", last_times)
    both = Tree(cast("Program", family))
    both.read_cpu()
    assert (both.cpu_s, family.listed) == (3.0, 2)


def test_where_processes_end_during_each_reading_the_one_that_lacks_least_holds(
    clocks: dict[int, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, child = Member(1, 1.0), Member(2, 2.0)
    clocks |= {1: root, 2: child}
    both = tree(root, child)
    both.read_cpu()

    def restless() -> list[Member]:
        root.user_s += 0.25
        return [root, Member(3, ended=True)]

    monkeypatch.setattr(both.program, "tree", restless)
    both.read_cpu()
    assert both.cpu_s == 3.0  # the child's 2.0 are missing from each of them
    both.read_cpu()
    assert both.cpu_s == 1.0 + 2 * module.ATTEMPTS * 0.25


def test_the_rss_of_a_tree_is_that_of_the_members_that_were_listed_last_and_still_live() -> None:
    two, ends = Member(2), Member(3)
    both = tree(two, ends)
    both.read_cpu()
    assert both.resident_bytes() == 5000
    ends.ended = True
    assert both.resident_bytes() == 2000


def running(folder: Path, script: str) -> Program:
    return Program("mine", (sys.executable, "-c", script), env={}, cwd=folder, cpus=(), log=folder / "log")


def until_ready(program: Program) -> None:
    end_s = time.monotonic() + 10
    while "ready" not in program.log.read_text():
        assert time.monotonic() < end_s
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the kernel has no PSS")
def test_a_real_tree_counts_its_children(tmp_path: Path) -> None:
    script = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    kept = bytearray(os.urandom(30_000_000)); print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with running(tmp_path, script) as program:
        until_ready(program)
        use = Tree(program).use()
        assert use.threads == 2
        assert use.switches > 0
        assert 30_000_000 < use.uss_bytes < use.pss_bytes < use.rss_bytes < 200_000_000
        assert 0 < use.cpu_user_s + use.cpu_system_s < 5


WAITED_FOR = """
import os, resource, time
for _ in range(6):
    if os.fork() == 0:
        while time.process_time() < 0.05: pass
        os._exit(0)
    os.wait()
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print("ready", sum(one.ru_utime + one.ru_stime for one in used), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what was waited for")
def test_the_cpu_of_children_that_no_reading_has_seen_is_counted(tmp_path: Path) -> None:
    with running(tmp_path, WAITED_FOR) as program:
        until_ready(program)
        used_s = float(program.log.read_text().split()[1])
        one = Tree(program)
        one.read_cpu()
        assert used_s > 6 * 0.05
        assert one.cpu_s == pytest.approx(used_s, abs=0.025)  # user and system are told in ticks of 10 ms


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has a clock for each process")
def test_a_process_that_has_not_used_a_whole_tick_counts_all_the_same() -> None:
    before_s = time.process_time()
    found = module._exact_cpu(os.getpid(), 0.0, 0.0)
    assert before_s <= sum(found) <= time.process_time()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has a clock for each process")
def test_cpu_time_of_another_process_is_exact_to_less_than_a_tick() -> None:
    code = "import time\nwhile time.process_time() < 0.1: pass\nprint(flush=True); input()"
    with subprocess.Popen((sys.executable, "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        times = psutil.Process(busy.pid).cpu_times()
        exact_s = sum(module._exact_cpu(busy.pid, times.user, times.system))
        assert 0.1 <= exact_s < 0.2
        busy.communicate(b"\n")


BUSY = "import time\nwhile time.process_time() < 0.2: pass\nprint('ready', flush=True); time.sleep(60)"


def test_of_one_process_the_cpu_alone_is_read_and_it_stays_as_last_read_once_the_process_has_ended(
    tmp_path: Path,
) -> None:
    with running(tmp_path, BUSY) as program:
        until_ready(program)
        one = OneProcess(program)
        use = one.use()
        assert 0.2 <= use.cpu_user_s + use.cpu_system_s < 5
        assert use == Use(use.cpu_user_s, use.cpu_system_s)
        program.process.kill()
        program.process.wait(10)
        assert one.use() == use
        assert OneProcess(program).use() == Use(0.0, 0.0)


def test_a_process_that_has_ended_and_is_not_reaped_has_used_no_less_cpu_than_before(tmp_path: Path) -> None:
    with running(tmp_path, BUSY) as program:
        until_ready(program)
        one = OneProcess(program)
        before = one.use()
        psutil.Process(program.process.pid).kill()
        end_s = time.monotonic() + 10
        while psutil.Process(program.process.pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < end_s
            time.sleep(0.01)
        after = one.use()
        assert before.cpu_user_s + before.cpu_system_s <= after.cpu_user_s + after.cpu_system_s < 5


def test_the_use_of_the_harness_is_the_cpu_of_this_process() -> None:
    before_s = time.process_time()
    use = own_use()
    assert before_s - 0.02 <= use.cpu_user_s + use.cpu_system_s <= time.process_time() + 0.02
    assert use == Use(use.cpu_user_s, use.cpu_system_s)
