from collections.abc import Sequence
from dataclasses import replace

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Problem
from bench.model.config import Plan
from bench.show.report.ranking import section
from bench.show.text.document import Paragraph, Section, Table
from tests.unit.builders import Shape, cell, plan, run_of

SHAPES = {name: Shape(1) for name in ("base", "fast", "slow")}
PLAN = plan(SHAPES, {"weather": (1, 10)})
SATURATED = Problem("load side saturated", "98 % of a core", ("throughput",))


def ranked(cells: Sequence[Cell], planned: Plan = PLAN) -> tuple[Section, ...]:
    run = run_of(planned, tuple(cells))
    found = section(run, rows(run.cells, planned), ratios(run.cells, planned))
    return () if found is None else tuple(block for block in found.blocks if isinstance(block, Section))


def lines(one: Section) -> list[tuple[str, ...]]:
    (table,) = (block for block in one.blocks if isinstance(block, Table))
    return [tuple(found.text for found in row) for row in table.rows]


def three(users: int = 10, problems: tuple[Problem, ...] = ()) -> list[Cell]:
    return [
        one
        for n in (1, 2, 3)
        for one in (
            cell("slow", users, n, throughput_rps=50.0, cpu_s=0.004),
            cell("base", users, n, throughput_rps=100.0, cpu_s=0.001),
            cell("fast", users, n, throughput_rps=200.0, cpu_s=0.002, problems=problems),
        )
    ]


def test_the_stack_that_serves_most_comes_first_beside_its_ratios() -> None:
    (one,) = ranked(three())
    assert [line[:5] for line in lines(one)] == [
        ("fast", "200/s", "2.00\u00d7 (2.00\u20132.00)", "2.00 ms", "2.00\u00d7 (2.00\u20132.00)"),
        ("base", "100/s", "-", "1.00 ms", "-"),
        ("slow", "50.0/s", "0.50\u00d7 (0.50\u20130.50)", "4.00 ms", "4.00\u00d7 (4.00\u20134.00)"),
    ]


def test_a_sentence_names_both_ends_of_each_figure() -> None:
    (one,) = ranked(three())
    assert one.blocks[0] == Paragraph(
        "Throughput goes from 50.0/s (50.0\u201350.0) with slow to 200/s (200\u2013200) with fast; CPU per request "
        "goes from 1.00 ms (1.00\u20131.00) with base to 4.00 ms (4.00\u20134.00) with slow."
    )


def test_a_stack_without_a_reliable_throughput_comes_last_and_is_no_end() -> None:
    (one,) = ranked(three(problems=(SATURATED,)))
    assert [line[0] for line in lines(one)] == ["base", "slow", "fast"]
    assert isinstance(one.blocks[0], Paragraph)
    assert one.blocks[0].text.startswith("Throughput goes from 50.0/s (50.0\u201350.0) with slow to 100/s")


def test_only_the_highest_load_is_ranked_and_who_was_not_measured_under_it_is_named() -> None:
    more = [replace(one, stack="other") for one in three(1) if one.stack == "slow"]
    (one,) = ranked([*three(1), *three(10), *more], plan({**SHAPES, "other": Shape(1)}, {"weather": (1, 10)}))
    assert one.title.endswith("10 users (closed-loop)")
    assert [line[0] for line in lines(one)] == ["fast", "base", "slow"]
    assert Paragraph("Measured with fewer users only, and so not ranked: other.") in one.blocks


def test_one_reliable_figure_has_no_two_ends() -> None:
    void = replace(SATURATED, voids=("throughput", "cpu"))
    cells = [one for one in three(problems=(void,)) if one.stack == "fast"]
    others = [replace(one, stack=name) for one in cells for name in ("base", "slow")]
    (one,) = ranked([*cells, *others])
    assert [type(block).__name__ for block in one.blocks] == ["Table"]


def test_two_stacks_are_no_ranking() -> None:
    assert ranked([one for one in three() if one.stack != "slow"]) == ()


def test_without_a_pair_there_are_no_ratios() -> None:
    planned = replace(PLAN, profile=replace(PLAN.profile, compare=None))
    (one,) = ranked(three(), planned)
    assert lines(one)[0][:3] == ("fast", "200/s", "2.00 ms")


def test_more_than_two_closed_loads_are_no_ranking() -> None:
    planned = plan(SHAPES, {"weather": (1, 5, 10)})
    assert ranked([*three(1), *three(5), *three(10)], planned) == ()
