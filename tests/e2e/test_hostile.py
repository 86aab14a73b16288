"""Runs that are shown or refused only after much work: in less than a minute and a gigabyte, charts included."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.hostile import DAMAGES, HEAVY, MOST_BYTES, MOST_S, small_run

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"rounds of 1e9", "a window of 1e9 s", "100 million rows in a small archive", "10 million values"}
"""The others take up to half a minute each."""

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in QUICK else pytest.mark.by_hand)
        for name in sorted(HEAVY | QUICK)
    ],
)
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
