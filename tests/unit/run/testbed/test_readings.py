import math
import os
import sys
import time
from types import SimpleNamespace
from typing import cast

import psutil
import pytest

from bench.run.host.cpus import CpuSets
from bench.run.host.process import Program
from bench.run.host.tree import OneProcess, Use
from bench.run.testbed import readings as module
from bench.run.testbed.readings import Reading, read, read_resident, roles
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
    idle = Reading(1.0, {"database": use, "upstream": use, "harness": use, "head": use, "base": use}, 0.0, 0.0)
    later = Reading(2.0, {**idle.uses, "generator": use}, 0.0, 0.0)
    servers = ["base", "head"]
    assert roles([idle, later], servers) == [*servers, "generator", "upstream", "harness", "database"]
    assert roles([idle], servers) == [*servers, "upstream", "harness", "database"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports steal")
def test_steal_is_that_of_the_named_cores_and_of_all_cores_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = [SimpleNamespace(steal=stolen_s) for stolen_s in (1.0, 2.0, 4.0)]
    monkeypatch.setattr(psutil, "cpu_times", lambda **_: cores)
    assert [module._steal_s(cpus) for cpus in ((0,), (1, 2), ())] == [1.0, 6.0, 7.0]
    found = read({}, {}, CpuSets(server=(2,), load=(0, 1)))
    assert (found.server_steal_s, found.load_steal_s) == (4.0, 3.0)


@pytest.mark.usefixtures("elsewhere")
def test_where_the_platform_reports_no_steal_it_is_not_a_number() -> None:
    assert math.isnan(module._steal_s((0,)))


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
