"""What is started for a visit, with servers and an upstream that only note that they were started."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bench.errors import BenchError
from bench.model.cell import CellKey
from bench.model.config import Closed, Companion, Stack
from bench.model.search import Key
from bench.run.host.cpus import CpuSets
from bench.run.host.process import Program
from bench.run.host.readiness import Listening
from bench.run.host.signals import StopRequest
from bench.run.testbed import testbed as module
from bench.run.testbed.companions import Companions
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start
from tests.unit.builders import FLASK, plan
from tests.unit.run.host.processes import Family, Member

PLAN = plan({"flask": FLASK}, {"weather": (10,)})
STACK = PLAN.stacks["flask"]
KEY = CellKey("flask", "weather", Closed(users=10), 1, 0)
PLAIN = (Start("server", STACK),)
PORTS = {"server": 1, "base": 2, "head": 3}
CPU_S = {"server": 1.0, "base": 2.0, "head": 3.0}
AB = (Start("base", STACK), Start("head", STACK, Path("/head/bin")))


class Host:
    """Notes the phases and what ended, in order, and for each server its upstream's URL and its environment."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.started: dict[str, tuple[str, Path | None]] = {}
        self.broken = ""
        self.unready: dict[str, str] = {}

    def shown(self, key: Key, name: str, live: str = "") -> None:
        assert (key, live) == (KEY, "")
        self.events.append(name)

    @contextmanager
    def running_upstream(self, *_: object) -> Iterator[SimpleNamespace]:
        try:
            yield SimpleNamespace(url="http://up", program=SimpleNamespace(process=SimpleNamespace(pid=os.getpid())))
        finally:
            self.events.append("upstream ended")

    @contextmanager
    def running_server(
        self,
        stack: Stack,
        url: str,
        users: int,
        _cpus: object,
        *,
        log: Path,
        stop: object,  # noqa: ARG002 (as running_server)
        environment: Path | None,
        urls: Mapping[str, str],
        port: int = 0,
    ) -> Iterator[SimpleNamespace]:
        assert (replace(stack, needs=()), users) == (STACK, 10)
        assert urls == {name: f"{name}://{log.name.split('.')[1]}" for name in stack.needs}
        if self.broken and self.broken in log.name:
            raise BenchError("it ended with exit code 1")
        role = log.name.split(".")[1]
        self.started[role] = (url, environment)
        assert port in (0, PORTS[role])
        self.log = log.name
        try:
            program = Family(Member(2, CPU_S[role]))
            yield SimpleNamespace(url=f"http://{role}", program=program, port=PORTS[role], answered=True)
        finally:
            self.events.append(f"{role} ended")

    @contextmanager
    def running_companions(
        self, wanted: Sequence[Companion], _cpus: object, log: Path, _stop: object, _environment: object
    ) -> Iterator[Companions]:
        role = log.name.split(".")[1]
        try:
            programs = {one.name: cast("Program", Family(Member(20, 0.5))) for one in wanted}
            yield Companions(programs, {one.name: f"{one.name}://{role}" for one in wanted})
        finally:
            self.events += [f"{one.name} of {role} ended" for one in wanted]

    def settle(self, servers: Sequence[Listening], _stop: StopRequest) -> list[str | None]:
        roles = {port: role for role, port in PORTS.items()}
        return [self.unready.get(roles[server.port]) for server in servers]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host()
    monkeypatch.setattr(module, "running_upstream", made.running_upstream)
    monkeypatch.setattr(module, "running_server", made.running_server)
    monkeypatch.setattr(module, "running_companions", made.running_companions)
    monkeypatch.setattr(module, "settle", made.settle)
    return made


def setting(host: Host, folder: Path, seed: int = 1) -> Setting:
    return Setting(PLAN, seed, CpuSets((), ()), folder, StopRequest(), host.shown)


@pytest.mark.usefixtures("elsewhere")
def test_one_server_calls_the_upstream_without_a_prefix_and_all_is_read_before_any_load(
    host: Host, tmp_path: Path
) -> None:
    with module.testbed(KEY, PLAIN, setting(host, tmp_path)) as bed:
        assert host.started == {"server": ("http://up", None)}
        assert list(bed.servers) == ["server"]
        assert bed.prefixes == [None]
        assert list(bed.idle.uses) == ["server", "upstream", "harness"]
        assert [program is not None for program in bed.programs] == [True, True]
        assert host.events == ["start upstream", "start server", "settle"]
    assert host.events[3:] == ["server ended", "upstream ended"]


