import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from secrets import token_hex

import psutil
import pytest

from bench.run.host import orphans as module
from bench.run.host.orphans import end_orphans, orphans
from bench.run.host.owner import TOGETHER, Owner, this_process
from bench.run.host.process import MARK
from bench.run.host.signals import StopRequest

POLITE = "import time; print(flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(15, signal.SIG_IGN); {POLITE}"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else who tests this at the same moment finds what this test leaves."""
    monkeypatch.setenv(TOGETHER, token_hex(8))
    monkeypatch.setattr(module, "GRACE_S", 0.3)


class Left:
    """Starts programs as harnesses have left them."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def by(self, owner: Owner, code: str = POLITE) -> subprocess.Popen[bytes]:
        env = {**os.environ, MARK: f"{owner}.{token_hex(8)}"}
        child = subprocess.Popen((sys.executable, "-c", code), env=env, stdout=subprocess.PIPE)
        self.started.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        return child


@pytest.fixture
def left() -> Iterator[Left]:
    made = Left()
    yield made
    for child in made.started:
        child.kill()
        child.communicate()


def ended() -> Owner:
    return replace(this_process(), started=1)


@pytest.mark.parametrize(("code", "number"), [(POLITE, -15), (DEAF, -9)], ids=["polite", "deaf"])
def test_what_a_harness_left_that_has_ended_is_ended_by_force_if_need_be(left: Left, code: str, number: int) -> None:
    child = left.by(ended(), code)
    (name,) = end_orphans(StopRequest())
    assert name.endswith(f"(pid {child.pid})")
    assert child.wait(10) == number
    assert orphans() == []


def test_the_programs_of_a_living_harness_and_of_others_are_left_alone(left: Left) -> None:
    mine = this_process()
    kept = [
        left.by(mine),
        left.by(replace(mine, place="0" * 8)),
        left.by(replace(ended(), party="0" * 8)),
    ]
    assert end_orphans(StopRequest()) == []
    assert [child.poll() for child in kept] == [None] * 3


def test_another_users_processes_are_left_alone(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    child = left.by(ended())
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert end_orphans(StopRequest()) == []
    assert child.poll() is None


def test_a_number_that_another_process_has_taken_over_gets_no_signal(
    left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, bystander = left.by(ended()), left.by(this_process())
    former = psutil.Process(child.pid)
    former._pid = bystander.pid  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "orphans", lambda: [former])
    end_orphans(StopRequest())
    time.sleep(0.1)
    assert bystander.poll() is None


def test_a_harness_that_was_started_by_an_orphan_does_not_end_itself() -> None:
    code = (
        "from bench.run.host.orphans import end_orphans; from bench.run.host.signals import StopRequest\n"
        "print(end_orphans(StopRequest()))"
    )
    env = {**os.environ, MARK: f"{ended()}.0", "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    argv = ("/bin/sh", "-c", f'"{sys.executable}" -c "$0"; echo still here', code)
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=30)
    assert done.stdout == "[]\nstill here\n", done.stderr
