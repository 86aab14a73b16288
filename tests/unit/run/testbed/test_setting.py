import os
from dataclasses import replace
from pathlib import Path

from bench.model.cell import CellKey
from bench.model.config import Closed
from bench.model.search import Key
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.testbed.setting import Setting
from tests.unit.builders import FLASK, plan


def nobody_watches(key: Key, name: str, live: str = "") -> None:
    raise AssertionError(key, name, live)


def setting(logs: Path) -> Setting:
    planned = plan({"flask": FLASK}, {"weather": (10, 200)}, rounds=3, rates={"weather": (50.0,)})
    return Setting(planned, 7, CpuSets((3,), (0, 1)), logs, StopRequest(), nobody_watches)


KEY = CellKey("flask", "weather", Closed(users=10), 2, 7)


def test_a_log_has_a_name_that_every_file_system_accepts(tmp_path: Path) -> None:
    key = CellKey("../ü/" + "語" * 80 + "[env.X=" + "y" * 300 + "]", "a b\u2028" + "z" * 80, Closed(users=10), 1, 7)
    path = setting(tmp_path).log(key, "server")
    assert path.parent == tmp_path
    assert path.name.startswith("007-10_users-")
    assert path.name.endswith(".server.log")
    path.touch()


def test_all_stacks_of_a_round_have_the_same_seed_and_each_round_another(tmp_path: Path) -> None:
    one = setting(tmp_path)
    seeds = {one.round_seed(replace(KEY, stack=stack, round=number)) for stack in ("a", "b") for number in (1, 2, 3)}
    assert len(seeds) == 3
    assert one.round_seed(KEY) != replace(one, seed=8).round_seed(KEY)


def test_a_cell_is_judged_by_the_cores_of_either_side_and_by_all_cores_where_nothing_is_pinned(tmp_path: Path) -> None:
    one = setting(tmp_path)
    found = one.conditions(KEY)
    assert (found.stack.name, found.scenario.name, found.load) == ("flask", "weather", KEY.load)
    assert (found.server_cpus, found.load_cpus) == (1, 2)
    free = replace(one, cpus=CpuSets((), ())).conditions(KEY)
    assert (free.server_cpus, free.load_cpus) == (os.cpu_count(), os.cpu_count())


def test_as_many_requests_may_be_in_flight_as_the_plan_allows_unless_the_session_says_otherwise(tmp_path: Path) -> None:
    one = setting(tmp_path)
    assert one.most_in_flight() == 500  # the limit of the open-loop load
    assert replace(one, in_flight=9).most_in_flight() == 9
