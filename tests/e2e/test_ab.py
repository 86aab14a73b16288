"""A/B sessions through the real command line: two revisions of a small service of a repository of its own."""

import signal
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from .harness import Done, Harness, exit_code, finish, run_json, until
from .repository import GitRepository
from .witness import Witness

APP = """
import work

async def app(scope, receive, send):
    if scope["type"] == "http":
        work.do()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
"""
WORK = "def do():\n    for _ in range(%d):\n        pass\n"
MINE = """
[stacks.small]
interface = "asgi"
argv = ["uvicorn", "app:app", "--port", "{port}", "--lifespan", "off", "--no-access-log", "--log-level", "warning"]

[stacks.other]
interface = "asgi"
argv = ["uvicorn", "app:app", "--port", "{port}", "--lifespan", "off", "--no-access-log", "--log-level", "warning"]
cwd = "elsewhere"

[scenarios.look]
requests = [{ path = "/", expect = { text = "ok" } }]
timeout_s = 5.0

[profiles.ab]
stacks = ["small"]
scenarios = ["look"]
users = [4]
warmup_s = 0.3
window_s = 0.45
window_limit_s = 1.0
rounds = 9
"""
MACHINES_DOING = {"generator stalled", "load side saturated", "upstream late", "users idle"}
"""The problems that a cell of this service and load may have: none of them says that it did not serve."""


@dataclass(frozen=True, slots=True)
class Repository(GitRepository):
    """A repository with a service, and how it is asked about."""

    @property
    def words(self) -> list[str]:
        return [
            "--repo",
            str(self.folder),
            "--config",
            str(self.folder / "mine.toml"),
            "--closed-only",
            "--slice",
            "0.15",
        ]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    one = Repository(tmp_path_factory.mktemp("service"))
    one.git("init", "--quiet")
    one.write("mine.toml", MINE)
    one.write("app.py", APP)
    one.write("work.py", WORK % 20_000)
    one.commit("base")
    one.write("work.py", WORK % 32_000)
    one.commit("slower")
    one.write("app.py", "raise SystemExit('this revision does not start')")
    one.commit("broken")
    one.git("checkout", "--quiet", "base")
    return one


@dataclass(frozen=True, slots=True)
class Asked:
    """What a session is to compare base with, and how.

    A busy machine may spoil a few restarts, so there are more than its family of six figures needs at this alpha.
    """

    head: str
    alpha: str
    restarts: int
    needed: int


