import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.run.host import children as module
from bench.run.host.children import children

THREE = """
import os, threading, time
pids = []
def fork():
    pid = os.fork()
    if not pid:
        time.sleep(60)
    pids.append(pid)
fork()
threads = [threading.Thread(target=fork) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*pids, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(True, marks=pytest.mark.skipif(not module.LISTED, reason="the kernel lists no children")),
        False,
    ],
)
def test_the_children_of_all_threads_are_found_and_none_of_a_process_that_has_ended(
    monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    monkeypatch.setattr(module, "LISTED", listed)
    with subprocess.Popen((sys.executable, "-c", THREE), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids = {int(pid) for pid in parent.stdout.readline().split()}
        process = psutil.Process(parent.pid)
        found = children(process)
        assert {child.pid for child in found} == pids
        assert len(pids) == 3
        for one in (process, *found):
            one.kill()
    assert children(process) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has them")
def test_linux_lists_the_children_of_a_thread_where_it_is_built_to() -> None:
    assert module.LISTED is Path("/proc/self/task").joinpath(str(psutil.Process().pid), "children").exists()
