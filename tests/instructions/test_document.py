"""docs/instructions.md's generated part, and the copies whose counts it shows."""

import re
from pathlib import Path

import pytest

from tests.instructions import document, repeats
from tests.instructions.document import counts, repeats_table, write
from tests.instructions.repeats import Repeats, keep, kept

SAME = Repeats("same", 0.0, "flask-gthread", "health", 1, 0.01, (0.0, 0.0001), 0)
LOOP = Repeats("loop", 0.04, "fastapi-httpx", "weather", 50, 0.03, (0.0391, 0.0418), 2)


def test_a_row_tells_the_code_the_changes_and_how_many_regressed() -> None:
    *_, same, loop = repeats_table([SAME, LOOP]).splitlines()
    assert same == "| flask-gthread | health | 1 | the same | 2 | 0.00 % | +0.01 % | 1 % | 0 of 2 |"
    assert loop == "| fastapi-httpx | weather | 50 | and a loop worth 4 % | 2 | +3.91 % | +4.18 % | 3 % | 2 of 2 |"


def test_new_repeats_take_the_place_of_those_of_the_same_stack_scenario_and_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "KEPT", tmp_path / "instructions" / "repeats.json")
    keep([SAME, LOOP])
    keep([LOOP])
    assert kept() == [SAME, LOOP]


def test_the_page_is_written_from_what_is_kept_to_the_same_bytes(tmp_path: Path) -> None:
    page = tmp_path / "instructions.md"
    text = document.DOCUMENT.read_text(encoding="utf-8")
    page.write_text(re.sub(r"(report:begin -->).*(<!-- report:end)", r"\1\n\2", text, flags=re.DOTALL), "utf-8")
    write(page)
    assert page.read_text(encoding="utf-8") == text
    assert {one.stack for one in counts()} == {"flask-gthread", "fastapi-aiohttp", "fastapi-httpx"}


def test_functions_that_nobody_calls_are_python_and_differ_from_copy_to_copy(tmp_path: Path) -> None:
    texts = []
    for seed in range(3):
        repeats._copy(tmp_path / str(seed), seed=seed, steps=7)
        texts.append((tmp_path / str(seed) / "flask_app/app.py").read_text(encoding="utf-8"))
        compile(texts[-1], "app.py", "exec")
        assert "range(7)" in texts[-1]
    assert len(set(texts)) == 3
    repeats._copy(tmp_path / "same")
    original = (repeats.ROOT / "flask_app/app.py").read_text(encoding="utf-8")
    assert (tmp_path / "same/flask_app/app.py").read_text(encoding="utf-8") == original
