"""Instructions counted for real, under valgrind: an injected loop is found, and what changes nothing is not."""

import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from .harness import Harness, finish, until
from .repository import GitRepository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="there is no valgrind: apt-get install valgrind"),
]

WORK = "def do():\n    for _ in range(%d):\n        pass\n"
UNUSED = "\n\ndef unused():\n    return [1.5, 'never called']\n"
APPS: Mapping[str, str] = {
    "loop.py": """
import work

async def app(scope, receive, send):
    if scope["type"] == "http":
        work.do()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
""",
    "thread.py": """
import work

def make():
    def app(environ, start_response):
        work.do()
        start_response("200 OK", [])
        return [b"ok"]
    return app
""",
}
CONFIG = """
[stacks.loop]
interface = "asgi"
argv = ["uvicorn", "loop:app", "--port", "{port}"]

[stacks.thread]
interface = "wsgi"
argv = ["gunicorn", "thread:make()"]

[stacks.elsewhere]
interface = "wsgi"
argv = ["serve", "--port", "{port}"]

[scenarios.look]
requests = [{ path = "/", expect = { text = "ok" } }]

[scenarios.other]
requests = [{ path = "/", expect = { text = "never" } }]
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    one = GitRepository(tmp_path_factory.mktemp("service"))
    one.git("init", "--quiet")
    for name, text in {**APPS, "mine.toml": CONFIG, "work.py": WORK % 10_000, ".gitignore": "__pycache__"}.items():
        one.write(name, text)
    one.commit("base")
    one.write("work.py", WORK % 10_000 + UNUSED)
    one.commit("neutral")
    one.write("work.py", WORK % 10_200 + UNUSED)
    one.commit("slower")
    return one


def words(repository: GitRepository, *more: str, scenario: str = "look") -> list[str]:
    config = str(repository.folder / "mine.toml")
    return ["instructions", "--config", config, "--scenarios", scenario, "--users", "1", *more]


def compared(repository: GitRepository, head: str) -> list[str]:
    own = ("--repo", str(repository.folder), "--stacks", "loop,thread", "--base", "base", "--head", head)
    return words(repository, *own)


def test_a_change_that_nobody_calls_is_no_regression(
    harness: Harness, repository: GitRepository, tmp_path: Path
) -> None:
    done = harness.run(*compared(repository, "neutral"), "--markdown", tmp_path / "verdict.md")
    assert done.code == 0, done.out + done.err
    assert "no regression: 2 counts, each within its gate" in (tmp_path / "verdict.md").read_text(encoding="utf-8")
    assert harness.left() == []
    assert repository.untouched()


def test_a_loop_worth_2_per_cent_is_found_in_both(harness: Harness, repository: GitRepository) -> None:
    done = harness.run(*compared(repository, "slower"))
    assert done.code == 1, done.out + done.err
    assert done.out.startswith("regressed: ")
    assert "; and 1 more" in done.out
    assert done.out.count(" regressed") == 2


def test_one_revision_is_counted_where_it_lies(harness: Harness, repository: GitRepository) -> None:
    done = harness.run(*words(repository, "--stacks", "thread"))
    assert done.code == 0, done.err
    assert "look" in done.out
    assert "regress" not in done.out


def test_a_wrong_answer_and_a_stack_without_an_application_exit_with_2(
    harness: Harness, repository: GitRepository
) -> None:
    wrong = harness.run(*words(repository, "--stacks", "thread", scenario="other"))
    assert wrong.code == 2
    assert "thread answers other wrongly: status 200 where right is" in wrong.err
    refused = harness.run(*words(repository, "--stacks", "elsewhere"))
    assert refused.code == 2
    assert "elsewhere cannot be counted: its argv must name one application" in refused.err


def test_a_signal_ends_it_and_nothing_is_left(harness: Harness, repository: GitRepository) -> None:
    process = harness.start(*compared(repository, "slower"))
    until(lambda: _counting(process.pid), "a process that is counted")
    counting = _counting(process.pid)
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert done.code == 128 + signal.SIGTERM, done.err
    assert [one for one in counting if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert harness.left() == []
    assert repository.untouched()


def _counting(pid: int) -> list[psutil.Process]:
    """What valgrind runs: the harness's mark is not in its environment, which is fixed."""
    found = []
    for one in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any("--tool=callgrind" in word for word in one.cmdline()):
                found.append(one)
    return found
