"""The targets that people type: each is there once, and `make help` names it."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"setup", "bench", "smoke", "selftest", "test", "test-all", "check", "compare", "clean", "help"}


def make(*words: str) -> "subprocess.CompletedProcess[str]":
    """As one types it: not as a part of the make that may be running the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(("make", *words), cwd=ROOT, env=environment, capture_output=True, text=True, check=True)


def test_make_has_nothing_to_complain_of_and_help_names_every_target() -> None:
    done = make("help")
    assert done.stderr == ""
    assert set(re.findall(r"^make (\S+)", done.stdout, flags=re.MULTILINE)) >= NAMES


def test_a_target_does_what_its_name_says() -> None:
    for name, does in (
        ("test", '-m "live and not slow and not by_hand" tests/e2e'),
        ("selftest", "-m bench selftest"),
        ("regress", "-m bench ab --base main"),
    ):
        planned = make("--dry-run", name)
        assert planned.stdout.splitlines()[-1].rstrip().endswith(does)
