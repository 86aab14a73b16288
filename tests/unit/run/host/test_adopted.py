import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from bench.run.host.process import Program
from bench.run.host.tree import Tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")

DAEMON = """
import os, sys, time
if not (middle := os.fork()):
    if "session" in sys.argv:
        os.setsid()
    if os.fork() == 0:
        while time.process_time() < 0.1: pass
        open("pid", "w").write(str(os.getpid()))
        if "ends" not in sys.argv:
            time.sleep(60)
    os._exit(0)
os.waitpid(middle, 0)
time.sleep(60)
"""
"""A double fork. The orphan uses 0.1 s of CPU."""


def running(folder: Path, code: str, *words: str) -> Program:
    return Program("mine", (sys.executable, "-c", code, *words), env={}, cwd=folder, cpus=(), log=folder / "log")


def until(true: Callable[[], object]) -> None:
    end_s = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def is_zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def number(folder: Path) -> int:
    """The orphan's, once it has used its CPU."""
    until(lambda: (folder / "pid").exists() and (folder / "pid").read_text())
    return int((folder / "pid").read_text())


@pytest.mark.parametrize("words", [(), ("session",)], ids=["same session", "own session"])
def test_a_process_that_outlives_its_parent_stays_in_the_tree_with_its_cpu(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with running(tmp_path, DAEMON, *words) as program:
        tree = Tree(program)
        pid = number(tmp_path)
        assert pid in {member.pid for member in program.tree()}
        use = tree.use()
        assert use.cpu_user_s + use.cpu_system_s >= 0.1
        assert use.adopted == 1
        assert tree.use().adopted == 1
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("words", [("ends",), ("ends", "session")], ids=["same session", "own session"])
def test_the_cpu_of_an_orphan_that_ended_before_anybody_looked_is_counted(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with running(tmp_path, DAEMON, *words) as program:
        pid = number(tmp_path)
        until(partial(is_zombie, pid))
        tree = Tree(program)
        first = tree.use()
        assert first.cpu_user_s + first.cpu_system_s >= 0.1
        assert first.adopted == 1
        assert not psutil.pid_exists(pid)  # it was reaped
        again = tree.use()
        assert again.adopted == 1
        assert again.cpu_user_s + again.cpu_system_s < first.cpu_user_s + first.cpu_system_s + 0.05


def test_an_orphan_is_counted_by_its_own_program_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        running(tmp_path / "other", "import time; time.sleep(60)") as other,
        running(tmp_path, DAEMON, "session") as mine,
    ):
        pid = number(tmp_path)
        assert pid not in {member.pid for member in other.tree()}
        assert pid in {member.pid for member in mine.tree()}
        assert (other.adopted.count, mine.adopted.count) == (0, 1)


def test_the_exit_codes_of_what_the_harness_starts_itself_are_left_to_it(tmp_path: Path) -> None:
    """In its own session or in another: who reaps them would take their exit code."""
    argv = (sys.executable, "-c", "raise SystemExit(7)")
    others = [subprocess.Popen(argv, start_new_session=new) for new in (False, True)]
    with running(tmp_path, "raise SystemExit(8)") as program:
        for one in (*others, program.process):
            until(partial(is_zombie, one.pid))
        program.tree()
        assert [one.wait() for one in (*others, program.process)] == [7, 7, 8]


def test_no_zombie_is_left_of_a_program_that_has_ended(tmp_path: Path) -> None:
    with running(tmp_path, DAEMON, "session") as program:
        number(tmp_path)
        members = {member.pid for member in program.tree()}
    assert len(members) == 2
    assert not members & {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)}
