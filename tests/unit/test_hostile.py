"""Whatever a run folder holds, it is shown or refused in one line: in bounded time and memory, without a traceback."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import compare
from bench.show.export.formats import FORMATS
from tests.unit.hostile import DAMAGES, HEAVY, at_random, shown, small_run


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    small_run(folder)
    return folder


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts take seconds: tests/e2e/test_hostile.py draws them."""
    monkeypatch.setattr("bench.show.report.publish.pictures", lambda _reading, _rows: iter(()))


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in HEAVY])
def test_a_hostile_run_is_shown_or_refused_in_one_line_that_says_why(
    name: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, wanted = DAMAGES[name]
    bad = shutil.copytree(good, tmp_path / "bad")
    damage(bad)
    code = compare.main(["report", str(bad)])
    said = capsys.readouterr().err
    if not wanted:
        assert (code, said) == (0, "")
        return
    assert code == 2
    assert wanted in said
    assert said.startswith("compare.py: ")
    assert said.count("\n") == 1
    assert len(said) < 1000
    for command in ("diff", "trend"):
        assert compare.main([command, str(good), str(bad)]) == 2
        assert wanted in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in HEAVY])
def test_a_hostile_run_is_exported_or_refused_in_one_line(
    name: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, wanted = DAMAGES[name]
    bad = shutil.copytree(good, tmp_path / "bad")
    damage(bad)
    for form in FORMATS:
        code = compare.main(["export", str(bad), "--format", form, "--out", str(tmp_path / form)])
        said = capsys.readouterr().err
        assert code == (2 if wanted else 0)
        if wanted:
            assert wanted in said
            assert said.startswith("compare.py: ")
            assert said.count("\n") == 1
            assert not (tmp_path / form).exists()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1_000_000))
def test_a_run_that_was_damaged_by_chance_is_shown_or_refused(good: Path, tmp_path: Path, seed: int) -> None:
    bad = tmp_path / "bad"
    shutil.rmtree(bad, ignore_errors=True)
    shutil.copytree(good, bad)
    at_random(bad, seed)
    code, said = shown(bad, good)
    assert code in {0, 1, 2, 3, 4}
    assert "Traceback" not in said
    assert all(line.startswith("compare.py: ") for line in said.splitlines())
