"""Two other load generators, wrk and h2load, ask the same server in turn with ours: all three must say the same."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil
import pytest

from bench.model.config import Closed, Open
from bench.run.host.cpus import CpuSets, cpu_sets

from .generators import CLIENTS, Figures, by_h2load, by_the_harness, by_wrk
from .harness import Harness, finish

PAIRS = 5
SHARE = 0.03
LEAST_S = 0.001
SETTLE_S = 1.0
"""wrk ends with requests under way, which the server answers nevertheless."""

LIGHT_RPS = 100.0

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    *(
        pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed: apt install {package}")
        for name, package in (("wrk", "wrk"), ("h2load", "nghttp2-client"))
    ),
]


@contextmanager
def serving(harness: Harness, threads: int) -> Iterator[tuple[str, CpuSets]]:
    """(address, cores) of a threaded Flask that waits 100 ms for its upstream, placed as in a run."""
    cpus = cpu_sets(1)
    served = harness.start(
        "serve", "flask-gthread", "--users", str(CLIENTS), "--set", f"flask-gthread.threads={threads}"
    )
    assert served.stdout is not None
    ready = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", served.stdout.readline())
    assert ready is not None
    for process in harness.left():
        if process.pid != served.pid:
            place(process, cpus.upstream if "upstream" in process.cmdline() else cpus.server)
    yield ready[1], cpus
    served.send_signal(signal.SIGINT)
    finish(served)


def place(process: psutil.Process, cpus: tuple[int, ...]) -> None:
    """Move a process, with all the threads that it has and will have, to these cores."""
    if cpus:
        for thread in process.threads():
            os.sched_setaffinity(thread.id, cpus)


def compared(name: str, ask: Callable[[int], tuple[Figures, Figures]]) -> None:
    """Ask in pairs, ours and the other's, and hold the medians of what they differ by against the limits."""
    pairs = [ask(number) for number in range(PAIRS)]
    print(name, *pairs, sep="\n")
    wrong = []
    for figure, least in (("throughput_rps", 0.0), ("p50_s", LEAST_S), ("p95_s", LEAST_S)):
        values = [(getattr(ours, figure), getattr(theirs, figure)) for ours, theirs in pairs]
        share = median(our / their for our, their in values) - 1
        difference = median(our - their for our, their in values)
        line = f"{name}: our {figure} differs by {share:+.2%} ({difference:+.5f}), in the median of {PAIRS} pairs"
        print(line)
        if abs(share) > SHARE and abs(difference) > least:
            wrong.append(line)
    assert wrong == []


@pytest.fixture(scope="module")
def slot_bound(shared_harness: Harness) -> Iterator[tuple[str, CpuSets]]:
    """Four threads, so 40 requests/s at most: 20 users are always queueing."""
    with serving(shared_harness, 4) as served:
        yield served


@pytest.fixture(scope="module")
def light(shared_harness: Harness) -> Iterator[tuple[str, CpuSets]]:
    """A thread for everybody."""
    with serving(shared_harness, CLIENTS) as served:
        yield served


def settled(figures: Figures) -> Figures:
    time.sleep(SETTLE_S)
    return figures


@pytest.mark.parametrize(("server", "users"), [("slot_bound", 20), ("light", 10)])
def test_wrk_finds_what_a_closed_load_of_ours_finds(
    request: pytest.FixtureRequest, tmp_path: Path, server: str, users: int
) -> None:
    url, cpus = request.getfixturevalue(server)
    load = Closed(users=users)
    compared(
        f"wrk, {server}, {users} users",
        lambda number: (
            by_the_harness(url, load, cpus.generator, tmp_path / str(number)),
            settled(by_wrk(url, load, cpus.generator)),
        ),
    )


def test_h2load_finds_what_an_open_load_of_ours_finds(light: tuple[str, CpuSets], tmp_path: Path) -> None:
    url, cpus = light
    load = Open(rate_rps=LIGHT_RPS, arrivals="fixed", max_in_flight=500)
    compared(
        f"h2load, light, {LIGHT_RPS:g}/s",
        lambda number: (
            by_the_harness(url, load, cpus.generator, tmp_path / str(number)),
            settled(by_h2load(url, LIGHT_RPS, cpus.generator, tmp_path / f"{number}.log")),
        ),
    )
