"""A service that runs already: measured as far as it can be seen, and left as it was."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.run.host.ports import free_ports

from .harness import Harness, run_json, until

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
CONFIG = """
[stacks.there]
url = "http://127.0.0.1:{port}"
slots = "unbounded"

[stacks.same]
url = "http://127.0.0.1:{port}"
slots = "unbounded"

[scenarios.hello]
requests = [{{ path = "/fast", status = 200 }}]

[profiles.there]
stacks = ["there"]
scenarios = ["hello"]
users = [2]
warmup_s = 0.5
window_s = 1.0
rounds = 3
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A service that somebody else has started: its process, and a file with its tables."""
    (port,) = free_ports(1)
    argv = (sys.executable, "-m", "uvicorn", "counting_asgi:app", "--port", str(port), "--no-access-log")
    env = {**os.environ, "COUNTED": str(tmp_path / "counted.txt")}
    file = tmp_path / "there.toml"
    file.write_text(CONFIG.format(port=port), encoding="utf-8")
    with subprocess.Popen(argv, cwd=APPS, env=env, stderr=subprocess.DEVNULL) as process:
        until(lambda: _answers(port), "the service")
        yield process.pid, file
        assert process.poll() is None  # nobody has ended it
        assert _answers(port)
        process.terminate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def cells(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_json(folder)["cells"]
    return found


def test_a_service_that_runs_is_found_by_its_port_measured_and_left_alone(
    harness: Harness, tmp_path: Path, service: tuple[int, Path]
) -> None:
    pid, file = service
    out = tmp_path / "run"
    done = harness.run("run", "--config", file, "--profile", "there", "--out", out, "--force", changed=None)
    assert done.code == 0, done.err
    for cell in cells(out):
        (measured,) = cell["measurements"]
        assert cell["circumstances"]["attached"]["pid"] == pid
        assert measured["requests"]["by_error"] == {}
        assert measured["memory"]["median"]["rss_bytes"] > 5e6
        assert 0 < measured["cpu"]["server_s_per_request"] < 0.1
        assert "other programs" not in {problem["name"] for problem in measured["problems"]}
    report = (out / "report.md").read_text(encoding="utf-8")
    assert "there ran already" in report
    assert "no round started it afresh, so no value of it has an interval" in report
    (row,) = [line for line in report.splitlines() if line.startswith("| there | ") and "B |" in line][:1]
    assert "(" not in row.partition(" MB ")[0].rpartition("|")[2]  # no interval of memory, though there were 3 rounds
    assert f"may use core {min(os.sched_getaffinity(0))}" in report or len(os.sched_getaffinity(pid)) == 1


def test_a_process_that_is_named_need_not_listen(harness: Harness, tmp_path: Path, service: tuple[int, Path]) -> None:
    _, file = service
    out = tmp_path / "run"
    options = ("run", "--config", file, "--profile", "there", "--rounds", "1", "--force")
    done = harness.run(*options, "--pid", str(os.getpid()), "--out", out)
    assert done.code == 0, done.err
    assert cells(out)[0]["circumstances"]["attached"]["pid"] == os.getpid()
    refused = harness.run(*options, "--stacks", "there,same", "--pid", "1", "--out", tmp_path / "no")
    assert refused.code == 2
    assert "--pid 1: write --pid STACK=1; these stacks run already: there, same" in refused.err


def test_a_service_behind_a_forwarder_has_neither_memory_nor_cpu(
    harness: Harness, tmp_path: Path, service: tuple[int, Path]
) -> None:
    pid, file = service
    out = tmp_path / "run"
    name = psutil.Process(pid).name()
    forwards = f"from bench.run.testbed import attached; attached.FORWARDERS = frozenset({{{name!r}}});"
    options = ("run", "--config", file, "--profile", "there", "--rounds", "1", "--out", out, "--force")
    done = harness.run(*options, changed=forwards)
    assert done.code == 0, done.err
    (measured,) = cells(out)[0]["measurements"]
    assert cells(out)[0]["circumstances"]["attached"]["pid"] is None
    assert (measured["memory"], measured["cpu"]["server_s_per_request"]) == (None, None)
    assert measured["throughput_rps"] > 10
    assert measured["bottleneck"]["limit"] == "not known"
    assert {one["name"] for one in measured["problems"]} >= {"process not known"}


def test_a_service_that_does_not_run_is_told_before_anything_is_measured(harness: Harness, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    file = tmp_path / "there.toml"
    file.write_text(CONFIG.format(port=port), encoding="utf-8")
    impatient = "from bench.run.testbed import attached; attached.READY_S = 0.5;"
    done = harness.run("run", "--config", file, "--profile", "there", "--out", tmp_path / "run", changed=impatient)
    assert done.code == 2
    assert (
        f"there does not answer at http://127.0.0.1:{port} ([Errno 111] Connection refused): is it running?" in done.err
    )
    assert not (tmp_path / "run").exists()


def test_a_resumed_run_goes_on_with_the_service_as_it_is_now(
    harness: Harness, tmp_path: Path, service: tuple[int, Path]
) -> None:
    pid, file = service
    out = tmp_path / "run"
    options = ("run", "--config", file, "--profile", "there", "--rounds", "1", "--force")
    assert harness.run(*options, "--pid", str(os.getpid()), "--out", out).code == 0
    run = run_json(out)
    run["cells"] = []
    (out / "run.json").write_text(json.dumps(run), encoding="utf-8")
    done = harness.run("run", "--resume", out, "--pid", str(pid))
    assert done.code == 0, done.err
    assert cells(out)[0]["circumstances"]["attached"]["pid"] == pid


def test_an_ab_and_serve_need_a_service_that_they_start(harness: Harness, service: tuple[int, Path]) -> None:
    _, file = service
    done = harness.run("serve", "there", "--config", file)
    assert (done.code, "there runs already, at http://127.0.0.1:" in done.err) == (2, True)
