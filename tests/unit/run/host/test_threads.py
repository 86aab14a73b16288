import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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

    monkeypatch.setattr(threads, "_line", denied)
    assert waits_for_requests(os.getpid()) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("running\n", "running"),
        ("-1 0x7ffd 0x7f12\n", "running"),
        ("232 0x5 0x7f 0x7ffd 0x7f12\n", "epoll_wait"),
        ("9999 0x5 0x7f12\n", "system call 9999"),
    ],
)
def test_the_number_of_the_call_is_the_first_word_of_the_kernels_line(
    monkeypatch: pytest.MonkeyPatch, said: str, name: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(threads, "_line", lambda *_: said)
    assert threads.call(1, 1) == name


def waiting_in(wait: Callable[[], object], expected: str) -> str:
    """What a thread is seen to wait in that calls `wait`, once that is the expected call, or after a while."""
    ready: list[int] = []

    def run() -> None:
        ready.append(threading.get_native_id())
        wait()

    threading.Thread(target=run, daemon=True).start()
    end_s = time.monotonic() + 5.0
    while not ready or (found := threads.call(os.getpid(), ready[0])) != expected:
        if time.monotonic() > end_s:
            break
        time.sleep(0.001)
    return found


@SEEN
def test_waits_for_events_time_and_locks_are_told_apart() -> None:
    lock, (reading, writing) = threading.Lock(), os.pipe()
    poll, epoll = select.poll(), select.epoll()
    poll.register(reading)
    lock.acquire()
    assert waiting_in(lambda: lock.acquire(timeout=1.0), "futex") == "futex"
    assert waiting_in(lambda: epoll.poll(1.0), "epoll_wait") == "epoll_wait"
    assert waiting_in(lambda: poll.poll(1000), "poll") == "poll"
    assert waiting_in(lambda: select.select([reading], [], [], 1.0), "select") == "select"
    assert waiting_in(lambda: time.sleep(1.0), "nanosleep") == "nanosleep"
    assert waiting_in(lambda: os.read(reading, 1), "read") == "read"
    os.write(writing, b"x")


@SEEN
def test_a_thread_that_computes_is_running_and_its_cpu_grows() -> None:
    with subprocess.Popen((sys.executable, "-c", "while True: pass")) as spinning:
        try:
            pid, seen, end_s = spinning.pid, Counter[str](), time.monotonic() + 5.0
            before = threads.usage(pid, pid)
            while seen[threads.RUNNING] < 10 and time.monotonic() < end_s:
                seen[threads.call(pid, pid)] += 1
                time.sleep(0.005)
            after = threads.usage(pid, pid)
        finally:
            spinning.kill()
    assert seen[threads.RUNNING] == 10
    assert before is not None
    assert after is not None
    assert after.cpu_s > before.cpu_s
    assert after.delay_s >= before.delay_s


@SEEN
def test_the_cpu_of_a_process_is_exact() -> None:
    before_s, end_s = threads.process_cpu_s(os.getpid()), time.thread_time() + 0.02
    while time.thread_time() < end_s:
        pass
    assert threads.process_cpu_s(os.getpid()) - before_s >= 0.02


@SEEN
def test_the_main_thread_comes_first() -> None:
    assert threads.thread_ids(os.getpid())[0] == os.getpid()


@SEEN
def test_what_has_ended_is_unknown() -> None:
    gone = 2**22 + 1
    assert threads.thread_ids(gone) == []
    with pytest.raises(FileNotFoundError):
        threads.call(gone, gone)
    assert threads.usage(gone, gone) is None
    with pytest.raises(OSError, match="Invalid argument"):
        threads.process_cpu_s(gone)
