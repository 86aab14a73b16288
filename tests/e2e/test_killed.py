"""A harness that is killed, and a second one on the same cores: what the next run says and does."""

import re
import secrets
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.model.cell import Cell
from bench.record.store import load_run
from bench.run.host.owner import TOGETHER

from .conftest import Config
from .harness import UNREPORTED, Harness, finish, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="made for Linux")]

IMPATIENT = UNREPORTED + "from bench.run.host import orphans; orphans.GRACE_S = 0.5;"


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_outlives_a_killed_harness_is_ended_and_deleted_by_the_next_which_says_so(
    harness: Harness, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server under a shell, which does not hand the signal on, and one that ignores it."""
    monkeypatch.setenv(TOGETHER, secrets.token_hex(8))  # no other test cleans up after this one
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    wrapped = '["/bin/sh", "-c", "python fake_server.py {port} stubborn; true"]'
    mine = config("stubborn", changed={"stubborn": {"argv": wrapped}})
    process = harness.start("run", "--config", mine, "--profile", "tiny", "--out", tmp_path / "one", "--window", "60")
    until((mine.parent / "asked").exists)
    scratch = list(tmp_path.glob("bench-*"))
    assert len(scratch) == 1
    process.kill()
    process.wait()
    until(lambda: len(harness.left()) == 3, "the end of all but the server and its two children, who ignore SIGTERM")
    left = [one.pid for one in harness.left()]

    good = config("good")
    done = harness.run("run", "--config", good, "--profile", "tiny", "--out", tmp_path / "two", changed=IMPATIENT)
    assert done.code == 0, done.err
    assert not any(map(alive, left))
    assert list(tmp_path.glob("bench-*")) == []
    (said,) = [line for line in done.err.splitlines() if line.startswith("a killed run had left something behind: ")]
    assert all(f"(pid {pid})" in said for pid in left)
    assert str(scratch[0]) in said
    assert said in load_run(tmp_path / "two").notes


def marked(folder: Path) -> list[tuple[Cell, str]]:
    """The cells of a run whose cores another run used, and what is said of it."""
    return [
        (cell, problem.detail)
        for cell in load_run(folder).cells
        for problem in cell.measurement.problems
        if problem.name == "cores shared"
    ]


def test_a_second_run_on_the_same_cores_is_refused_and_with_force_the_cells_of_both_are_marked(
    harness: Harness, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOGETHER)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    good = config("good")
    first = harness.start("run", "--config", good, "--profile", "tiny", "--out", tmp_path / "one", "--rounds", "99")
    until((good.parent / "asked").exists)
    words = ("run", "--config", config("good"), "--profile", "tiny", "--out", tmp_path / "two")
    refused = harness.run(*words)
    assert refused.code == 2
    assert re.search(
        rf"^bench: cores? [\d, ]+ (is|are) used by another run, pid {first.pid}, into {tmp_path}/one "
        rf"\(python -m bench run .*\): wait for it, or choose other cores with taskset, or go on with --force$",
        refused.err,
        re.MULTILINE,
    ), refused.err
    assert not (tmp_path / "two").exists()
    selftest = harness.run("selftest")
    assert selftest.code == 2
    assert f"pid {first.pid}" in selftest.err

    until(lambda: load_run(tmp_path / "one").cells, "a cell that ended before the other run began")
    forced = harness.run(*words, "--force")
    until(lambda: marked(tmp_path / "one"), "a marked cell of the first run")
    first.send_signal(signal.SIGINT)
    assert "cores shared" in forced.err
    assert finish(first).code == 130
    for folder, other in (("one", "two"), ("two", "one")):
        for cell, detail in marked(tmp_path / folder):
            assert f"into {tmp_path}/{other} " in detail
            assert cell.outcome == "invalid"
    assert len(marked(tmp_path / "two")) == 1
    assert load_run(tmp_path / "one").cells[0] not in [cell for cell, _ in marked(tmp_path / "one")]


WORKERS = """
import os, socket, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "5"); self.end_headers(); self.wfile.write(b"hello")
    def log_message(self, *_): pass

class Server(HTTPServer):
    def __init__(self, listening):
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
for number in range(2):
    if os.fork() == 0:
        time.sleep(float(sys.argv[2]) * number)  # an import that waits for something
        open(f"ready-{number}", "w").close()
        Server(listening).serve_forever()
os.wait()
"""


def workers(config: Config, asleep_s: str) -> Path:
    """The file of a stack of two workers, of which one is asleep at first for so long."""
    argv = f'["python", "workers.py", "{{port}}", "{asleep_s}"]'
    mine = config("good", changed={"good": {"argv": argv, "workers": "2", "ready_path": '"/"'}})
    (mine.parent / "workers.py").write_text(WORKERS)
    return mine


def test_a_worker_that_never_waits_for_requests_is_named_in_every_cell(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    done = harness.run(
        "run", "--config", workers(config, "3600"), "--profile", "tiny", "--out", tmp_path / "run",
        changed=UNREPORTED + "from bench.run.host import readiness; readiness.READY_S = 1.0;",
    )  # fmt: skip
    (cell,) = load_run(tmp_path / "run").cells
    (problem,) = [one for one in cell.measurement.problems if one.name == "workers not ready"]
    assert re.fullmatch(
        r"1 of 2 workers did not wait for requests 1 s after the server was up \(pid \d+\)", problem.detail
    )
    assert f"    workers not ready: {problem.detail}" in done.err.splitlines()


def test_the_load_begins_when_every_worker_waits_for_requests_not_when_the_server_is_idle(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    mine = workers(config, "4")
    done = harness.run("run", "--config", mine, "--profile", "tiny", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    (cell,) = load_run(tmp_path / "run").cells
    assert cell.window is not None
    booted_s = time.monotonic() - (time.time() - (mine.parent / "ready-1").stat().st_mtime)
    assert booted_s < cell.window.warmup_s
    assert "workers not ready" not in {problem.name for problem in cell.measurement.problems}
