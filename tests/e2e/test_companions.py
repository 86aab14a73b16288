"""What stands beside a server: started before it, fresh, recorded, named where it is full, and gone afterwards."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.record.store import load_run, load_samples
from bench.run.host.ports import free_ports

from .harness import Harness, run_json

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
CONFIG = f"""
[companions.lines]
argv = ["{sys.executable}", "{APPS}/lines.py", "PORT"]
port = 1
url = "tcp://{{host}}:{{port}}"

[companions.redis]
argv = ["redis-server", "--bind", "{{host}}", "--port", "{{port}}", "--save", ""]
url = "redis://{{host}}:{{port}}/0"
setup = ["redis-cli", "-h", "{{host}}", "-p", "{{port}}", "SET", "seen", "1000"]
user = "nobody"

[companions.elsewhere]
url_from = "COUNTER_ELSEWHERE"

[companions.worker]
argv = ["sh", "-c", "echo $COUNTER > started.txt; exec sleep 60"]
env = {{ COUNTER = "{{lines}}" }}

[stacks.counter]
argv = ["uvicorn", "counter_asgi:app", "--host", "{{host}}", "--port", "{{port}}", "--no-access-log"]
env = {{ COUNTER = "{{lines}}" }}
needs = ["lines", "worker"]
prepare = ["sh", "-c", "echo prepared >> {{folder}}/prepared.txt"]
slots = "unbounded"
cwd = "{APPS}"
ready_path = "/count"

[stacks.cached]
argv = ["uvicorn", "counter_asgi:app", "--host", "{{host}}", "--port", "{{port}}", "--no-access-log"]
env = {{ COUNTER = "{{redis}}" }}
needs = ["redis"]
slots = "unbounded"
cwd = "{APPS}"

[stacks.shared]
argv = ["uvicorn", "counter_asgi:app", "--host", "{{host}}", "--port", "{{port}}", "--no-access-log"]
env = {{ COUNTER = "{{elsewhere}}" }}
needs = ["elsewhere"]
slots = "unbounded"
cwd = "{APPS}"

[scenarios.count]
requests = [{{ path = "/count", expect = {{ regex = "^:[0-9]+$" }} }}]

[profiles.beside]
stacks = ["counter"]
scenarios = ["count"]
users = [4]
warmup_s = 0.5
window_s = 1.0
rounds = 2
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "beside.toml"
    (port,) = map(str, free_ports(1))
    text = CONFIG.replace('"PORT"', f'"{port}"').replace("port = 1", f"port = {port}")
    # A brace of the table's own would be a placeholder of the harness.
    file.write_text(text.replace("{folder}/prepared.txt", f"{tmp_path}/prepared.txt"), encoding="utf-8")
    return file


