"""Runs that are shown or refused only after much work: in less than a minute and a gigabyte, charts included."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.hostile import DAMAGES, HEAVY, MOST_BYTES, MOST_S, small_run

ROOT = Path(__file__).resolve().parents[2]
BY_HAND = {"200 stacks", "50 stacks with long names"}
"""To draw these takes half a minute. `python -m tests.unit.hostile` shows them too."""

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rounds of 1e9", "a window of 1e9 s", *sorted(HEAVY - BY_HAND)])
def test_a_hostile_run_takes_less_than_a_minute_and_a_gigabyte(name: str, tmp_path: Path) -> None:
    damage, wanted = DAMAGES[name]
    bad = tmp_path / "bad"
    small_run(bad)
    damage(bad)
    argv = (sys.executable, str(ROOT / "compare.py"), "report", str(bad))
    begun_s = time.monotonic()
    with (
        (tmp_path / "errors").open("wb") as errors,
        subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=errors) as program,
    ):
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    said = (tmp_path / "errors").read_text(encoding="utf-8")
    assert program.returncode == (2 if wanted else 0), said
    assert wanted in said
    assert said.count("\n") == (1 if wanted else 0)
    assert used.ru_maxrss * MAXRSS_BYTES < MOST_BYTES
    assert time.monotonic() - begun_s < MOST_S
