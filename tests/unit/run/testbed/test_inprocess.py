"""An application called in its own process: which one, in which environment, and what is said where it cannot be."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import Stack
from bench.run.host.signals import StopRequest
from bench.run.testbed import inprocess
from bench.run.testbed.inprocess import Application, Caller, Calls, InPlace, application, copy_program, valgrind

APP = """
import os, sys
def app(environ, start_response):
    start_response("200 OK", [])
    return [";".join([environ["PATH_INFO"], os.environ["CALLED"], *sorted(os.environ), *sys.path[:2]]).encode()]
"""
REQUEST = {"method": "GET", "target": "/look?n=1", "headers": [], "body": ""}
CALLS = Calls(7, (REQUEST, {**REQUEST, "target": "/again"}), 1, 1, 2)


def stack(folder: Path, *argv: str) -> Stack:
    return Stack("mine", "Mine", "wsgi", argv, {"CALLED": "{upstream}, {users}"}, 1, 1, 1, None, str(folder))


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("gunicorn", "flask_app.app:create_app()", "--bind", "{host}:{port}"), ("flask_app.app:create_app", True)),
        (("uvicorn", "--factory", "a.b:make", "--port", "{port}"), ("a.b:make", True)),
        (("uvicorn", "main:app", "--host", "127.0.0.1:80"), ("main:app", False)),
    ],
)
def test_the_application_is_the_one_that_the_argv_names(argv: tuple[str, ...], expected: tuple[str, bool]) -> None:
    assert application(stack(Path(), *argv)) == Application(*expected)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"argv": ("flask", "run")}, "MODULE:NAME or 'MODULE:NAME\\(\\)', and it names none"),
        ({"argv": ("serve", "a:b", "c:d()")}, "and it names a:b and c:d\\(\\)"),
        ({"interface": None}, 'write `interface = "wsgi"` or "asgi"'),
        ({"url": "http://127.0.0.1:80"}, "runs already at http://127.0.0.1:80"),
        ({"needs": ("db",)}, "it `needs` companions, and only the application"),
        ({"prepare": ("migrate",)}, "it has something to `prepare`"),
    ],
)
def test_a_stack_that_cannot_be_called_is_refused_in_words(changes: dict[str, object], said: str) -> None:
    one = replace(stack(Path(), "gunicorn", "a:b"), **changes)  # type: ignore[arg-type]
    with pytest.raises(BenchError, match=f"stack mine cannot be counted: .*{said}"):
        application(one)


def test_without_valgrind_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BenchError, match="apt-get install valgrind") as caught:
        valgrind()
    assert caught.value.exit_code == 2


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    copy_program(tmp_path)
    return Caller(tmp_path, "http://127.0.0.1:9", 50, (), StopRequest())


def written(folder: Path, text: str) -> Stack:
    folder.mkdir()
    (folder / "serve.py").write_text(text, encoding="utf-8")
    return stack(folder, sys.executable, "serve:app")


def test_the_application_answers_from_its_own_folder_in_a_fixed_environment(
    tmp_path: Path, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "of the user")
    one = written(tmp_path / "service", APP)
    first, second = caller.answers("head", InPlace(), one, CALLS)
    path, called, *names = first.body.decode().split(";")
    assert (first.status, path, second.body.decode().partition(";")[0]) == (200, "/look", "/again")
    assert called == "http://127.0.0.1:9, 50"
    kept = {name for name in inprocess.KEPT if name in os.environ}
    assert set(names[:-2]) == {*inprocess.FIXED, *kept, "CALLED"}
    assert names[-2] == str(tmp_path / "service")
    assert "inprocess" not in os.listdir(tmp_path / "service")  # noqa: PTH208


def test_an_application_that_cannot_be_imported_is_told_with_its_error(tmp_path: Path, caller: Caller) -> None:
    one = written(tmp_path / "service", "import nowhere_at_all\n")
    with pytest.raises(BenchError, match=r"base, mine cannot be called \(exit code 1\): .*No module named"):
        caller.answers("base", InPlace(), one, CALLS)


def test_an_answer_of_another_status_than_before_is_told(tmp_path: Path, caller: Caller) -> None:
    one = written(
        tmp_path / "service",
        "from itertools import count\n"
        "numbers = count()\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK' if next(numbers) < 3 else '504 Gateway Timeout', [])\n"
        "    return []\n",
    )
    with pytest.raises(BenchError, match="was answered with 200, and later with 504"):
        caller.answers("base", InPlace(), one, CALLS)


def test_the_files_of_base_and_of_head_have_paths_of_the_same_length(caller: Caller) -> None:
    one = caller._file("base", replace(CALLS, number=9), "log")
    other = caller._file("head", replace(CALLS, number=1234), "log")
    assert len(str(one)) == len(str(other))
    assert one != other