@dataclass(frozen=True, slots=True)
class Session:
    """One that has ended: how, and where it lies."""

    asked: Asked
    done: Done
    folder: Path


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Asked("slower", "0.4", restarts=5, needed=4), marks=pytest.mark.live, id="slower"),
        pytest.param(
            Asked("base", "0.05", restarts=8, needed=7), marks=[pytest.mark.live, pytest.mark.slow], id="same code"
        ),
    ],
)
def session(
    request: pytest.FixtureRequest,
    repository: Repository,
    shared_harness: Harness,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    asked: Asked = request.param
    folder = tmp_path_factory.mktemp("ab") / asked.head
    words = (
        "--base",
        "base",
        "--head",
        asked.head,
        "--alpha",
        asked.alpha,
        "--restarts",
        str(asked.restarts),
        "--anyway",
    )
    with Witness() as witness:
        done = shared_harness.run("ab", *repository.words, *words, "--out", folder)
    assert (folder / "run.json").is_file(), done.err
    witness.excuse(sound(folder) >= asked.needed)
    return Session(asked, done, folder)


def sound(folder: Path) -> int:
    """The restarts of a session in which both sides were measured without a problem that invalidates them."""
    cells = run_json(folder)["cells"]
    return sum(all(one["outcome"] == "ok" for one in cell["measurements"]) for cell in cells)


def test_what_is_half_as_slow_again_is_a_regression_and_the_same_code_is_none(session: Session) -> None:
    if session.asked.head == "slower":
        assert session.done.code == 1, session.done.out
        assert "regressed: small, look, 4 users" in session.done.out
    else:
        assert session.done.code in {0, 4}, session.done.out
        assert "ran and read the same files" in session.done.out


def test_the_verdict_is_told_again_from_the_raw_samples(session: Session, shared_harness: Harness) -> None:
    said = finish(
        shared_harness.popen(
            (sys.executable, "compare.py", "diff", str(session.folder), "--alpha", session.asked.alpha)
        )
    )
    assert said.code == session.done.code
    assert said.out in session.done.out


def test_each_side_proves_which_code_it_ran(session: Session, repository: Repository) -> None:
    run = run_json(session.folder)
    base, head = run["ab"]["base"], run["ab"]["head"]
    assert (base["commit"], head["commit"]) == tuple(
        repository.git("rev-parse", ref) for ref in ("base", session.asked.head)
    )
    assert (base["code"] == head["code"]) is (session.asked.head == "base")


def test_slices_take_turns_and_every_restart_has_both_sides(session: Session) -> None:
    run = run_json(session.folder)
    assert [cell["round"] for cell in run["cells"]] == list(range(1, session.asked.restarts + 1))
    for cell in run["cells"]:
        slices = cell["slices"]
        assert [one["number"] for one in slices] == list(range(len(slices)))
        assert sorted(one["measurement"] for one in slices) == [0] * (len(slices) // 2) + [1] * (len(slices) // 2)
        assert all(before["done_s"] < after["begin_s"] for before, after in pairwise(slices))
        assert all(one["requests"]["ok"] > 0 and not one["requests"]["errors"] for one in cell["measurements"])
        assert not any(one["requests"]["timeouts"] for one in cell["measurements"])
    measurements = [one for cell in run["cells"] for one in cell["measurements"]]
    assert {one["outcome"] for one in measurements} <= {"ok", "invalid"}
    assert {problem["name"] for one in measurements for problem in one["problems"]} <= MACHINES_DOING
    assert sound(session.folder) >= session.asked.needed


def test_nothing_is_left_of_a_session(session: Session, repository: Repository, shared_harness: Harness) -> None:
    assert session.folder.is_dir()
    assert repository.untouched()
    assert shared_harness.left() == []


@pytest.mark.slow
def test_code_that_did_not_change_is_not_measured(harness: Harness, repository: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = harness.run("ab", *repository.words, "--base", "base", "--head", "base", "--out", folder)
    assert done.code == 0, done.err
    assert "no regression: nothing measured" in done.out
    assert run_json(folder)["cells"] == []
    assert harness.left() == []


@pytest.mark.slow
def test_a_signal_ends_a_session_and_nothing_is_left(harness: Harness, repository: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = harness.start("ab", *repository.words, "--base", "base", "--head", "slower", "--out", folder)
    until((folder / "cells").is_dir, "a cell")
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert done.code == 128 + signal.SIGTERM
    assert f"show them with python -m bench diff {folder}" in done.err
    assert harness.left() == []
    assert repository.untouched()


@pytest.mark.slow
def test_a_head_that_does_not_start_is_refused_with_words_and_never_with_a_verdict(
    harness: Harness, repository: Repository, tmp_path: Path
) -> None:
    done = harness.run("ab", *repository.words, "--base", "base", "--head", "broken", "--out", tmp_path / "run")
    assert done.code == 2, done.err
    assert "bench: head (broken): small ended with exit code 1" in done.err
    assert harness.left() == []
    assert repository.untouched()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--base", "nowhere"], "has no revision 'nowhere'; a shallow clone may have to fetch it first"),
        (["--base", "base", "--restarts", "5"], "5 restarts cannot show anything at alpha 0.05 with 6 gated metrics"),
        (
            ["--base", "base", "--alpha", "1e-9"],
            "cannot show anything at alpha 1e-09 with 6 gated metrics: take a larger",
        ),
        (["--base", "base", "--stacks", "other"], "base has no folder elsewhere for other"),
        (["--base", "base", "--stacks", "flask-gthread"], "which is not in the repository"),
        (["--base", "base", "--repo", "/"], "git rev-parse --show-toplevel: fatal: not a git repository"),
        (["--base", "base", "--alpha", "2"], "write a probability above 0"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_words_and_never_with_a_verdict(
    repository: Repository, tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("ab", *repository.words, *words, "--out", tmp_path / "run") == 2
    assert message in capsys.readouterr().err
    assert repository.untouched()


@pytest.mark.slow
def test_code_that_comes_from_elsewhere_is_noticed(harness: Harness, repository: Repository, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("app.py", "work.py"):
        (elsewhere / name).write_text((repository.folder / name).read_text())
    mine = tmp_path / "mine.toml"
    mine.write_text(
        MINE.replace('"--port"', f'"--app-dir", "{elsewhere}", "--port"').replace(
            "[stacks.other]", f'cwd = "{repository.folder}"\n\n[stacks.other]'
        )
    )
    given = repository.words.index("--config") + 1
    words = [*repository.words[:given], str(mine), *repository.words[given + 1 :]]
    words += ["--base", "base", "--out", str(tmp_path / "run")]
    done = harness.run("ab", *words)
    assert done.code == 2
    assert "imported nothing from" in done.err
