import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.run.host import cpus
from bench.run.host.cpus import CpuSets, cpu_sets, pinned

Pretend = Callable[..., None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pretend:
    """A machine with these usable cores; `siblings` is the text of the kernel's file for each core."""

    def machine(cores: set[int], siblings: Mapping[int, str] | None = None) -> None:
        monkeypatch.setattr("sys.platform", "linux")
        monkeypatch.setattr("os.sched_getaffinity", lambda _: cores, raising=False)

        def path(name: str) -> Path:
            core = int(name.removeprefix("/sys/devices/system/cpu/cpu").partition("/")[0])
            file = tmp_path / str(core)
            if siblings is not None:
                file.write_text(siblings[core] + "\n", encoding="ascii")
            return file

        monkeypatch.setattr(cpus, "Path", path)

    return machine


def test_of_two_cores_each_side_gets_one(pretend: Pretend) -> None:
    pretend({0, 1}, {0: "0", 1: "1"})
    assert cpu_sets(1) == CpuSets((1,), (0,))


def test_the_server_gets_the_last_cores_and_the_load_the_others(pretend: Pretend) -> None:
    pretend({0, 1, 2, 3})
    assert cpu_sets(1) == CpuSets((3,), (0, 1, 2))
    assert cpu_sets(3) == CpuSets((1, 2, 3), (0,))


@pytest.mark.parametrize("said", [{0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"}])
def test_the_other_hardware_thread_of_the_servers_core_stays_unused(pretend: Pretend, said: dict[int, str]) -> None:
    pretend({0, 1, 2, 3}, said)
    sets = cpu_sets(1)
    assert sets.server == (3,)
    beside = 1 if said[3] == "1,3" else 2
    assert sets.load == tuple(sorted({0, 1, 2} - {beside}))


def test_where_only_siblings_are_left_the_load_gets_them(pretend: Pretend) -> None:
    pretend({0, 1}, {0: "0-1", 1: "0-1"})
    assert cpu_sets(1) == CpuSets((1,), (0,))


def test_cores_that_this_process_may_not_use_are_left_out(pretend: Pretend) -> None:
    pretend({5, 9})
    assert cpu_sets(1) == CpuSets((9,), (5,))


def test_on_one_core_nothing_is_pinned_and_a_note_says_so(pretend: Pretend) -> None:
    pretend({0})
    sets = cpu_sets(1)
    assert (sets.server, sets.load) == ((), ())
    assert sets.note is not None
    assert "one core" in sets.note


def test_off_linux_nothing_is_pinned_and_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    sets = cpu_sets(1)
    assert (sets.server, sets.load) == ((), ())
    assert sets.note is not None
    assert "cannot pin" in sets.note


@pytest.mark.parametrize("wanted", [2, 3])
def test_the_error_for_too_many_server_cores_has_both_numbers(pretend: Pretend, wanted: int) -> None:
    pretend({0, 1})
    with pytest.raises(BenchError, match=f"server_cpus = {wanted}, but there are 2 cores"):
        cpu_sets(wanted)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this platform cannot pin")
def test_pinned_lasts_as_long_as_its_context() -> None:
    before = os.sched_getaffinity(0)
    one = min(before)
    with pinned((one,)):
        assert os.sched_getaffinity(0) == {one}
    assert os.sched_getaffinity(0) == before
    with pinned(()):
        assert os.sched_getaffinity(0) == before
