"""Every command of the pages is one that there is: decided upon, taken by its command line, and able to be planned."""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from bench.commands import planning
from bench.plan.config import DEFAULT_CONFIG, Config, load_config

from .markdown import PAGES, ROOT, inline_code
from .project import BENCH, COMPARE, EVERY, PARSERS, PROFILE, PYTEST, UPSTREAM, accepted, parsed, starting, tables_of
from .shell import Command, split

NOT_RUN: Mapping[tuple[str, ...], str] = {
    (".", ".venv/bin/activate"): "it changes the shell of who types it; what it puts on PATH is what runs here",
    ("gh", "run", "download"): "it needs a run on GitHub, and the leave to read it",
}
"""Commands that no test runs, by their first words, and why."""

RUN_ELSEWHERE: Mapping[tuple[str, ...], str] = {
    (*BENCH, "ab"): "tests/e2e/test_ab.py: two revisions take minutes even when shortened",
    (*BENCH, "selftest"): "tests/e2e/test_selftest.py: it takes a minute",
}
"""Commands of which only the words are checked here, by their first words, and the test that runs them."""

TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_of_every_command_it_is_decided_how_it_is_tested() -> None:
    known = (("make",), BENCH, COMPARE, PYTEST, UPSTREAM, PROFILE, ("locust",), *NOT_RUN)
    unknown = [str(command) for command in EVERY if all(command.after(*first) is None for first in known)]
    assert unknown == [], "teach test_running.py to run them, or give the reason in NOT_RUN"


def test_no_reason_is_kept_for_what_no_page_says_any_more() -> None:
    assert [first for first in (*NOT_RUN, *RUN_ELSEWHERE) if not starting(*first)] == []


@pytest.mark.parametrize("command", starting("make"), ids=str)
def test_a_target_of_make_is_there(command: Command) -> None:
    words = ("make", "--dry-run", *command.words[1:])
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [*starting(*BENCH), *starting(*COMPARE)], ids=str)
def test_the_command_line_takes_a_command_as_it_stands(command: Command) -> None:
    assert parsed(command)


@pytest.mark.parametrize("command", starting(*BENCH, "run"), ids=str)
def test_what_is_to_be_measured_can_be_planned(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tables_of(command.block.page, tmp_path)

    def with_those_of_the_page(paths: Sequence[Path]) -> Config:
        added = [file for name, file in tables if name == "bench.toml"]
        return load_config([DEFAULT_CONFIG, *added, *(_found(tables, path) for path in paths[1:])])

    monkeypatch.setattr(planning, "load_config", with_those_of_the_page)
    assert planning.plan_of(parsed(command)).profile.loads


def _found(tables: Iterable[tuple[str, Path]], path: Path) -> Path:
    """The file of the repository, or the page's own block of that name."""
    if (ROOT / path).is_file():
        return ROOT / path
    return next(file for name, file in tables if name == path.as_posix())


@pytest.mark.parametrize("page", PAGES)
def test_commands_within_sentences_are_such_as_there_are(page: str) -> None:
    assert [f"{page}:{line} {code}" for line, code in inline_code(page) if not _sensible(code)] == []


def _sensible(code: str) -> bool:
    """Whether it is no command of this project, or one that there is. A verb alone stands for its command."""
    if not re.match(r"(make|stackduel|python -m bench|python compare\.py)( |$)", code):
        return True
    words, _ = next(split(code))
    if words[0] == "make":
        return all(word in TARGETS for word in words[1:] if re.fullmatch(r"[a-z-]+", word))
    first = BENCH if words[1] == "-m" else COMPARE
    rest = words[len(first) :]
    if len(rest) == 1 or "..." in rest:
        rest = (rest[0], "--help")
    return not rest or accepted(PARSERS[first], rest)
