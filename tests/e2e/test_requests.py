"""Requests of a table against a service that checks them: a token, a cookie, JSON from a feed, compressed answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.record.store import load_run, load_samples

from .harness import Done, Harness, run_json

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
CONFIG = f"""
[stacks.shop]
interface = "asgi"
argv = ["uvicorn", "shop_asgi:app", "--host", "{{host}}", "--port", "{{port}}", "--no-access-log"]
slots = "unbounded"
cwd = "{APPS}"

[scenarios.orders]
feed = {{ file = "rows.csv" }}
cookies = true
headers = {{ Authorization = "Bearer {{token}}", Accept-Encoding = "gzip" }}
[scenarios.orders.login]
method = "POST"
path = "/token"
form = {{ username = "{{user}}", password = "{{pw}}" }}
take = {{ token = "json:access_token" }}

[[scenarios.orders.requests]]
name = "buy"
weight = 3
method = "POST"
path = "/orders"
json = {{ id = "{{id}}", qty = "{{qty:int}}" }}
status = 201
expect = {{ json = {{ state = "new" }} }}

[[scenarios.orders.requests]]
name = "look"
path = "/orders/{{id}}"
expect = {{ regex = "total" }}

[scenarios.refused]
feed = {{ file = "rows.csv" }}
login = {{ method = "POST", path = "/token", form = {{ username = "{{user}}", password = "wrong" }} }}
requests = [{{ path = "/orders/1" }}]

[profiles.mine]
stacks = ["shop"]
scenarios = ["orders", "refused"]
users = [4]
rates = [50]
warmup_s = 0.5
window_s = 1.0
rounds = 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def done(shared_harness: Harness, folder: Path) -> Iterator[Done]:
    (folder / "mine.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "rows.csv").write_text("user,pw,id,qty\nann,s-1,17,2\nbob,s-2,42,1\n", encoding="utf-8")
    yield shared_harness.run(
        "run", "--config", folder / "mine.toml", "--profile", "mine", "--out", folder / "run", changed=None
    )
    assert shared_harness.left() == []


@pytest.fixture(scope="module")
def cells(done: Done, folder: Path) -> list[dict[str, Any]]:
    assert done.code == 1, done.err  # the scenario that is refused fails
    cells: list[dict[str, Any]] = run_json(folder / "run")["cells"]
    return cells


def test_every_request_is_right_under_both_kinds_of_load(cells: list[dict[str, Any]]) -> None:
    found = [one["measurements"][0] for one in cells if one["scenario"] == "orders"]
    assert len(found) == 2
    for one in found:
        assert one["requests"]["by_error"] == {}
        assert [route["name"] for route in one["routes"]] == ["buy", "look"]
        assert sum(route["requests"]["ok"] for route in one["routes"]) == one["requests"]["ok"] > 20


@pytest.mark.usefixtures("cells")
def test_each_row_of_the_record_has_its_route(folder: Path) -> None:
    run = load_run(folder / "run")
    for cell in run.cells:
        if cell.scenario == "orders":
            samples = load_samples(folder / "run", cell)
            assert set(zip(samples.route.tolist(), samples.status.tolist(), strict=True)) == {(0, 201), (1, 200)}


@pytest.mark.usefixtures("cells")
def test_the_report_has_a_row_for_each_request_of_the_mix(folder: Path) -> None:
    report = (folder / "run" / "report.md").read_text()
    assert "## Requests, one by one" in report
    assert report.count("| shop | buy |") == 2


def test_a_login_that_is_refused_fails_the_cell_with_what_was_answered(cells: list[dict[str, Any]]) -> None:
    for one in cells:
        if one["scenario"] == "refused":
            (problem,) = one["measurements"][0]["problems"]
            assert "the login failed: POST login: status 401 instead of status 200: " in problem["detail"]
            assert "wrong user or password" in problem["detail"]
