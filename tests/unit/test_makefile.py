"""The targets that people type: each is there once, and `make help` names it."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"setup", "bench", "smoke", "selftest", "test", "test-slow", "check", "compare", "clean", "help"}


def test_make_has_nothing_to_complain_of_and_help_names_every_target() -> None:
    done = subprocess.run(("make", "help"), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert set(re.findall(r"^make (\S+)", done.stdout, flags=re.MULTILINE)) >= NAMES


def test_a_target_does_what_its_name_says() -> None:
    for name, does in (
        ("test", "-m pytest"),
        ("selftest", "-m bench selftest"),
        ("regress", "-m bench ab --base main"),
    ):
        planned = subprocess.run(("make", "--dry-run", name), cwd=ROOT, capture_output=True, text=True, check=True)
        assert planned.stdout.splitlines()[-1].rstrip().endswith(does)