def cells(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_json(folder)["cells"]
    return found


def test_companions_are_fresh_in_each_round_recorded_and_gone_afterwards(
    harness: Harness, tmp_path: Path, config: Path
) -> None:
    out = tmp_path / "run"
    done = harness.run("run", "--config", config, "--profile", "beside", "--out", out, "--force", changed=None)
    assert done.code == 0, done.err
    assert harness.left() == []
    assert (tmp_path / "prepared.txt").read_text(encoding="utf-8") == "prepared\n" * 2
    for cell in cells(out):
        lines, worker = cell["measurements"][0]["companions"]
        assert (lines["name"], worker["name"]) == ("lines", "worker")
        assert lines["cores"] > 10 * worker["cores"] >= 0
        assert 0 < lines["s_per_request"] < 0.01
        assert lines["memory_bytes"] > 5e6
    run = load_run(out)
    samples = load_samples(out, run.cells[0])
    assert samples.roles == ("server", "generator", "upstream", "harness", "lines", "worker")
    report = (out / "report.md").read_text(encoding="utf-8").partition("## What limits")[0]
    costs = report.partition("## Servers and their companions")[2]
    assert [line.split("|")[2].strip() for line in costs.splitlines() if line.startswith("| counter | ")] == [
        "server", "lines", "worker", "together",
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed: apt install redis")
def test_a_real_redis_is_set_up_and_runs_as_an_unprivileged_user(
    harness: Harness, tmp_path: Path, config: Path
) -> None:
    out = tmp_path / "run"
    done = harness.run(
        "run", "--config", config, "--profile", "beside", "--stacks", "cached", "--rounds", "1", "--out", out, "--force"
    )
    assert done.code == 0, done.err
    assert harness.left() == []
    ((measured,),) = [one["measurements"] for one in cells(out)]
    (redis,) = measured["companions"]
    assert redis["name"] == "redis"
    assert 0 < redis["cores"] < 1
    if os.geteuid() == 0:
        (log,) = (out / "logs").glob("*.redis.log")
        assert "uid" not in log.read_text(encoding="utf-8")  # it warns nobody of being root
    # The first answer follows what `setup` has set.
    assert measured["requests"]["by_error"] == {}


def test_one_that_runs_elsewhere_is_named_by_a_variable_and_not_measured(
    harness: Harness, tmp_path: Path, config: Path
) -> None:
    options = ("run", "--config", config, "--profile", "beside", "--stacks", "shared", "--rounds", "1", "--force")
    done = harness.run(*options, "--out", tmp_path / "none")
    assert done.code == 2
    assert "companions.elsewhere.url_from: the environment variable COUNTER_ELSEWHERE is not set" in done.err
    assert not (tmp_path / "none").exists()


BROKEN = {
    "it ends at once": (
        'argv = ["sh", "-c", "echo no disk; exit 3"]', "companion db ended with exit code 3; it said: no disk",
    ),
    "its setup fails": (
        'argv = ["sleep", "60"]\nsetup = ["sh", "-c", "echo no table; exit 4"]',
        "`setup` of companion db ended with exit code 4; it said: no table",
    ),
    "its user is nobody here": (
        'argv = ["sleep", "60"]\nuser = "no-such"', "there is no user 'no-such' on this machine",
    ),
    "it is not there": ('argv = ["no-such-program"]', "there is no program 'no-such-program'"),
    "its url names what is not known": ('argv = ["sleep", "60"]\nurl = "db://{users}"', "unknown placeholder {users}"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_companion_that_does_not_come_up_fails_the_cell_with_its_words(
    harness: Harness, tmp_path: Path, config: Path, case: str
) -> None:
    table, words = BROKEN[case]
    if "user" in table and os.geteuid() != 0:
        pytest.skip("a user is only changed by root")
    file = tmp_path / "broken.toml"
    text = config.read_text(encoding="utf-8") + f"\n[companions.db]\n{table}\n"
    file.write_text(text.replace('needs = ["lines", "worker"]', 'needs = ["lines", "db"]'), encoding="utf-8")
    out = tmp_path / "run"
    done = harness.run("run", "--config", file, "--profile", "beside", "--rounds", "1", "--out", out, "--force")
    assert done.code == 1
    (problem,) = cells(out)[0]["measurements"][0]["problems"]
    assert words in problem["detail"]
    assert harness.left() == []


def test_a_prepare_that_fails_fails_the_cell_before_the_server_starts(
    harness: Harness, tmp_path: Path, config: Path
) -> None:
    text = config.read_text(encoding="utf-8").replace("echo prepared >>", "echo no such table; exit 7 >>")
    config.write_text(text, encoding="utf-8")
    out = tmp_path / "run"
    done = harness.run("run", "--config", config, "--profile", "beside", "--rounds", "1", "--out", out, "--force")
    assert done.code == 1
    (problem,) = cells(out)[0]["measurements"][0]["problems"]
    assert "`prepare` of counter ended with exit code 7; it said: no such table" in problem["detail"]


def test_a_stack_that_needs_what_is_no_companion_is_refused(harness: Harness, config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace('needs = ["redis"]', 'needs = ["cache"]')
    config.write_text(text, encoding="utf-8")
    done = harness.run("run", "--config", config, "--profile", "beside", "--stacks", "cached")
    assert done.code == 2
    assert "stacks.cached.needs: unknown companion 'cache'; known: lines, redis, elsewhere, worker" in done.err
