import os
import time
from types import SimpleNamespace
from typing import cast

import pytest

from bench.run.host.cores import ProcessTime
from bench.run.host.cpus import CpuSets
from bench.run.host.process import Program
from bench.run.host.tree import OneProcess, Use
from bench.run.testbed import readings as module
from bench.run.testbed.readings import Reading, processes_beside, read, read_resident, roles
from tests.unit.run.host.processes import Member, tree

NO_CPUS = CpuSets((), ())
THIS_PROCESS = cast("Program", SimpleNamespace(process=SimpleNamespace(pid=os.getpid())))


@pytest.mark.usefixtures("elsewhere")
def test_a_reading_has_the_use_of_each_role_and_of_the_harness() -> None:
    before_s = time.monotonic()
    found = read({"server": tree(Member(1, 1.5))}, {"upstream": OneProcess(THIS_PROCESS)}, NO_CPUS)
    assert before_s <= found.t_s <= time.monotonic()
    assert list(found.uses) == ["server", "upstream", "harness"]
    assert found.uses["server"] == Use(
        1.5,
        0.0,
        rss_bytes=1000,
        uss_bytes=100,
        threads=3,
        switches=2,
        workers_replaced=0,
        worker_start_s=0.0,
        adopted=0,
    )
    for role in ("upstream", "harness"):
        use = found.uses[role]
        assert use.cpu_user_s > 0
        assert use == Use(use.cpu_user_s, use.cpu_system_s)  # only its CPU is read


@pytest.mark.usefixtures("elsewhere")
def test_the_cpu_of_all_servers_is_read_before_the_memory_of_any() -> None:
    reads: list[str] = []
    one, two, three = (Member(pid, reads=reads) for pid in (1, 2, 3))
    read({"base": tree(one, two), "head": tree(three)}, {}, NO_CPUS)
    assert reads == ["cpu", "cpu", "cpu", "memory", "memory", "memory"]


def test_the_roles_are_the_servers_then_the_load_side_then_any_others() -> None:
    use = Use(0.0, 0.0)
    idle = Reading(1.0, {"database": use, "upstream": use, "harness": use, "head": use, "base": use}, 1.0, None, None)
    later = Reading(2.0, {**idle.uses, "generator": use}, 2.0, None, None)
    servers = ["base", "head"]
    assert roles([idle, later], servers) == [*servers, "generator", "upstream", "harness", "database"]
    assert roles([idle], servers) == [*servers, "upstream", "harness", "database"]


@pytest.mark.usefixtures("elsewhere")
def test_processes_that_are_no_part_of_a_role_are_read_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = {pid: ProcessTime("program", 1.0, 0) for pid in (1, 2, THIS_PROCESS.process.pid, os.getpid(), 77)}
    monkeypatch.setattr(module, "process_times", lambda: seen)
    servers, load_side = {"server": tree(Member(1), Member(2))}, {"upstream": OneProcess(THIS_PROCESS)}
    assert processes_beside(servers.values(), load_side.values()) == {77: seen[77]}


@pytest.mark.usefixtures("elsewhere")
def test_the_rss_of_each_server_is_that_of_its_tree_and_nothing_else_is_read() -> None:
    reads: list[str] = []
    base, head = tree(Member(1), Member(2, reads=reads)), tree(Member(3, reads=reads))
    for one in (base, head):
        one.read_cpu()
    reads.clear()
    before_s = time.monotonic()
    found = read_resident({"base": base, "head": head})
    assert before_s <= found.t_s <= time.monotonic()
    assert found.rss_bytes == {"base": 3000, "head": 3000}
    assert reads == ["rss", "rss"]