@pytest.mark.usefixtures("elsewhere")
def test_a_server_is_started_anew_on_its_port_while_its_companions_and_the_other_server_stay(
    host: Host, tmp_path: Path
) -> None:
    needy = tuple(
        replace(one, stack=replace(STACK, needs=("store",)), companions=(Companion("store", ("store",)),)) for one in AB
    )
    with module.testbed(KEY, needy, setting(host, tmp_path)) as bed:
        before, role = dict(bed.servers), "base"
        assert bed.restart is not None
        bed.restart(role)
        assert host.events[-2:] == ["start base anew", "base ended"]
        assert bed.servers["base"] is not before["base"]
        assert bed.servers["head"] is before["head"]
        assert bed.trees["base"].program is bed.servers["base"].program
        assert list(bed.servers) == ["base", "head"]
        assert host.log.endswith(".base.restart-1.log")
    ended = [event for event in host.events if event.endswith("ended")]
    assert sorted(ended[1:]) == [
        "base ended",
        "head ended",
        "store of base ended",
        "store of head ended",
        "upstream ended",
    ]


@pytest.mark.usefixtures("elsewhere")
def test_two_servers_call_the_upstream_under_a_prefix_each_and_run_in_their_own_environments(
    host: Host, tmp_path: Path
) -> None:
    with module.testbed(KEY, AB, setting(host, tmp_path)) as bed:
        assert host.started == {
            "base": ("http://up/base", None),
            "head": ("http://up/head", Path("/head/bin")),
        }
        assert bed.prefixes == ["base", "head"]
        assert len(bed.programs) == 3


@pytest.mark.usefixtures("elsewhere")
def test_two_servers_start_in_random_order_and_base_is_the_first_measurement_all_the_same(
    host: Host, tmp_path: Path
) -> None:
    orders = set()
    for seed in range(20):
        host.started.clear()
        with module.testbed(KEY, AB, setting(host, tmp_path, seed)) as bed:
            orders.add(tuple(host.started))
            assert [(role, server.url) for role, server in bed.servers.items()] == [
                ("base", "http://base"),
                ("head", "http://head"),
            ]
            assert [bed.idle.uses[role].cpu_user_s for role in bed.trees] == [2.0, 3.0]
    assert orders == {("base", "head"), ("head", "base")}


@pytest.mark.usefixtures("elsewhere")
def test_each_server_has_companions_of_its_own_which_end_after_it(host: Host, tmp_path: Path) -> None:
    needing = replace(STACK, needs=("db",))
    own = (Companion("db", argv=("db",)),)
    starts = (Start("base", needing, companions=own), Start("head", needing, companions=own))
    with module.testbed(KEY, starts, setting(host, tmp_path)) as bed:
        assert set(bed.companions) == {"db (base)", "db (head)"}
        assert set(bed.idle.uses) == {"base", "head", "db (base)", "db (head)", "upstream", "harness"}
        assert len(bed.programs) == 5
    assert [host.events.index(f"db of {role} ended") > host.events.index(f"{role} ended") for role in host.started] == [
        True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(("late", "unready"), [("base", ("1 of 2", None)), ("head", (None, "1 of 2"))])
@pytest.mark.usefixtures("elsewhere")
def test_of_each_server_it_is_kept_whether_all_its_workers_are_ready(
    host: Host, tmp_path: Path, late: str, unready: tuple[str | None, ...]
) -> None:
    host.unready = {late: "1 of 2"}
    with module.testbed(KEY, AB, setting(host, tmp_path)) as bed:
        assert bed.unready == unready


@pytest.mark.parametrize("broken", ["base", "head"])
@pytest.mark.usefixtures("elsewhere")
def test_where_one_server_does_not_start_nothing_is_left_running(host: Host, tmp_path: Path, broken: str) -> None:
    host.broken = broken
    with (
        pytest.raises(BenchError, match="it ended with exit code 1"),
        module.testbed(KEY, AB, setting(host, tmp_path)),
    ):
        pass
    ended = [event for event in host.events if event.endswith("ended")]
    assert ended == [*(f"{role} ended" for role in host.started), "upstream ended"]
    assert host.events[-len(ended) - 1] == f"start {broken}"
