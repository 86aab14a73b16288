"""The searches that are compared with one another."""

from dataclasses import replace

from bench.judge.capacity.pairs import search_pairs
from tests.unit.judge.capacity.test_rows import run, search


def test_stacks_are_paired_in_the_rounds_that_both_have_the_headline_first() -> None:
    found = run(*(search(stack, n, 500.0) for stack in ("flask", "fastapi") for n in (1, 2, 3)))
    other = replace(found.config.stacks["flask"], name="other")
    profile = replace(found.config.profile, stacks=("flask", "other", "fastapi"))
    config = replace(found.config, stacks={**found.config.stacks, "other": other}, profile=profile)
    searches = [*found.searches, search("other", 1, 100.0), search("other", 3, 100.0)]
    pairs = list(search_pairs(searches, config))
    assert [(one.stack, one.against, one.scenario) for one in pairs] == [
        ("fastapi", "flask", "weather"), ("other", "flask", "weather"),
    ]  # fmt: skip
    assert [(over.stack, over.round, under.round) for over, under in pairs[1].rounds] == [
        ("other", 1, 1),
        ("other", 3, 3),
    ]
    assert [len(one.rounds) for one in pairs] == [3, 2]


def test_stacks_without_a_common_round_or_a_pair_to_compare_are_not_paired() -> None:
    found = run(search("flask", 1, 500.0), search("fastapi", 2, 900.0))
    assert list(search_pairs(found.searches, found.config)) == []
    both = run(search("flask", 1, 500.0), search("fastapi", 1, 900.0))
    alone = replace(both.config, profile=replace(both.config.profile, compare=None))
    assert list(search_pairs(both.searches, alone)) == []
