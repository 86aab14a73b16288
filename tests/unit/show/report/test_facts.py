"""What a run was made with, in words."""

from dataclasses import replace

from bench.show.report.facts import facts
from tests.unit.builders import FLASK, plan, run_of

RUN = run_of(plan({"flask": FLASK}, {"weather": (10,)}))


def test_a_run_of_a_checkout_names_its_lock_file() -> None:
    assert facts(RUN)[1] == ("lock file (SHA-256)", "ab" * 32)


def test_a_run_of_an_installed_program_names_every_distribution() -> None:
    installed = replace(RUN, lock_sha256=None, distributions={"flask": "3.1.0", "numpy": "2.0.1"})
    assert facts(installed)[1] == ("installed distributions", "flask 3.1.0, numpy 2.0.1")
