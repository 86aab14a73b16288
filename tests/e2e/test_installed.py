"""The program as a user installs it: from a wheel, into its own environment, to measure an app of another folder."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench import __version__
from bench.record.machine import distributions

from .conftest import ROOT
from .harness import Done, Harness, run_json

pytestmark = pytest.mark.slow
PATIENCE_S = 300.0

SERVER = """#!{python}
import sys
sys.path.insert(0, "")
from wsgiref.simple_server import WSGIRequestHandler, make_server
import app
WSGIRequestHandler.log_message = lambda *_: None
make_server("127.0.0.1", int(sys.argv[1]), app.app).serve_forever()
"""
"""A stranger's program that is called as one of ours is."""

APP = """
import importlib.util
import theirs
OURS = ("bench", "flask_app", "fastapi_app", "upstream", "inprocess", "loadtests", "flask", "locust")
found = [name for name in OURS if importlib.util.find_spec(name)]
def app(environ, start_response):
    body = f"{theirs.NAME}, beside {found}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

CONFIG = """
[stacks.named]
interface = "wsgi"
argv = ["gunicorn", "{port}"]
programs = ".venv/bin"

[stacks.on-path]
interface = "wsgi"
argv = ["gunicorn", "{port}"]

[stacks.python]
interface = "wsgi"
argv = ["python", ".venv/bin/gunicorn", "{port}"]

[scenarios.hello]
requests = [{ path = "/", expect = { text = "theirs, beside []" } }]

[profiles.mine]
stacks = ["named", "on-path", "python"]
scenarios = ["hello"]
users = [1]
warmup_s = 0.4
window_s = 1.0
rounds = 1

[profiles.ab]
stacks = ["named"]
scenarios = ["hello"]
users = [1]
warmup_s = 0.3
window_s = 0.45
window_limit_s = 1.0
rounds = 6
"""


def call(*argv: str | Path, cwd: Path) -> str:
    return subprocess.run(tuple(map(str, argv)), cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def stackduel(wheel: Path) -> Path:
    """The command, in an environment of its own that has what the wheel asks for, in the versions of this one."""
    (wheel.parent / "versions").write_text("".join(f"{name}=={has}\n" for name, has in distributions().items()))
    call(sys.executable, "-m", "venv", "own", cwd=wheel.parent)
    programs = wheel.parent / "own/bin"
    pip = (programs / "python", "-m", "pip", "install", "--no-compile", "--constraint", "versions")
    call(*pip, wheel, cwd=wheel.parent)
    return programs / "stackduel"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an app, its table, and an environment that git ignores, with a `gunicorn` and a module."""
    folder = tmp_path_factory.mktemp("service")
    call(sys.executable, "-m", "venv", "--without-pip", ".venv", cwd=folder)
    (site,) = (folder / ".venv").glob("lib/python*/site-packages")
    (site / "theirs.py").write_text('NAME = "theirs"\n')
    program = folder / ".venv/bin/gunicorn"
    program.write_text(SERVER.format(python=folder / ".venv/bin/python"))
    program.chmod(0o755)
    for name, text in (("app.py", APP), ("mine.toml", CONFIG), (".gitignore", ".venv/\n__pycache__/\n")):
        (folder / name).write_text(text)
    call("git", "init", "--quiet", cwd=folder)
    call("git", "add", "--all", cwd=folder)
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    call("git", *identity, "commit", "--quiet", "--message", "first", cwd=folder)
    return folder


@dataclass(frozen=True, slots=True)
class Installed:
    """The command, called from a folder without anything of ours on PATH or PYTHONPATH."""

    harness: Harness
    program: Path
    service: Path

    def __call__(self, words: Sequence[str | Path], cwd: Path) -> Done:
        path = f"{self.service / '.venv/bin'}{os.pathsep}{os.defpath}"
        argv = (str(self.program), *map(str, words))
        process = self.harness.popen(argv, {"PATH": path, "PYTHONPATH": ""}, cwd)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert self.harness.left() == []
        return Done(process.returncode, out, err)


