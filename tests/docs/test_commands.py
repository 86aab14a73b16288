"""Every command of the pages exists: it has a test, its command line accepts it, and its run can be planned."""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from bench.commands import planning
from bench.plan.config import DEFAULT_CONFIG, Config, load_config

from .markdown import PAGES, ROOT, inline_code
from .project import (
    BENCH,
    COMPARE,
    EVERY,
    PARSERS,
    PROFILE,
    PYTEST,
    STACKDUEL,
    UPSTREAM,
    accepted,
    parsed,
    starting,
    tables_of,
)
from .shell import Command, split

NOT_RUN: Mapping[tuple[str, ...], str] = {
    (".", ".venv/bin/activate"): "it changes the shell; the tests run with the programs that it puts on PATH",
    ("gh", "run", "download"): "it needs a run on GitHub, and the permission to read it",
}
"""Commands that no test runs, by their first words, with the reason."""

RUN_ELSEWHERE: Mapping[tuple[str, ...], str] = {
    (*BENCH, "ab"): "tests/e2e/test_ab.py: two revisions take minutes even when shortened",
    (*BENCH, "instructions"): "tests/e2e/test_instructions.py: it takes valgrind and minutes",
    (*BENCH, "selftest"): "tests/e2e/test_selftest.py: it takes a minute",
    ("python", "-m", "pyperf"): "tests/unit/show/export/test_pyperf.py: it needs the files of an export",
    ("pip", "install"): "tests/e2e/test_installed.py: it builds a package and an environment",
    ("python", "-m", "tests.calibration.trend"): "tests/calibration/test_trend.py: it takes a minute",
    STACKDUEL: "tests/e2e/test_installed.py: it needs that environment",
}
"""Commands that are only parsed here, by their first words, and the test that runs them."""

TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_command_is_tested_or_has_a_reason() -> None:
    known = (("make",), BENCH, COMPARE, PYTEST, UPSTREAM, PROFILE, ("locust",), *NOT_RUN, *RUN_ELSEWHERE)
    unknown = [str(command) for command in EVERY if all(command.after(*first) is None for first in known)]
    assert unknown == [], "teach test_running.py to run them, or give the reason in NOT_RUN"


def test_every_reason_is_still_needed() -> None:
    assert [first for first in (*NOT_RUN, *RUN_ELSEWHERE) if not starting(*first)] == []


@pytest.mark.parametrize("reason", sorted(set(RUN_ELSEWHERE.values())))
def test_the_test_that_runs_a_command_exists(reason: str) -> None:
    assert (ROOT / reason.partition(":")[0]).is_file()


@pytest.mark.parametrize("command", starting("make"), ids=str)
def test_a_make_target_exists(command: Command) -> None:
    words = ("make", "--dry-run", *command.words[1:])
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [*starting(*BENCH), *starting(*COMPARE), *starting(*STACKDUEL)], ids=str)
def test_the_command_line_accepts_a_command(command: Command) -> None:
    assert parsed(command)


@pytest.mark.parametrize("command", [*starting(*BENCH, "run"), *starting(*STACKDUEL, "run")], ids=str)
def test_a_run_can_be_planned(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tables_of(command.block.page, tmp_path)

    def with_those_of_the_page(paths: Sequence[Path]) -> Config:
        added = [file for name, file in tables if name == "bench.toml"]
        return load_config([DEFAULT_CONFIG, *added, *(_found(tables, path) for path in paths[1:])])

    monkeypatch.setattr(planning, "load_config", with_those_of_the_page)
    assert planning.plan_of(parsed(command)).profile.loads


def _found(tables: Iterable[tuple[str, Path]], path: Path) -> Path:
    """The block of the page with that name, or the file of the repository."""
    return next((file for name, file in tables if name == path.as_posix()), ROOT / path)


@pytest.mark.parametrize("page", PAGES)
def test_a_command_within_a_sentence_exists(page: str) -> None:
    assert [f"{page}:{line} {code}" for line, code in inline_code(page) if not _sensible(code)] == []


def _sensible(code: str) -> bool:
    """Whether it is an existing command of this project, or none at all. A verb alone stands for its command."""
    if not re.match(r"(make|stackduel|python -m bench|python compare\.py)( |$)", code):
        return True
    words, _ = next(split(code))
    if words[0] == "make":
        return all(word in TARGETS for word in words[1:] if re.fullmatch(r"[a-z-]+", word))
    first = next(one for one in PARSERS if words[: len(one)] == one)
    rest = words[len(first) :]
    if len(rest) == 1 or "..." in rest:
        rest = (rest[0], "--help")
    return not rest or accepted(PARSERS[first], rest)
