"""One's own app, measured without a fork: ten lines outside the checkout, and a TOML file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .harness import Done, Harness, run_json

pytestmark = pytest.mark.slow

WSGI = """
def app(environ, start_response):
    found = environ["PATH_INFO"] == "/hello" and environ["QUERY_STRING"] == "to=you"
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"hello, you"]
"""

ASGI = """
async def app(scope, receive, send):
    found = scope["type"] == "http" and scope["path"] == "/hello" and scope["query_string"] == b"to=you"
    await send({"type": "http.response.start", "status": 200 if found else 404})
    await send({"type": "http.response.body", "body": b"hello, you"})
"""

CONFIG = """
[stacks.mine-wsgi]
title = "My own app"
interface = "wsgi"
argv = ["gunicorn", "app_wsgi:app", "--bind", "{host}:{port}", "--threads", "{threads}", "--no-control-socket"]
threads = "users"
cwd = "apps"

[stacks.mine-asgi]
interface = "asgi"
argv = ["uvicorn", "app_asgi:app", "--host", "{host}", "--port", "{port}", "--lifespan", "off", "--no-access-log"]
slots = "unbounded"
cwd = "apps"

[scenarios.right]
requests = [{ path = "/hello?to=you", expect = { text = "hello, you" } }]

[scenarios.wrong]
requests = [{ path = "/hello?to=you", expect = { text = "hello, me" } }]

[profiles.mine]
stacks = ["mine-wsgi", "mine-asgi"]
scenarios = ["right", "wrong"]
users = [1]
warmup_s = 0.4
window_s = 0.8
rounds = 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "apps").mkdir()
    (folder / "apps" / "app_wsgi.py").write_text(WSGI)
    (folder / "apps" / "app_asgi.py").write_text(ASGI)
    (folder / "mine.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def done(shared_harness: Harness, folder: Path) -> Iterator[Done]:
    """The command, called from the folder of the app with paths relative to it."""
    yield shared_harness.run("run", "--config", "mine.toml", "--profile", "mine", "--out", "run", cwd=folder)
    assert shared_harness.left() == []


@pytest.fixture(scope="module")
def cells(done: Done, folder: Path) -> dict[tuple[str, str], Any]:
    assert done.code == 0, done.err
    return {(cell["stack"], cell["scenario"]): cell for cell in run_json(folder / "run")["cells"]}


@pytest.mark.parametrize("stack", ["mine-wsgi", "mine-asgi"])
def test_a_foreign_app_is_measured_by_path_status_and_body_of_the_table(
    cells: dict[tuple[str, str], Any], stack: str
) -> None:
    cell = cells[stack, "right"]
    assert cell["measurements"][0]["requests"]["ok"] > 10
    assert cell["measurements"][0]["requests"]["errors"] == cell["measurements"][0]["requests"]["timeouts"] == 0
    assert cell["measurements"][0]["throughput_rps"] > 10
    assert cell["measurements"][0]["memory"]["peak"]["rss_bytes"] > 5e6


@pytest.mark.parametrize("stack", ["mine-wsgi", "mine-asgi"])
def test_a_body_that_is_not_the_one_of_the_table_is_an_error(cells: dict[tuple[str, str], Any], stack: str) -> None:
    cell = cells[stack, "wrong"]
    assert cell["measurements"][0]["requests"]["ok"] == 0
    assert cell["measurements"][0]["requests"]["by_error"] == {
        "wrong body": cell["measurements"][0]["requests"]["errors"]
    }
    assert cell["measurements"][0]["outcome"] in {"degraded", "invalid"}


def test_stacks_of_the_file_are_listed_beside_those_of_the_project(harness: Harness, folder: Path) -> None:
    done = harness.run("list", "--config", folder / "mine.toml")
    assert done.code == 0
    for name in ("mine-wsgi", "My own app", "flask-sync", "weather", "right", "smoke"):
        assert name in done.out
