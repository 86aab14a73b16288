"""What is asked wrongly ends with 2 and one line that names it, before anything is started."""

import sys
from pathlib import Path

import pytest

from .conftest import Config
from .harness import Harness, exit_code, finish, run_json, until


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((), "the following arguments are required: COMMAND"),
        (
            ("bench",),
            "unknown command bench; known: list, run, capacity, flame, ab, instructions, report, diff, ",
        ),
        (("run", "--user", "10"), "unknown option --user: did you mean --users?"),
        (("run", "--resume", "gone", "--users=2"), "--resume continues a run with its own options: leave out --users"),
        (("run", "--stacks", "flask"), "--stacks: unknown stack 'flask'; known: flask-sync, "),
        (("run", "--scenarios", "wether"), "--scenarios: unknown scenario 'wether'; known: health, "),
        (("run", "--profile", "fast"), "--profile: unknown profile 'fast'; known: smoke, bench, capacity, ab, "),
        (("run", "--users", "0"), "--users: '0': write a whole number"),
        (("run", "--rounds", "0"), "--rounds: '0': write a whole number"),
        (("run", "--window", "nan"), "--window: 'nan': write seconds"),
        (("run", "--config", "gone.toml"), "gone.toml: there is no such file"),
        (("run", "--set", "flask-sync.argv=x"), "unknown key 'argv'; known: workers, threads, slots, env.NAME"),
        (("run", "--resume", "gone"), "gone cannot be used as a run folder: No such file"),
        (("run", "--resume", "."), "holds no run.json: is it a run folder?"),
        (("run", "--out", "bench.toml"), "the run folder bench.toml cannot be made"),
        (("run", "--out", "bench.toml/run"), "the run folder bench.toml/run cannot be made"),
        (("serve", "flask"), "unknown stack 'flask'"),
        (("serve", "flask-sync", "--port", "70000"), "'70000': write a port from 1 to 65535"),
        (("serve", "flask-sync", "--set", "flask-sync.workers=1,2"), "serve takes one stack"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_clear_message(
    arguments: tuple[str, ...],
    wanted: str,
    monkeypatch: pytest.MonkeyPatch,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(checkout)
    assert exit_code(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert wanted in said.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("run", "--stacks", "flask"), "--stacks: unknown stack 'flask'; known: flask-sync, "),
        (("run", "--profile", "smoke", "--out", "/proc/run"), "the run folder /proc/run cannot be made"),
    ],
)
@pytest.mark.slow
def test_so_it_is_in_a_program_of_its_own(harness: Harness, arguments: tuple[str, ...], wanted: str) -> None:
    done = harness.run(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert wanted in done.err.splitlines()[-1]


def test_a_malformed_file_is_one_clear_message(harness: Harness, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("[stacks.flask-sync]\nworker = 3\n")
    done = harness.run("run", "--config", mine)
    assert done.code == 2
    assert done.err.startswith("bench: ")
    assert f"{mine}: stacks.flask-sync.worker: unknown key; known: like, title, interface, argv" in done.err
    assert done.err.count("\n") == 1


def test_names_that_the_locale_has_no_letters_for_are_listed_all_the_same(harness: Harness, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[stacks."ünï"]\ninterface = "wsgi"\nargv = ["a"]\n', encoding="utf-8")
    argv = (sys.executable, "-m", "bench", "list", "--config", str(mine))
    done = finish(harness.popen(argv, {"PYTHONIOENCODING": "ascii"}))
    assert done.code == 0, done.err
    assert r"\xfcn\xef" in done.out


LOCUSTFILES = """
[scenarios.unfinished]
locustfile = "unfinished.py"
"""


@pytest.mark.slow
def test_a_locustfile_that_is_no_python_is_refused_with_what_python_says_before_anything_starts(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    mine = config("good")
    (mine.parent / "unfinished.py").write_text("def half(:\n")
    mine.write_text(mine.read_text() + LOCUSTFILES)
    done = harness.run(
        "run", "--config", mine, "--profile", "tiny", "--scenarios", "unfinished", "--out", tmp_path / "run"
    )
    assert done.code == 2
    said = "bench: scenarios.unfinished.locustfile: unfinished.py cannot be imported by Locust (exit code 1):\n"
    assert done.err.startswith(said)
    assert "SyntaxError" in done.err
    assert not (tmp_path / "run").exists()
    assert harness.left() == []


def test_a_locustfile_that_is_missing_is_found_before_anything_starts(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    mine = config("good")
    mine.write_text(mine.read_text() + '[scenarios.absent]\nlocustfile = "gone.py"\n')
    done = harness.run("run", "--config", mine, "--profile", "tiny", "--scenarios", "absent", "--out", tmp_path / "run")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"bench: scenarios.absent.locustfile: there is no file {mine.parent / 'gone.py'}\n"
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_is_measured_and_shown_in_a_folder_with_an_umlaut_where_the_locale_has_ascii_only(
    harness: Harness, config: Config
) -> None:
    mine = config("good")
    folder = mine.parent.rename(mine.parent.with_name("Gr\u00fc\u00dfe"))
    mine = folder / mine.name
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    words = ("run", "--config", mine, "--profile", "tiny", "--out", folder / "run")
    done = finish(harness.start(*words, env=ascii_only, cwd=folder))
    assert done.code == 0, done.err
    assert run_json(folder / "run")["argv"][2] == str(mine)
    again = finish(harness.start("report", "run", changed=None, env=ascii_only, cwd=folder))
    assert (again.code, again.err) == (0, "")
    assert harness.left() == []


@pytest.mark.slow
def test_what_cannot_be_recorded_ends_the_run_with_1_and_where_it_was(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "cells").touch()
    done = harness.run("run", "--config", config("good"), "--profile", "tiny", "--out", folder)
    assert done.code == 1
    (message,) = [line for line in done.err.splitlines() if line.startswith("bench: ")]
    assert "good, look, 2 users, round 1, in phase record; 0 finished cells are kept in" in message
    assert harness.left() == []


@pytest.mark.slow
def test_two_runs_at_once_each_measure_their_own_and_never_share_a_folder(
    harness: Harness, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = config("good")
    words = ("run", "--config", mine, "--profile", "tiny", "--window", "1.5", "--out")
    first, second = (harness.start(*words, tmp_path / name) for name in ("first", "second"))
    until((tmp_path / "first" / "run.json").exists)
    assert exit_code(*words, tmp_path / "first") == 2
    assert "another run is writing into" in capsys.readouterr().err
    for process, name in ((first, "first"), (second, "second")):
        process.communicate(timeout=60)
        assert process.returncode == 0
        (cell,) = run_json(tmp_path / name)["cells"]
        assert cell["measurements"][0]["requests"]["ok"] > 0
        assert cell["measurements"][0]["requests"]["errors"] == 0
    assert harness.left() == []


def test_a_window_shorter_than_a_request_is_recorded_for_what_it_is_and_the_run_exits_with_1(
    harness: Harness, config: Config, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    done = harness.run(
        "run", "--config", config("slow"), "--profile", "tiny", "--users", "1", "--warmup", "0.1", "--window", "0.2",
        "--out", folder,
    )  # fmt: skip
    assert done.code == 1, done.err
    assert f"slow served nothing; the logs are in {folder}/logs" in done.err
    (cell,) = run_json(folder)["cells"]
    assert cell["measurements"][0]["requests"]["ok"] == 0
    assert cell["measurements"][0]["latency_s"] is None
    assert "nothing served" in {problem["name"] for problem in cell["measurements"][0]["problems"]}
