"""Base and head, compared by their instructions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.instructions.changes import Counts, compared
from bench.model.instructions import Counted

ONE = Counted("flask", "health", 1, 100, 40_000_000)


def counts(*counted: Counted) -> Counts:
    return Counts(None, counted)


def verdict(change: float, *, users: int = 1, gate: float | None = None) -> str:
    base = replace(ONE, users=users)
    head = replace(base, instructions=round(base.instructions * (1 + change)))
    (one,) = compared(counts(base), counts(head), gate).changes
    return one.verdict


def test_a_change_beyond_the_gate_is_one_and_one_within_it_is_none() -> None:
    assert [verdict(change) for change in (0.011, 0.009, 0.0, -0.009, -0.011)] == [
        "regressed", "unchanged", "unchanged", "unchanged", "improved",
    ]  # fmt: skip


def test_several_requests_in_flight_have_a_wider_gate() -> None:
    assert [verdict(change, users=50) for change in (0.031, 0.029, -0.031)] == ["regressed", "unchanged", "improved"]


def test_a_gate_that_is_given_replaces_both() -> None:
    assert [verdict(0.04, users=users, gate=0.05) for users in (1, 50)] == ["unchanged", "unchanged"]
    assert [verdict(0.004, users=users, gate=0.003) for users in (1, 50)] == ["regressed", "regressed"]


def test_it_is_the_instructions_of_a_request_that_are_compared() -> None:
    more = replace(ONE, requests=200, instructions=80_000_000)
    assert compared(counts(ONE), counts(more)).changes[0].relative == 0.0


def test_one_regression_decides_whatever_improved_and_the_largest_comes_first() -> None:
    others = [replace(ONE, scenario=name) for name in ("weather", "compute", "process")]
    after = [
        replace(ONE, instructions=41_000_000),
        replace(others[0], instructions=30_000_000),
        replace(others[1], instructions=44_000_000),
        others[2],
    ]
    changes = compared(counts(ONE, *others), counts(*after))
    assert (changes.verdict, changes.exit_code) == ("regressed", 1)
    assert [one.base.scenario for one in changes.deciding] == ["compute", "health"]


def test_what_only_improved_or_did_not_change_exits_with_0() -> None:
    better = compared(counts(ONE), counts(replace(ONE, instructions=30_000_000)))
    assert (better.verdict, better.exit_code) == ("improved", 0)
    same = compared(counts(ONE), counts(ONE))
    assert (same.verdict, same.exit_code, list(same.deciding)) == ("no regression", 0, [])


def test_sides_that_counted_other_things_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same scenarios"):
        compared(counts(ONE), counts(replace(ONE, users=50)))


def test_only_a_change_a_little_beyond_the_gate_is_doubtful_and_then_the_median_counts() -> None:
    others = [replace(ONE, scenario=name) for name in ("weather", "compute", "process")]
    bases = counts(ONE, *others)
    heads = [replace(one, instructions=number) for one, number in zip(
        bases.counted, (40_390_000, 40_410_000, 39_300_000, 40_810_000), strict=True
    )]  # fmt: skip
    changes = compared(bases, counts(*heads))
    assert changes.doubtful == (others[0].place, others[1].place)
    again = changes.with_layouts({others[0].place: [(others[0], others[0]), (others[0], heads[0])]})
    assert [len(one.all) for one in again.changes] == [1, 3, 1, 1]
    assert [one.verdict for one in again.changes] == ["unchanged", "unchanged", "improved", "regressed"]
    assert again.changes[1].relative == pytest.approx(390_000 / 40_000_000)


def test_of_several_requests_in_flight_every_change_beyond_the_gate_is_doubtful() -> None:
    many = replace(ONE, users=50)
    heads = [replace(many, instructions=number) for number in (40_800_000, 48_000_000)]
    assert [compared(counts(many), counts(head)).doubtful for head in heads] == [(), (many.place,)]


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_who_swaps_the_sides_finds_no_regression_where_there_was_one(before: int, after: int) -> None:
    base, head = (counts(replace(ONE, instructions=number)) for number in (before, after))
    assert {compared(base, head).verdict, compared(head, base).verdict} != {"regressed"}
