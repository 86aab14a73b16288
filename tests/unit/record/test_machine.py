"""The git state that a run records."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bench.record.machine import distributions, git_state

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    (folder / "app.py").write_text("pass\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(("git", *words), cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_a_repository_has_a_commit_and_uncommitted_changes_or_none(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert git_state(repository) == git_state(repository / "deep") == (commit, False)
    (repository / "new.py").write_text("pass\n")
    assert git_state(repository) == git_state(repository / "deep") == (commit, True)


def test_runs_within_the_repository_are_no_change_of_it(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "deep")
    for folder in ("results/first", "run*"):
        (repository / "deep" / folder).mkdir(parents=True)
        (repository / "deep" / folder / "run.json").write_text("{}")
    aside = [Path("results"), repository / "deep/run*", repository.parent / "elsewhere"]
    assert git_state(repository)[1] is True
    assert git_state(repository, aside[:1])[1] is True
    assert git_state(repository, aside)[1] is False
    assert git_state(Path(), aside)[1] is False
    (repository / "deep/runs").write_text("a file, and no match of a pattern\n")
    assert git_state(repository, aside)[1] is True


def test_a_run_in_the_top_folder_of_the_repository_hides_no_change(repository: Path) -> None:
    (repository / "new.py").write_text("pass\n")
    assert git_state(repository, [repository])[1] is True


def test_without_git_nothing_is_known(tmp_path: Path) -> None:
    assert git_state(tmp_path) == (None, None)


def test_every_installed_distribution_is_told_with_its_version() -> None:
    found = distributions()
    assert found["numpy"] == version("numpy")
    assert list(found) == sorted(found)


def test_a_repository_in_a_folder_with_an_umlaut_has_a_commit_where_the_locale_has_ascii_only(repository: Path) -> None:
    folder = repository.rename(repository.with_name("Gr\u00fc\u00dfe"))
    (folder / "f\u00fcr").write_text("new\n")
    program = "from pathlib import Path; from bench.record.machine import git_state; print(git_state(Path(), [Path()]))"
    done = subprocess.run(
        (sys.executable, "-c", program),
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert done.stdout.decode().strip() == str((git(folder, "rev-parse", "HEAD"), True))
