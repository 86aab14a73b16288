"""How a run was made, in words."""

from dataclasses import replace

from bench.model.run import Run
from bench.show.report.made import made
from bench.show.text.document import Facts
from tests.unit.builders import FLASK, plan, run_of

RUN = run_of(plan({"flask": FLASK}, {"weather": (10,)}))


def packages(run: Run) -> tuple[str, str]:
    """What identifies the packages that the run used."""
    facts = made(run).blocks[0]
    assert isinstance(facts, Facts)
    return facts.pairs[1]


def test_a_run_of_a_checkout_names_its_lock_file() -> None:
    assert packages(RUN) == ("lock file (SHA-256)", "ab" * 32)


def test_a_run_of_an_installed_program_names_every_distribution() -> None:
    installed = replace(RUN, lock_sha256=None, distributions={"flask": "3.1.0", "numpy": "2.0.1"})
    assert packages(installed) == ("installed distributions", "flask 3.1.0, numpy 2.0.1")
