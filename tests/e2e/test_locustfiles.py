"""Locustfiles of people who never heard of this project: run as they are, and counted as the service counts them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.record.store import load_run, load_samples

from .harness import UNREPORTED, Done, Harness, run_json

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
FILES = Path(__file__).with_name("locustfiles")
USERS = 4
NAMES = (
    "weighted_tasks", "checked_answers", "nested_task_sets", "own_client", "several_users", "with_options",
)  # fmt: skip
OPTIONS = {"with_options": 'locust_args = ["--item", "5", "--tags", "wanted"]'}
CONFIG = f"""
[stacks.counting]
argv = ["uvicorn", "counting_asgi:app", "--host", "{{host}}", "--port", "{{port}}", "--no-access-log"]
env = {{ COUNTED = "{{counted}}" }}
slots = "unbounded"
cwd = "{APPS}"

[profiles.theirs]
stacks = ["counting"]
scenarios = ["x"]
users = [{USERS}]
warmup_s = 0.5
window_s = 1.0
rounds = 1
"""


def config(folder: Path, name: str, file: Path) -> Path:
    """A file of one's own for one locustfile; the service counts into the folder."""
    text = CONFIG.replace("{counted}", str(folder / f"{name}.txt")).replace('"x"', f'"{name}"')
    scenario = f'[scenarios.{name}]\nlocustfile = "{file}"\ntimeout_s = 3\n{OPTIONS.get(name, "")}\n'
    path = folder / f"{name}.toml"
    path.write_text(text + scenario, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(shared_harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("theirs")
    poison = {"LOCUST_USERS": "99", "LOCUST_RUN_TIME": "1s"}  # heard by Locust, and not by us
    for name in NAMES:
        file = config(made, name, FILES / f"{name}.py")
        done = shared_harness.run(
            "run", "--config", file, "--profile", "theirs", "--out", made / name, "--force",
            changed=None if name == "weighted_tasks" else UNREPORTED, env=poison,
        )  # fmt: skip
        assert done.code == 0, done.err
    yield made
    assert shared_harness.left() == []


def cell(folder: Path, name: str) -> dict[str, Any]:
    (found,) = run_json(folder / name)["cells"]
    one: dict[str, Any] = found
    return one


def recorded(folder: Path, name: str) -> Counter[str]:
    """How many requests the record has of each name."""
    run = load_run(folder / name)
    users = run.cells[0].circumstances.users
    assert users is not None
    return Counter(users.routes[number] for number in load_samples(folder / name, run.cells[0]).route)


def counted(folder: Path, name: str) -> Counter[str]:
    """How many requests the service counted of each method and path."""
    return Counter((folder / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def by_name(found: Counter[str], groups: dict[str, str]) -> Counter[str]:
    """Counts of the service under the names of the file: a query that begins so has this name."""
    again: Counter[str] = Counter()
    for target, times in found.items():
        again[next((name for begin, name in groups.items() if target.startswith(begin)), target)] += times
    return again


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("weighted_tasks", {"GET /item?": "GET /item"}),
        ("checked_answers", {"GET /item?": "GET wrong"}),
        ("nested_task_sets", {"GET /item?": "GET /item"}),
        ("own_client", {"GET /item?id=3": "CALL /item?id=3"}),
        ("several_users", {"GET /item?": "GET /item"}),
        ("with_options", {"GET /item?id=5": "GET option", "GET /item?id=77": "GET file"}),
    ],
)
def test_each_request_that_the_service_counted_is_in_the_record_by_its_name(
    folder: Path, name: str, groups: dict[str, str]
) -> None:
    found = recorded(folder, name)
    assert found == by_name(counted(folder, name), groups)
    assert found.total() > 20


@pytest.mark.parametrize("name", NAMES)
def test_no_user_is_lost_and_latency_is_reliable(folder: Path, name: str) -> None:
    (measured,) = cell(folder, name)["measurements"]
    kinds = {problem["name"] for problem in measured["problems"]}
    assert not kinds & {"users lost", "users idle", "users unanswered", "upstream calls"}
    assert cell(folder, name)["circumstances"]["users"]["faults"] == []


def test_times_are_those_of_the_service_on_the_clock_of_the_window(folder: Path) -> None:
    run = load_run(folder / "several_users")
    samples, window = load_samples(folder / "several_users", run.cells[0]), run.cells[0].window
    assert window is not None
    took_s = samples.done_s - samples.scheduled_s
    assert took_s.min() > 0
    assert np.median(took_s) < 1  # a machine with other tests beside may stand still for a while
    inside = (samples.scheduled_s >= window.start_s) & (samples.scheduled_s < window.end_s)
    # 3 users at 20/s, and one at 10/s.
    assert inside.sum() / (window.end_s - window.start_s) == pytest.approx(70, rel=0.2)


def test_what_the_file_calls_a_failure_is_one_whatever_the_status(folder: Path) -> None:
    (measured,) = cell(folder, "checked_answers")["measurements"]
    routes = {route["name"]: route["requests"] for route in measured["routes"]}
    assert routes["GET wrong"]["ok"] == 0
    assert set(routes["GET wrong"]["by_error"]) == {"failed by its locustfile"}
    assert routes["GET /absent"]["by_error"] == {}
    assert set(routes["GET /gone"]["by_error"]) == {"status 410"}
    told = {one["error"]: one["expected"] for one in measured["wrong_answers"]}
    assert {one["body"] for one in measured["wrong_answers"]} == {"done"}
    assert told["failed by its locustfile"] == "an answer that the locustfile accepts; it said no nonsense"


def test_what_has_no_response_time_is_counted_and_in_no_figure(folder: Path) -> None:
    users = cell(folder, "own_client")["circumstances"]["users"]
    assert users["untimed"]["NOTE called"] >= recorded(folder, "own_client")["CALL /item?id=3"] - USERS > 0
    (measured,) = cell(folder, "own_client")["measurements"]
    assert [route["name"] for route in measured["routes"] if route["requests"]["ok"]] == ["CALL /item?id=3"]


def test_the_report_says_what_such_a_client_cannot_give(folder: Path) -> None:
    report = (folder / "weighted_tasks" / "report.md").read_text(encoding="utf-8")
    assert "say, and may pause on purpose. Latency counts from the moment a request is sent" in report
    assert "each user sends the next request as soon as" not in report
    assert "| counting | GET /item |" in report


def test_a_redirect_is_part_of_one_request(harness: Harness, tmp_path: Path) -> None:
    head = "from locust import HttpUser, task\nclass A(HttpUser):\n"
    text = f"{head}    @task\n    def go(self): self.client.get('/moved')\n"
    (tmp_path / "moves.py").write_text(text, encoding="utf-8")
    out = tmp_path / "x"
    file = config(tmp_path, "x", tmp_path / "moves.py")
    done = harness.run("run", "--config", file, "--profile", "theirs", "--out", out, "--force")
    assert done.code == 0, done.err
    asked = recorded(tmp_path, "x")
    assert counted(tmp_path, "x") == {"GET /moved": asked["GET /moved"], "GET /item": asked["GET /moved"]}


REFUSED = {
    "a load shape": (
        "from locust import HttpUser, LoadTestShape\nclass A(HttpUser): pass\n"
        "class Steps(LoadTestShape):\n    def tick(self): return None\n",
        "",
        "has a load shape, Steps, which is not measured",
    ),
    "no user": ("import locust\n", "", "has no user class"),
    "no module": ("import nothing_of_this_name\n", "", "No module named 'nothing_of_this_name'"),
    "several processes": (
        "from locust import HttpUser\nclass A(HttpUser): pass\n",
        'locust_args = ["--processes", "2"]',
        "`locust_args` sets processes",
    ),
    "a fixed number of users": (
        "from locust import HttpUser\nclass A(HttpUser):\n    fixed_count = 2\n", "", "has a fixed_count",
    ),
    "a window of its own": (
        "from locust import HttpUser\nclass A(HttpUser): pass\n", 'locust_args = ["--headful"]', "sets headful",
    ),
    "users of its own": (
        "from locust import HttpUser\nclass A(HttpUser): pass\n", 'locust_args = ["-u", "9"]', "sets num users",
    ),
    "an option that nobody knows": (
        "from locust import HttpUser\nclass A(HttpUser): pass\n", 'locust_args = ["--no"]', "unrecognized arguments",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_measured_is_refused_before_anything_starts(harness: Harness, tmp_path: Path, case: str) -> None:
    text, options, words = REFUSED[case]
    (tmp_path / "theirs.py").write_text(text, encoding="utf-8")
    file = config(tmp_path, "x", tmp_path / "theirs.py")
    file.write_text(f"{file.read_text(encoding='utf-8')}{options}\n", encoding="utf-8")
    done = harness.run("run", "--config", file, "--profile", "theirs", "--out", tmp_path / "run")
    assert (done.code, words in done.err) == (2, True), done.err
    assert not (tmp_path / "run").exists()


def test_rates_are_refused_before_anything_starts(harness: Harness, tmp_path: Path) -> None:
    file = config(tmp_path, "x", FILES / "several_users.py")
    done: Done = harness.run("run", "--config", file, "--profile", "theirs", "--rate", "50")
    assert done.code == 2
    assert "the users of several_users.py send when their tasks say so, so no arrival rate can be kept" in done.err


LOST = {
    "on_start raises": (
        "    def on_start(self):\n        Lost.number += 1\n        if Lost.number > 3: {}['id']\n",
        "1 of 4 users ended in on_start: KeyError: 'id'",
    ),
    "tasks raise": ("    @task\n    def bad(self): {}['id']\n", "exceptions: KeyError: 'id'"),
    "users end": ("    @task\n    def leave(self): raise StopUser\n", "users ended before the load did"),
    "a user is stuck": (
        "    @task\n    def sleep(self):\n        self.client.get('/b')\n        time.sleep(30)\n",
        "4 of 4 users were in the same task for 4 s after the end of the load and were killed",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_users_who_do_not_send_to_the_end_are_told(harness: Harness, tmp_path: Path, case: str) -> None:
    text, words = LOST[case]
    file = tmp_path / "lost.py"
    begin = "import time\nfrom locust import HttpUser, task\nfrom locust.exception import StopUser\n"
    head = "class Lost(HttpUser):\n    number = 0\n    @task(200)\n    def ask(self): self.client.get('/a')\n"
    if case == "a user is stuck":
        head = head.replace("@task(200)", "@task")
    file.write_text(begin + head + text, encoding="utf-8")
    out = tmp_path / "run"
    done = harness.run("run", "--config", config(tmp_path, "x", file), "--profile", "theirs", "--out", out, "--force")
    assert done.code in {0, 1}, done.err
    problems = {one["name"]: one for one in run_json(out)["cells"][0]["measurements"][0]["problems"]}
    assert words in problems["users lost"]["detail"]
    assert set(problems["users lost"]["voids"]) == {"latency", "throughput"}


def test_users_who_all_end_in_on_start_fail_the_cell(harness: Harness, tmp_path: Path) -> None:
    text = "from locust import HttpUser\nclass A(HttpUser):\n    def on_start(self): raise OSError('no data')\n"
    (tmp_path / "ends.py").write_text(text, encoding="utf-8")
    file = config(tmp_path, "x", tmp_path / "ends.py")
    done = harness.run("run", "--config", file, "--profile", "theirs", "--out", tmp_path / "run", "--force")
    assert done.code == 1
    (problem,) = run_json(tmp_path / "run")["cells"][0]["measurements"][0]["problems"]
    assert "all 4 users ended in on_start: OSError: no data" in problem["detail"]
