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
        3.0, 0.75, pss_bytes=-1, anon_bytes=-1, rss_bytes=3000, uss_bytes=300, threads=6, switches=5
    )


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
def test_cpu_of_a_member_that_ended_stays_counted_as_last_read() -> None:
    root, child = Member(1, 1.0), Member(2, 2.0)
    family = Family(root, child)
    both = Tree(cast("Program", family))
    both.use()
    child.ended = True
    assert both.use().cpu_user_s == 3.0  # it ended after the members were listed
    root.user_s = 1.5
    family.members = [root]
    use = both.use()
    assert (use.cpu_user_s, use.rss_bytes) == (3.5, 1000)


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
