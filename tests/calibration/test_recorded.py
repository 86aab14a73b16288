"""Slowdowns of recorded restarts: what each does to the slices of head, and what the rules say of it."""

import numpy as np
import pytest

from tests.calibration import recorded
from tests.calibration.recorded import EARLIER, NOW, Harm, Pool, Recorded, Restart, Side, simpler, simulate

STACKS = ("one", "two")


def side(chance: np.random.Generator, level: float) -> Side:
    """The slices of one server in one restart, each a little faster or slower."""
    speed = level * np.exp(chance.normal(0, 0.05, recorded.PAIRS))
    return {
        "throughput_rps": 1000 / speed,
        "p95_s": 0.030 * speed,
        "server_s_per_request": 0.001 * speed,
        "slow_share": np.zeros(recorded.PAIRS),
    }


def made_up(restarts: int = 30) -> Pool:
    chance = np.random.default_rng(7)

    def restart() -> Restart:
        return Restart(*(side(chance, float(np.exp(chance.normal(0, 0.01)))) for _ in range(2)))

    rows = tuple(
        {(stack, is_open): restart() for stack in STACKS for is_open in (False, True)} for _ in range(restarts)
    )
    memory = {stack: 40e6 * np.exp(chance.normal(0, 0.001, (restarts, 2))) for stack in STACKS}
    return Pool(rows, (0,) * restarts, memory, dict.fromkeys(STACKS, "throughput"))


POOL = made_up()


def ends(harm: Harm, rule: str = NOW) -> Recorded:
    return simulate(harm, rule, 20, POOL)


def test_unchanged_code_passes_now_and_did_not_before() -> None:
    now, before = ends(recorded.UNCHANGED), ends(recorded.UNCHANGED, EARLIER)
    assert (now.regressed, now.passed, now.restarts) == (0, 20, 11)
    assert (before.regressed, before.restarts) == (0, 12)
    assert before.passed < 20


@pytest.mark.parametrize(
    "harm", [recorded.everywhere(0.2), recorded.failing(0.005), recorded.leaking(1.0)], ids=lambda harm: str(harm.title)
)
def test_what_harms_every_request_is_found_by_both_rules(harm: Harm) -> None:
    assert ends(harm).regressed == ends(harm, EARLIER).regressed == 20


@pytest.mark.parametrize(
    "harm",
    [recorded.in_some(5, 12, 1.5), recorded.paused(0.2, 2.0), recorded.slow(0.02)],
    ids=lambda harm: str(harm.title),
)
def test_what_harms_some_requests_is_always_found_now_and_was_not_before(harm: Harm) -> None:
    assert ends(harm).regressed == 20
    assert ends(harm, EARLIER).regressed <= 10


def test_a_pause_costs_its_share_of_the_throughput_and_makes_those_who_wait_slow() -> None:
    chance, pause = np.random.default_rng(3), recorded.paused(0.2, 2.0)
    before = [one["one", False].head for one in POOL.restarts]
    after = [pause.slices(head, False, chance) for head in before]
    means = [
        np.mean([one[name] for one in sides]) for sides in (before, after) for name in ("throughput_rps", "slow_share")
    ]
    inside = 2 / 3  # a pause of two thirds of a slice that begins anywhere in it ends inside, on average, by so much
    assert means[2] / means[0] == pytest.approx(1 - 0.1 * inside, abs=0.02)
    assert means[1] == 0 < means[3]
    opened = [pause.slices(one["one", True].head, True, chance) for one in POOL.restarts]
    assert max(float(one["p95_s"].max()) for one in opened) <= 0.2
    assert np.mean([one["throughput_rps"] for one in opened]) == pytest.approx(means[0], rel=0.02)


def test_a_harm_leaves_the_recorded_slices_as_they_are() -> None:
    head = POOL.restarts[0]["one", True].head
    before = {name: values.copy() for name, values in head.items()}
    for harm in recorded.HARMS:
        harm.slices(head, True, np.random.default_rng(1))
    assert all((head[name] == values).all() for name, values in before.items())


def test_simpler_rules_find_what_is_large_and_one_run_each_alarms_at_noise() -> None:
    large = {one.rule: one for one in simpler(POOL, recorded.everywhere(0.5))}
    assert {one.regressed == one.sessions > 0 for one in large.values()} == {True}
    none = {one.rule: one for one in simpler(POOL, recorded.UNCHANGED)}
    assert none["one run each, 25 %"].regressed == 0
    assert none["five runs of base, then five of head, t-test at 5 %"].regressed > 0
