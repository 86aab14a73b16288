import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.run.host import threads
from bench.run.host.threads import waits_for_requests

SEEN = pytest.mark.skipif(waits_for_requests(os.getpid()) is None, reason="this platform does not show system calls")
SOCKET = "import os, select, socket, sys, threading, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
THREAD = "threading.Thread(target={target}, daemon=True).start(); "
EPOLL = "(lambda: [e := select.epoll(), e.register(s), e.poll()])"


@contextmanager
def doing(code: str) -> Iterator[int]:
    """The number of a process that does this once it has started."""
    argv = (sys.executable, "-c", f"{SOCKET}print(flush=True); {code}")
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid
        child.kill()


def comes_to(pid: int, wanted: bool) -> bool:
    """Whether it soon is so, twice in a row: it may be on its way there."""
    end_s = time.monotonic() + 5
    while time.monotonic() < end_s:
        if all(waits_for_requests(pid) is wanted for _ in (1, 2)):
            return True
        time.sleep(0.01)
    return False


@SEEN
@pytest.mark.parametrize(
    "code",
    [
        "s.accept()",
        "select.select([s], [], [])",
        "p = select.poll(); p.register(s); p.poll()",
        f"{EPOLL}()",
        THREAD.format(target=EPOLL) + "threading.Event().wait()",
    ],
    ids=["accept", "select", "poll", "epoll", "epoll in another thread"],
)
def test_a_process_that_waits_for_requests_is_known_by_its_system_call(code: str) -> None:
    with doing(code) as pid:
        assert comes_to(pid, wanted=True)


@SEEN
@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "sys.stdin.read()",
        "threading.Event().wait()",
        "while True: pass",
        THREAD.format(target=EPOLL) + "time.sleep(60)",
    ],
    ids=["sleep", "read", "futex", "busy", "sleep beside a thread in epoll"],
)
def test_a_process_whose_first_thread_sleeps_reads_or_runs_does_not_wait_for_requests(code: str) -> None:
    with doing(code) as pid:
        time.sleep(0.05)
        assert comes_to(pid, wanted=False)


def test_a_process_that_has_ended_does_not_wait() -> None:
    with subprocess.Popen((sys.executable, "-c", "")) as child:
        child.wait()
    assert waits_for_requests(child.pid) in {False, None}


@pytest.mark.parametrize(("platform", "machine"), [("darwin", "arm64"), ("linux", "sparc64")])
def test_where_system_calls_are_not_shown_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch, platform: str, machine: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert waits_for_requests(os.getpid()) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_where_the_kernel_does_not_let_this_process_look_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", denied)
    assert waits_for_requests(os.getpid()) is None


@pytest.mark.parametrize(
    ("said", "call"), [("running\n", None), ("-1 0x7ffd 0x7f12\n", None), ("232 0x5 0x7f 0x7ffd 0x7f12\n", 232)]
)
def test_the_number_of_the_call_is_the_first_word_of_the_kernels_line(
    monkeypatch: pytest.MonkeyPatch, said: str, call: int | None
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: said)
    assert threads._call(1, 1) == call
