"""What looks at real processes see."""

import math
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from bench.judge.cell.bottleneck import SHARED
from bench.judge.cell.looks import Looks, looks
from bench.model.samples import Samples
from bench.run.cell.looks import LOOKS, Looker
from bench.run.host.threads import shown
from bench.run.host.tree import Tree

pytestmark = pytest.mark.skipif(not shown(), reason="this platform does not show system calls")

LISTEN = """
import socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", 0))
def spin():
    while True: pass
"""
READY = "print(listener.getsockname()[1], flush=True)\n"
THREAD = "threading.Thread(target=spin, daemon=True).start()\n"
ANSWER = """
while True:
    connection, _ = listener.accept()
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
"""


def seen(code: str, path: str | None = "/health") -> Looks:
    """What the looks at a process saw that listens and does this."""
    argv = (sys.executable, "-c", LISTEN + code)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        tree = SimpleNamespace(program=SimpleNamespace(tree=lambda: [psutil.Process(child.pid)]))
        with Looker(cast("Tree", tree), port, path) as looker:
            looker.begin()
        child.kill()
    arrays, none = looker.arrays(), Samples()
    columns: dict[str, Any] = {
        name: arrays[name].astype(getattr(none, name).dtype) for name in arrays.keys() - {"calls"}
    }
    found = looks(replace(none, **columns, calls=tuple(arrays["calls"])))
    assert found is not None
    assert len(found.unaccepted) == LOOKS
    return found


def test_threads_that_take_turns_are_seen() -> None:
    two, one = (seen(THREAD * count + READY + "time.sleep(60)") for count in (2, 1))
    assert two.processes[0].shared > SHARED > one.processes[0].shared
    assert "nanosleep" in two.processes[0].main


def test_the_light_request_is_timed_and_is_no_request_of_the_load() -> None:
    found = seen(READY + ANSWER)
    assert found.light_s is not None
    assert 0 < found.light_s < 1
    assert (found.unaccepted.sum(), found.unread.sum()) == (0, 0)


def test_a_light_request_that_nobody_accepts_has_no_answer_and_is_not_counted_as_waiting() -> None:
    found = seen(READY + "time.sleep(60)")
    assert found.light_s is not None
    assert math.isnan(found.light_s)
    assert found.unaccepted.sum() == 0


def test_a_server_that_waits_until_its_client_closes_is_not_kept_waiting_by_the_light_request() -> None:
    lingers = ANSWER.replace("connection.close()", "connection.recv(1000); connection.close()")
    (process,) = seen(READY + lingers).processes
    assert set(process.main[2:]) == {"accept"}


def test_without_a_ready_path_there_is_no_light_request() -> None:
    assert seen(READY + ANSWER, path=None).light_s is None
