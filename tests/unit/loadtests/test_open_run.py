"""The open model inside Locust, against a server that takes its time: a measured run, and by hand."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from loadtests.engine.arrivals import Open, offsets_s
from loadtests.engine.heartbeat import BEAT_S
from loadtests.engine.recording import DROPPED

ROOT = Path(__file__).parents[3]
LONG_S = 60


@contextmanager
def answering(delay_s: Callable[[int], float]) -> Iterator[tuple[str, list[float]]]:
    """The URL of a server that answers request n after `delay_s(n)`, and when each arrived."""
    arrived_s: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            number = len(arrived_s)
            arrived_s.append(time.monotonic())
            time.sleep(delay_s(number))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: object) -> None:
            """Clients may go as they like."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", arrived_s
        finally:
            server.shutdown()
            thread.join()


def locust(url: str, *arguments: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    argv = (sys.executable, "-m", "locust", "-f", "loadtests/get.py", "--host", url, "--headless", *arguments)
    clean = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.run(argv, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=LONG_S, check=False)


@dataclass
class Ran:
    """What a measured run told and wrote."""

    told: list[dict[str, Any]]
    raw: dict[str, NDArray[Any]]

    def event(self, name: str) -> dict[str, Any]:
        (found,) = [each for each in self.told if each["event"] == name]
        return found

    @property
    def window(self) -> NDArray[np.bool_]:
        """Which rows were scheduled in the window."""
        scheduled_s = self.raw["scheduled_s"]
        window: NDArray[np.bool_] = (scheduled_s >= self.event("window")["start_s"]) & (
            scheduled_s < self.event("drain")["end_s"]
        )
        return window

    def scheduled(self, load: Open, warmup_s: float) -> list[float]:
        """What the window must hold."""
        begun_s, start_s, end_s = (
            self.event("begin")["warmup_s"], self.event("window")["start_s"], self.event("drain")["end_s"],
        )  # fmt: skip
        arrivals = (begun_s + offset_s for offset_s in offsets_s(load, 0.6 * warmup_s))
        return [each for each in takewhile(lambda each: each < end_s, arrivals) if each >= start_s]


WARMUP_S = 0.5


def measured(folder: Path, url: str, load: Open, window_s: float = 1.0, window_limit_s: float = 1.0) -> Ran:
    plan = {
        "hosts": [url],
        "load": {
            "model": "open", "rate_rps": load.rate_rps, "arrivals": load.arrivals,
            "max_in_flight": load.max_in_flight, "seed": load.seed,
        },
        "timeout_s": 5.0, "warmup_s": WARMUP_S, "window_s": window_s, "window_limit_s": window_limit_s,
        "output": str(folder / "requests.npz"), "path": "/", "status": 200, "body": "hello",
    }  # fmt: skip
    (folder / "load.json").write_text(json.dumps(plan))
    done = locust(
        url, "--users", "1", "--spawn-rate", "1", "--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0",
        env={"LOAD_PLAN": str(folder / "load.json")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"event"')]
    with np.load(folder / "requests.npz", allow_pickle=False) as arrays:
        return Ran(told, dict(arrays))


def exactly_once(ran: Ran, load: Open) -> None:
    """The window holds the schedule, and nothing else."""
    wanted = ran.scheduled(load, WARMUP_S)
    assert sorted(ran.raw["scheduled_s"][ran.window].tolist()) == wanted
    assert len(wanted) > 0.4 * load.rate_rps


def test_the_window_holds_exactly_the_schedule_and_the_heartbeat_covers_it(tmp_path: Path) -> None:
    load = Open(100.0, "poisson", 50, 3)
    with answering(lambda _: 0.01) as (url, arrived_s):
        ran = measured(tmp_path, url, load)
    exactly_once(ran, load)
    begin, window, end = ran.event("begin"), ran.event("window"), ran.event("end")
    assert window["start_s"] == begin["warmup_s"] + WARMUP_S
    assert set(ran.raw["status"].tolist()) == {200}
    assert end["requests"] == len(arrived_s) == len(ran.raw["status"])
    assert end["left"] == 0
    assert (ran.raw["sent_s"] >= ran.raw["scheduled_s"]).all()
    beats_s = ran.raw["beat_s"]
    assert beats_s.tolist() == [begin["warmup_s"] + number * BEAT_S for number in range(len(beats_s))]
    assert beats_s[-1] >= ran.event("drain")["end_s"] - BEAT_S
    assert (ran.raw["beat_late_s"] >= 0).all()


def test_a_window_that_grows_misses_no_arrival(tmp_path: Path) -> None:
    load = Open(100.0, "fixed", 500, 1)
    with answering(lambda _: 0.3) as (url, _):
        ran = measured(tmp_path, url, load, window_s=0.4, window_limit_s=3.0)
    start_s, end_s = ran.event("window")["start_s"], ran.event("drain")["end_s"]
    assert any(each["event"] == "grow" for each in ran.told)
    assert 3 * 0.3 <= end_s - start_s <= 3.0
    exactly_once(ran, load)
    assert set(ran.raw["status"].tolist()) == {200}
    assert ran.event("end")["left"] == 0
    assert ran.raw["done_s"].max() > end_s  # drained, not killed


def test_a_frozen_server_delays_no_arrival_and_its_requests_count_from_their_schedule(tmp_path: Path) -> None:
    load = Open(40.0, "fixed", 500, 1)
    with answering(lambda number: 0.5 if number >= 25 else 0.0) as (url, arrived_s):
        ran = measured(tmp_path, url, load)
    exactly_once(ran, load)
    came_meanwhile = [each for each in arrived_s if arrived_s[25] < each < arrived_s[25] + 0.5]
    assert len(came_meanwhile) > 10  # 20 are due before the first that found it frozen is answered
    took_s = (ran.raw["done_s"] - ran.raw["scheduled_s"])[ran.window]
    assert float(np.median(took_s)) >= 0.5


def test_arrivals_beyond_the_limit_are_rows_too(tmp_path: Path) -> None:
    load = Open(100.0, "fixed", 4, 1)
    with answering(lambda _: 0.2) as (url, arrived_s):
        ran = measured(tmp_path, url, load)
    exactly_once(ran, load)
    dropped = ran.raw["status"] == DROPPED
    assert dropped[ran.window].sum() == pytest.approx(80, abs=15)  # 4 / 0.2 s = 20 of 100 a second find room
    assert (ran.raw["sent_s"] == ran.raw["done_s"])[dropped].all()
    assert set(ran.raw["bytes"][dropped].tolist()) == {0}
    assert len(arrived_s) == (~dropped).sum()
    progress = [each for each in ran.told if each["event"] == "progress"]
    assert progress[-1]["failed"] > 0


def totals(done: "subprocess.CompletedProcess[str]") -> tuple[int, int]:
    """(requests, failures) of Locust's summary."""
    requests, failures = re.findall(r"^\s+Aggregated\s+(\d+)\s+(\d+)\(", done.stdout + done.stderr, re.MULTILINE)[-1]
    return int(requests), int(failures)


@pytest.mark.parametrize("stop", [(), ("--stop-timeout", "10")], ids=["killed", "let finish"])
def test_by_hand_one_user_drives_the_whole_rate_and_the_others_stop(stop: tuple[str, ...]) -> None:
    with answering(lambda _: 0.3) as (url, arrived_s):
        done = locust(url, "--rate", "50", "-u", "3", "-r", "3", "-t", "2s", *stop)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert 60 < len(arrived_s) <= 105
    assert (len(arrived_s) - 1) / (arrived_s[-1] - arrived_s[0]) == pytest.approx(50, rel=0.1)
    requests, failures = totals(done)
    assert failures == 0
    if stop:
        assert requests == len(arrived_s)


def test_by_hand_arrivals_are_dropped_beyond_the_limit_and_told_as_failures() -> None:
    options = ("--rate", "50", "--arrivals", "poisson", "--arrival-seed", "3", "--max-in-flight", "2", "-t", "1s")
    with answering(lambda _: 5.0) as (url, arrived_s):
        done = locust(url, *options)
    assert done.returncode == 1
    assert len(arrived_s) == 2
    requests, failures = totals(done)
    assert requests == failures > 0
    assert "dropped" in done.stdout + done.stderr


def test_by_hand_a_value_that_makes_no_sense_ends_with_one_line() -> None:
    done = locust("http://127.0.0.1:1", "--rate", "nan", "-t", "1s")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "--rate nan: write a number of requests a second above 0"
    assert "Traceback" not in done.stderr
