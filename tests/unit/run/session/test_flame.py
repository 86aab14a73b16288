"""The profiler around a server: what is said where it is not there, or not allowed."""

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.cell import CellKey
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.session import flame
from bench.run.session.flame import stacks_under_load

from .made_up import LOADS, PLAN

KEY = CellKey("one", "look", LOADS[0], 1, 0)


def silent(key: object, name: str, live: str = "") -> None:
    """Nobody watches."""


def asked() -> str:
    return stacks_under_load(KEY, PLAN, CpuSets((), ()), 1, StopRequest(), silent)


def test_a_system_that_forbids_it_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> str:
        raise BenchError("one ended with exit code 1; it said: Error: Permission Denied: try again as root")

    monkeypatch.setattr(flame, "_stacks", forbidden)
    with pytest.raises(BenchError, match=r"run this as root, or allow it with `sysctl kernel.yama.ptrace_scope=0`"):
        asked()


def test_any_other_error_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise BenchError("one did not become ready")

    monkeypatch.setattr(flame, "_stacks", broken)
    with pytest.raises(BenchError, match=r"^one did not become ready$"):
        asked()


def test_without_py_spy_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(flame, "OWN_PROGRAMS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="pip install py-spy"):
        asked()
