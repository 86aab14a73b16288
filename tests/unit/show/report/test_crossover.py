"""What a report says of the loads from which on a stack is ahead."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.model.run import Run
from bench.show.report import capacity, crossover
from bench.show.text import markdown
from bench.show.text.document import Document, Section, chosen, within
from tests.unit.judge.capacity.test_crossover import constant, falling, measured, searched, window
from tests.unit.judge.capacity.test_rows import run

GOLDENS = Path(__file__).parent / "goldens"
ALWAYS = {"flask": constant(0.001), "fastapi": constant(0.0008)}
CROSSING = {"flask": constant(0.001), "fastapi": falling(200.0)}


def document(found: Run) -> Document:
    section = capacity.section(found)
    assert section is not None
    return Document("", "", (section,))


def row(found: Run) -> str:
    return next(line for line in markdown.render(document(found)).splitlines() if line.startswith("| fastapi / flask"))


def said(found: Run) -> str:
    return " ".join(crossover.sentences(found, "weather"))


def test_the_section(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "crossover.md", markdown.render(document(measured(CROSSING))))


def test_it_is_a_detail_of_its_scenario() -> None:
    whole = document(measured(CROSSING))
    titles = [block.title for block in within(whole.blocks) if isinstance(block, Section)]
    assert "From which load on which is ahead" in titles
    brief = chosen(whole, ("capacity",))
    assert "From which load" not in markdown.render(brief)


def test_a_stack_that_is_ahead_at_every_rate_is_said_to_be() -> None:
    found = measured(ALWAYS)
    assert "| fastapi at every rate (50.1 to 794/s) | not compared | not shown (50.1 to 794/s) |" in row(found)
    assert said(found) == (
        "Of fastapi and flask on weather, fastapi needs less CPU per request at every rate that was compared "
        "(50.1 to 794/s); which needs less memory or has the lower P95 was not shown."
    )
    assert said(found) in list(capacity.sentences(found))


def test_a_crossover_names_both_stacks_and_their_rates() -> None:
    found = measured(CROSSING)
    assert "| flask at 50.1 to 158/s; fastapi from 251/s (50.1 to 794/s) |" in row(found)
    assert "flask needs less CPU per request at 50.1 to 158/s and fastapi from 251/s; which" in said(found)


def test_a_crossover_below_the_highest_rates_is_told() -> None:
    cpu = {"flask": constant(0.001), "fastapi": lambda rate: 0.0012 if rate < 150 else 0.0008 if rate < 300 else 0.001}
    found = measured(cpu)
    assert "flask needs less CPU per request at 50.1 to 126/s and fastapi at 158 to 316/s; which" in said(found)


def test_the_answer_tells_what_was_shown_in_between_and_what_was_not_shown() -> None:
    noise = {"flask": (0.9, 1.0, 1.1), "fastapi": (1.05, 0.93, 1.02)}
    nothing = "which needs less CPU per request or needs less memory or has the lower P95 was not shown"
    assert nothing in said(measured(dict.fromkeys(ALWAYS, constant(0.001)), noise=noise))
    middle = {"flask": constant(0.001), "fastapi": lambda rate: 0.0005 if 150 < rate < 300 else 0.001}
    found = measured(middle)
    assert "fastapi at 126 to 316/s (50.1 to 794/s)" in row(found)
    assert "fastapi needs less CPU per request at 126 to 316/s" in said(found)


def test_rates_with_a_gap_are_told_one_by_one() -> None:
    rates = dict.fromkeys(ALWAYS, (100.0, 501.2, 631.0))
    found = measured({"flask": constant(0.001), "fastapi": lambda rate: 0.0012 if rate < 200 else 0.0008}, rates)
    assert "| flask at 100/s; fastapi from 501/s (100/s, 501 to 631/s) |" in row(found)
    last = dict.fromkeys(ALWAYS, (100.0, 126.0, 501.2))
    found = measured({"flask": constant(0.001), "fastapi": lambda rate: 0.0012 if rate < 200 else 0.0008}, last)
    assert "| flask at 100 to 126/s; fastapi at 501/s (100 to 126/s, 501/s) |" in row(found)
    single = measured(ALWAYS, dict.fromkeys(ALWAYS, (100.0, 1000.0)))
    apart = replace(single, searches=tuple(replace(one, rate_rps=100.0) for one in single.searches))
    assert "| fastapi at 100/s (100/s) |" in row(apart)


def test_stacks_without_a_common_rate_are_not_compared() -> None:
    slow, fast = [window(10.0), window(20.0)], [window(100.0), window(200.0)]
    found = run(
        *(searched("flask", n, slow, 20.0) for n in (1, 2)), *(searched("fastapi", n, fast, 200.0) for n in (1, 2))
    )
    assert row(found) == "| fastapi / flask | not compared | not compared | not compared |"
    assert said(found) == ""


def test_without_two_stacks_there_is_no_such_section() -> None:
    found = measured({"flask": constant(0.001)})
    assert crossover.section(found, "weather", "x") is None
