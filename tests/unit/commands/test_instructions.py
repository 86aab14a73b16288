"""The exit codes and files of `instructions`, with counts that are made up."""

import json
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import cli
from bench.commands import instructions as command
from bench.judge.instructions.changes import Changes, Counts, compared
from bench.model.instructions import Counted
from bench.run.session import counting
from bench.run.testbed.inprocess import valgrind

ONE = Counted("flask-gthread", "health", 1, 60, 60_000_000)


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Head needs 2 % more instructions than base."""

    def compare(_plan: Any, _repository: Path, revisions: tuple[str, str], *more: Any) -> Changes:
        assert revisions == ("main", ".")
        return compared(Counts(None, (ONE,)), Counts(None, (replace(ONE, instructions=61_200_000),)), more[-1])

    monkeypatch.setattr(counting, "valgrind", lambda: "/usr/bin/valgrind")
    monkeypatch.setattr(command, "taken", lambda *_, **__: nullcontext())
    monkeypatch.setattr(command, "clean_up", lambda _: ())
    monkeypatch.setattr(command, "count", lambda *_: Counts(None, (ONE,)))
    monkeypatch.setattr(command, "compare", compare)


def ended(*words: str) -> int:
    return cli.main(["instructions", *words])


def test_a_regression_exits_with_1_and_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = tmp_path / "verdict.md", tmp_path / "verdict.json"
    assert ended("--base", "main", "--markdown", str(files[0]), "--json", str(files[1])) == 1
    line = "regressed: flask-gthread, health, 1 user: instructions per request +2.00 %"
    assert line in capsys.readouterr().out
    assert "instructions per request +2.00 %" in files[0].read_text(encoding="utf-8")
    assert json.loads(files[1].read_text(encoding="utf-8"))["exit_code"] == 1


def test_a_wider_gate_lets_it_pass() -> None:
    assert ended("--base", "main", "--noise", "2.5%") == 0


def test_without_a_base_there_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--json", str(tmp_path / "counts.json")) == 0
    out = capsys.readouterr().out
    assert "1 000 000" in out.replace("\u202f", " ")
    assert "regress" not in out
    assert json.loads((tmp_path / "counts.json").read_text(encoding="utf-8"))["counted"][0]["stack"] == "flask-gthread"


@pytest.mark.parametrize("words", [("--head", "mine"), ("--noise", "1%"), ("--repo", ".")])
def test_what_is_about_a_comparison_needs_a_base(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(*words) == 2
    assert "give --base too" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("flask-gthread.threads=8", "unknown key 'threads'; known: env.NAME"),
        ("flask-sync.env.A=1", "unknown stack of this run 'flask-sync'"),
    ],
)
def test_a_setting_that_would_change_no_count_is_refused(
    setting: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("--stacks", "flask-gthread", "--set", setting) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--base", "main", "--markdown", str(tmp_path / "nowhere" / "verdict.md")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_without_valgrind_nothing_begins_and_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(counting, "valgrind", valgrind)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(command, "taken", lambda *_, **__: pytest.fail("it took the cores"))
    assert ended("--base", "main") == 2
    said = capsys.readouterr().err
    assert said == (
        "bench: instructions are counted by valgrind, which is not installed: on Debian or Ubuntu, "
        "apt-get install valgrind\n"
    )
