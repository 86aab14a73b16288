import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.run.host import threads

pytestmark = pytest.mark.skipif(not Path("/proc/self/syscall").exists(), reason="the kernel does not say")


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


def test_the_cpu_of_a_process_is_exact() -> None:
    before_s, end_s = threads.process_cpu_s(os.getpid()), time.thread_time() + 0.02
    while time.thread_time() < end_s:
        pass
    assert threads.process_cpu_s(os.getpid()) - before_s >= 0.02


def test_the_main_thread_comes_first() -> None:
    assert threads.thread_ids(os.getpid())[0] == os.getpid()


def test_what_has_ended_is_unknown() -> None:
    gone = 2**22 + 1
    assert threads.thread_ids(gone) == []
    assert threads.call(gone, gone) == threads.UNKNOWN
    assert threads.usage(gone, gone) is None
    with pytest.raises(OSError, match="Invalid argument"):
        threads.process_cpu_s(gone)
