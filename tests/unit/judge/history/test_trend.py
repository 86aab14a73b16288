"""How figures moved over several runs."""

from dataclasses import replace

import pytest

from bench.judge.history.trend import Followed, Trend, trend
from tests.unit.judge.history.made_up import FLAT, STEP, night, nights

ALPHA = 0.05


def one(found: Trend, part: str, metric: str = "capacity", stack: str = "fastapi") -> Followed:
    return next(
        each
        for each in found.followed
        if (each.subject.part, each.subject.metric, each.subject.stack) == (part, metric, stack)
    )


def steps(found: Trend, *, by_machine: bool = False) -> set[tuple[str, str, str, int]]:
    return {
        (each.subject.part, each.subject.metric, each.subject.stack, step.run)
        for each in found.followed
        for step in each.steps
        if step.by_machine is by_machine
    }


def test_a_ratio_that_stepped_is_named_with_the_run_where_it_began() -> None:
    found = trend(nights(STEP), ALPHA)
    (step,) = one(found, "ratios").steps
    assert (step.before, step.run, step.machine, step.by_machine) == (5, 6, (), False)
    assert step.now / step.was == pytest.approx(0.8, abs=0.03)
    assert step.p <= ALPHA
    assert [(level.first, level.last) for level in one(found, "ratios").levels] == [(0, 5), (6, 11)]
    assert one(found, "ratios").scatter == pytest.approx(0.02, rel=0.5)
    assert ("ratios", "throughput", "fastapi", 6) in steps(found)
    assert not one(found, "ratios", "memory").steps
    assert not one(found, "capacity", stack="flask").steps


def test_runs_are_sorted_by_the_time_at_which_they_started() -> None:
    runs = nights(STEP)
    assert trend(runs[::-1], ALPHA) == trend(runs, ALPHA)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_step(seed: int) -> None:
    found = trend(nights(noise=0.05, seed=seed), ALPHA)
    assert steps(found) == set()
    assert found.changes == ()
    followed = one(found, "ratios")
    assert followed.detectable is not None
    assert 1.1 < followed.detectable < 1.6


def test_two_steps_of_one_ratio_are_both_found() -> None:
    found = trend(nights((1.0,) * 8 + (0.8,) * 8 + (0.55,) * 8, (1.0,) * 24), ALPHA)
    assert [step.run for step in one(found, "ratios").steps] == [8, 16]


def test_a_step_where_the_machine_changed_is_the_machines_in_an_absolute_figure_and_no_step_of_a_ratio() -> None:
    found = trend(nights(levels=STEP, other_from=6), ALPHA)
    assert [(change.run, [each.field for each in change.differences]) for change in found.changes] == [
        (6, ["machine.cpu_model"])
    ]
    assert steps(found) == set()
    assert {(part, stack, run) for part, _, stack, run in steps(found, by_machine=True)} == {
        (part, stack, 6) for part in ("capacity", "absolute") for stack in ("flask", "fastapi")
    }
    (step,) = one(found, "capacity").steps
    assert [each.field for each in step.machine] == ["machine.cpu_model"]


def test_a_ratio_that_stepped_where_the_machine_changed_is_a_step_that_says_so() -> None:
    (step,) = one(trend(nights(STEP, other_from=6), ALPHA), "ratios").steps
    assert not step.by_machine
    assert [each.field for each in step.machine] == ["machine.cpu_model"]


def test_a_step_of_an_absolute_figure_beside_a_change_of_the_machine_is_found_for_itself() -> None:
    levels = (1.0,) * 10 + (0.7,) * 10 + (1.4,) * 10
    found = trend(nights((1.0,) * 30, levels, other_from=20), ALPHA)
    first, second = one(found, "capacity", stack="flask").steps
    assert (first.run, first.by_machine) == (10, False)
    assert (second.run, second.by_machine) == (20, True)
    assert second.was == pytest.approx(500 * 0.7 * 1.03, rel=0.03)  # of the level before it, not of all runs before


def test_what_a_change_of_the_machine_changed_is_told_from_the_level_just_before_it() -> None:
    levels = (1.0,) * 10 + (0.7,) * 10 + (0.84,) * 10  # as high as the first twenty on average
    found = trend(nights((1.0,) * 30, levels, other_from=20), ALPHA)
    assert [(step.run, step.by_machine) for step in one(found, "capacity", stack="flask").steps] == [
        (10, False),
        (20, True),
    ]


def test_a_change_of_the_machine_between_two_runs_with_a_figure_counts_though_a_run_between_lacks_it() -> None:
    runs = nights(levels=STEP, other_from=6)
    runs[6] = replace(runs[6], searches=())
    (step,) = one(trend(runs, ALPHA), "capacity", stack="flask").steps
    assert (step.before, step.run, step.by_machine) == (5, 7, True)


def test_levels_never_cross_a_change_of_the_machine() -> None:
    found = trend(nights(other_from=5), ALPHA)
    assert [(level.first, level.last) for level in one(found, "capacity").levels] == [(0, 4), (5, 11)]
    assert one(found, "capacity").steps == ()
    assert len(one(found, "ratios").levels) == 1


def test_a_machine_that_changes_every_night_leaves_the_ratios() -> None:
    runs = [
        night(place + 1, ratio=ratio * (1 + 0.01 * (place % 3)), cpus=2 + place % 2) for place, ratio in enumerate(STEP)
    ]
    found = trend(runs, ALPHA)
    assert [step.run for step in one(found, "ratios").steps] == [6]
    assert one(found, "absolute", "throughput").steps == ()
    assert one(found, "absolute", "throughput").detectable is None


def test_a_change_below_the_noise_threshold_of_its_metric_is_not_named() -> None:
    runs = [night(place + 1, level=1.0 if place < 6 else 1.005) for place in range(12)]
    assert steps(trend(runs, ALPHA)) == set()


def test_four_runs_show_nothing_and_five_only_what_is_plain() -> None:
    ratios = (1.0, 1.001, 0.2, 0.2, 0.2)
    assert steps(trend(nights(ratios[:4], FLAT[:4], noise=0.001), ALPHA)) == set()
    assert ("ratios", "capacity", "fastapi", 2) in steps(trend(nights(ratios, FLAT[:5], noise=0.001), ALPHA))


def test_a_figure_that_some_runs_lack_steps_between_the_runs_that_have_it() -> None:
    runs = nights(STEP)
    runs[5] = replace(runs[5], searches=())
    (step,) = one(trend(runs, ALPHA), "ratios").steps
    assert (step.before, step.run) == (4, 6)


def test_fewer_steps_are_named_where_fewer_false_alarms_may_be() -> None:
    runs = nights((1.0,) * 6 + (0.93,) * 6, noise=0.03, seed=3)
    few, many = (steps(trend(runs, alpha)) for alpha in (0.001, 0.5))
    assert few < many


def test_one_of_many_figures_must_step_more_clearly_than_one_alone() -> None:
    runs = nights((1.0,) * 6 + (0.95,) * 6, seed=2)  # by itself p is 0.02
    alone = [replace(run, cells=()) for run in runs]
    assert [step.run for step in one(trend(alone, ALPHA), "ratios").steps] == [6]
    assert one(trend(runs, ALPHA), "ratios").steps == ()