@pytest.fixture(scope="module")
def installed(stackduel: Path, service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    harness = Harness(tmp_path_factory.mktemp("nothing"))
    yield Installed(harness, stackduel, service)
    harness.clean_up()


@pytest.fixture(scope="module")
def elsewhere(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, from which the app was measured."""
    folder = tmp_path_factory.mktemp("elsewhere")
    words = ("run", "--config", installed.service / "mine.toml", "--profile", "mine", "--force")
    done = installed(words, folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def run(elsewhere: Path) -> dict[str, Any]:
    return run_json(elsewhere / "results/latest")


def test_the_wheel_has_one_top_level_module_and_no_bytecode(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"bench", f"stackduel-{__version__}.dist-info"}
    assert [name for name in names if "__pycache__" in name] == []
    kept = {name.split("/")[2] for name in names if name.startswith("bench/bundled/")}
    assert kept == {"bench.toml", "flask_app", "fastapi_app", "upstream", "inprocess", "loadtests"}


def test_the_command_has_every_verb_and_lists_what_came_with_it(installed: Installed, tmp_path: Path) -> None:
    assert installed(["--version"], tmp_path).out == f"stackduel {__version__}\n"
    helped = installed(["--help"], tmp_path).out
    assert all(
        f"\n    {verb} " in helped for verb in ("list", "serve", "selftest", "run", "ab", "report", "diff", "export")
    )
    assert "flask-gthread" in installed(["list"], tmp_path).out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stack", ["named", "on-path", "python"])
def test_an_app_of_another_folder_is_measured_with_its_own_programs_and_none_of_our_modules(
    run: dict[str, Any], stack: str
) -> None:
    (cell,) = (cell for cell in run["cells"] if cell["stack"] == stack)
    assert cell["measurements"][0]["requests"]["ok"] > 20
    assert cell["measurements"][0]["requests"]["by_error"] == {}


def test_the_run_lies_in_the_current_folder_and_knows_the_apps_commit_and_what_is_installed(
    run: dict[str, Any], elsewhere: Path, service: Path
) -> None:
    assert {path.name for path in elsewhere.iterdir()} == {"results"}
    assert (run["commit"], run["dirty"]) == (call("git", "rev-parse", "HEAD", cwd=service), False)
    assert (run["source"], run["lock_sha256"]) == (str(service), None)
    assert run["distributions"]["stackduel"] == __version__
    assert run["distributions"]["numpy"] == distributions()["numpy"]


def test_a_run_is_reported_compared_and_complete(installed: Installed, elsewhere: Path, run: dict[str, Any]) -> None:
    reported = installed(["report", "--json", "figures.json"], elsewhere)
    assert reported.code == 0, reported.err
    assert {row["stack"] for row in json.loads((elsewhere / "figures.json").read_text())["rows"]} == {
        cell["stack"] for cell in run["cells"]
    }
    again = installed(["run", "--resume", "results/latest"], elsewhere)
    assert again.code == 0, again.err
    assert run_json(elsewhere / "results/latest") == run
    same = installed(["diff", "results/latest", f"results/../results/{run['id']}"], elsewhere)
    assert (same.code, "are the same run" in same.err) == (2, True)


def test_a_stack_of_ours_is_measured_from_anywhere_whatever_modules_lie_there(
    installed: Installed, tmp_path: Path
) -> None:
    for name in ("bench", "flask_app", "upstream", "loadtests", "locust", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the current folder')\n")
    one = ("--stacks", "flask-gthread", "--scenarios", "weather", "--users", "2", "--rounds", "1", "--window", "1")
    done = installed(["run", *one, "--force"], tmp_path)
    assert done.code == 0, done.err
    (cell,) = run_json(tmp_path / "results/latest")["cells"]
    assert cell["measurements"][0]["requests"]["ok"] > 5
    assert cell["measurements"][0]["upstream"]["hits"]["weather"] > 5


def test_two_revisions_of_the_current_folder_are_compared_and_the_repository_stays_clean(
    installed: Installed, service: Path, tmp_path: Path
) -> None:
    asked = ("--closed-only", "--anyway", "--restarts", "7", "--slice", "0.15", "--force")
    words = ["ab", "--base", "HEAD", "--config", "mine.toml", *asked, "--out"]
    done = installed([*words, tmp_path / "ab"], service)
    assert done.code in {0, 4}, done.out + done.err
    assert "ran and read the same files" in done.out
    again = installed(["diff", tmp_path / "ab"], tmp_path)
    assert again.code == done.code
    (service / "results/selftest.json").unlink()
    (service / "results/latest").unlink()
    assert call("git", "status", "--porcelain", cwd=service) == ""
    assert len(call("git", "worktree", "list", cwd=service).splitlines()) == 1
