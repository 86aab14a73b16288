import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.judge.claims.audit import PERCENTILES, audit
from bench.model.published import GIVEN, Published, Span

SIMULATIONS = 1000
"""Simulated queues, of which each gives one row of figures."""


def span(low: float, high: float) -> Span:
    return Span(low, high, f"{low:g}")


def published(**figures: float | tuple[float, float]) -> Published:
    spans = {name: span(*one) if isinstance(one, tuple) else span(one, one) for name, one in figures.items()}
    return Published("one", "nowhere", spans)


def impossible(**figures: float | tuple[float, float]) -> list[str]:
    return [finding.rule for finding in audit(published(**figures)) if finding.grade == "impossible"]


BORDERS: Mapping[str, tuple[str, dict[str, float], dict[str, float]]] = {
    "P50 above P95": ("order", {"p50_s": 0.2, "p95_s": 0.2}, {"p50_s": 0.2, "p95_s": 0.1999}),
    "P50 above the maximum": ("order", {"p50_s": 0.2, "max_s": 0.2}, {"p50_s": 0.2, "max_s": 0.1999}),
    "a wait above P95": ("order", {"wait_s": 0.2, "p95_s": 0.2}, {"wait_s": 0.2, "p95_s": 0.1999}),
    "the mean above the maximum": ("order", {"mean_s": 0.2, "max_s": 0.2}, {"mean_s": 0.2, "max_s": 0.1999}),
    "the mean below the minimum": ("order", {"mean_s": 0.2, "min_s": 0.2}, {"mean_s": 0.2, "min_s": 0.2001}),
    "the mean below the wait": ("order", {"mean_s": 0.2, "wait_s": 0.2}, {"mean_s": 0.1999, "wait_s": 0.2}),
    # 100 users for 10 s, and 1 s more for the requests that began before: 100 / 0.1 x 1.1.
    "users and their mean": (
        "users",
        {"users": 100, "mean_s": 0.1, "max_s": 1, "duration_s": 10, "rps": 1100},
        {"users": 100, "mean_s": 0.1, "max_s": 1, "duration_s": 10, "rps": 1101},
    ),
    "connections, fewer than users": (
        "users",
        {"users": 1000, "connections": 100, "mean_s": 0.1, "max_s": 1, "duration_s": 10, "rps": 1100},
        {"users": 1000, "connections": 100, "mean_s": 0.1, "max_s": 1, "duration_s": 10, "rps": 1101},
    ),
    # Half of the answers take 0.2 s or longer: the mean is at least 0.1 s.
    "users and their P50": (
        "users",
        {"users": 100, "p50_s": 0.2, "max_s": 1, "duration_s": 10, "rps": 1100},
        {"users": 100, "p50_s": 0.2, "max_s": 1, "duration_s": 10, "rps": 1101},
    ),
    "users and their P99": (
        "users",
        {"users": 100, "p99_s": 10, "max_s": 10, "duration_s": 100, "rps": 1100},
        {"users": 100, "p99_s": 10, "max_s": 10, "duration_s": 100, "rps": 1101},
    ),
    # 4 / 0.1 x (1 + 0.2 / 10)
    "slots that are held": (
        "slots that wait",
        {"slots": 4, "wait_s": 0.1, "max_s": 0.2, "duration_s": 10, "rps": 40.8},
        {"slots": 4, "wait_s": 0.1, "max_s": 0.2, "duration_s": 10, "rps": 40.9},
    ),
    "users that are held": (
        "users that wait",
        {"users": 4, "wait_s": 0.1, "duration_s": 10, "rps": 40.4},
        {"users": 4, "wait_s": 0.1, "duration_s": 10, "rps": 40.5},
    ),
    # 0.45 x 0.1 + 0.04 x 0.2 + 0.01 x 1.0 + 0.5 x 0.02 = 0.073
    "a mean too low for its percentiles": (
        "mean of percentiles",
        {"min_s": 0.02, "p50_s": 0.1, "p95_s": 0.2, "p99_s": 1, "mean_s": 0.073},
        {"min_s": 0.02, "p50_s": 0.1, "p95_s": 0.2, "p99_s": 1, "mean_s": 0.0729},
    ),
    # 0.5 x 0.1 + 0.45 x 0.2 + 0.04 x 0.5 + 0.01 x 1 + 3 x 1 / 10 000 = 0.1703
    "a mean too high for its percentiles": (
        "mean of percentiles",
        {"p50_s": 0.1, "p95_s": 0.2, "p99_s": 0.5, "max_s": 1, "rps": 1000, "duration_s": 10, "mean_s": 0.1703},
        {"p50_s": 0.1, "p95_s": 0.2, "p99_s": 0.5, "max_s": 1, "rps": 1000, "duration_s": 10, "mean_s": 0.1704},
    ),
    "a P95 beyond Cantelli": (
        "standard deviation",
        {"mean_s": 0.1, "sd_s": 0.1, "p95_s": 0.1 + 0.1 * math.sqrt(19)},
        {"mean_s": 0.1, "sd_s": 0.1, "p95_s": 0.1001 + 0.1 * math.sqrt(19)},
    ),
    "a P50 far below the mean": (
        "standard deviation",
        {"mean_s": 0.3, "sd_s": 0.1, "p50_s": 0.2001}, {"mean_s": 0.3, "sd_s": 0.1, "p50_s": 0.1999},
    ),
    "more CPU than cores": ("cores", {"cores": 2, "cpu_percent": 200}, {"cores": 2, "cpu_percent": 201}),
    "CPU of requests": (
        "cores", {"cores": 1, "cpu_s": 0.001, "rps": 1000}, {"cores": 1, "cpu_s": 0.001, "rps": 1001},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BORDERS)
def test_a_rule_holds_up_to_its_border_and_breaks_beyond(name: str) -> None:
    rule, within, beyond = BORDERS[name]
    assert impossible(**within) == []
    assert impossible(**beyond) == [rule]


@pytest.mark.parametrize("name", BORDERS)
def test_a_figure_whose_rounding_reaches_the_border_is_possible(name: str) -> None:
    _, _, beyond = BORDERS[name]
    assert impossible(**{key: (0.98 * value, 1.02 * value) for key, value in beyond.items()}) == []


@pytest.mark.parametrize("name", BORDERS)
def test_nothing_is_impossible_without_the_figures_that_a_rule_needs(name: str) -> None:
    _, _, beyond = BORDERS[name]
    for left_out in beyond:
        kept = {key: value for key, value in beyond.items() if key != left_out}
        if left_out not in {"min_s", "p95_s", "p50_s", "users"}:  # without these, another figure takes their place
            assert impossible(**kept) == [], left_out


@pytest.mark.parametrize("name", BORDERS)
def test_of_figures_that_are_joined_from_several_runs_only_the_order_is_a_proof(name: str) -> None:
    rule, _, beyond = BORDERS[name]
    for joined in ({"runs": 3}, {"picked": "mean"}, {"picked": "best", "spread": True}):
        found = audit(replace(published(**beyond), **joined))
        assert {one.rule for one in found if one.grade == "impossible"} <= {"order"}
        assert (found[0].grade, found[0].rule) == ("impossible" if rule == "order" else "doubtful", rule)


@pytest.mark.parametrize("value", [0.0, 0.001, 0.007, 0.1, 0.3, 0.7])
def test_answers_that_all_take_the_same_break_no_rule(value: float) -> None:
    names = ("min_s", "mean_s", "p50_s", "p95_s", "p99_s", "max_s")
    rate = {"users": 1.0, "duration_s": 100 * value, "rps": 1 / value} if value else {}
    assert impossible(**dict.fromkeys(names, value), sd_s=0.0, **rate) == []


def test_a_wait_without_the_length_of_the_run_is_doubtful() -> None:
    (finding,) = [one for one in audit(published(users=128, wait_s=0.1, rps=16_474)) if one.rule == "users that wait"]
    assert finding.grade == "doubtful"
    assert finding.said == (
        "128 users that each get an answer after 0.1 s or more get at most 1280.0/s, but the rate is 16474/s"
    )


def test_the_worst_comes_first() -> None:
    one = published(users=100, rps=1000, mean_s=0.01, p95_s=0.02, p99_s=0.01, duration_s=1)
    assert [finding.grade for finding in audit(one)] == ["impossible", "doubtful", "method", "method"]


def test_a_figure_is_said_as_it_is_printed() -> None:
    one = Published("a", "b", {"p50_s": Span(0.1055, 0.1065, "0.1060"), "p95_s": Span(0.10575, 0.10585, "0.1058")})
    two = replace(one, figures={**one.figures, "p50_s": Span(0.10605, 0.10615, "0.1061")})
    assert audit(one) == ()
    assert [finding.said for finding in audit(two)] == ["the P50 of 0.1061 s is more than the P95 of 0.1058 s"]


@pytest.mark.parametrize(
    ("one", "rules"),
    [
        (Published("a", "b", {}, runs=1), ["one run"]),
        (Published("a", "b", {}, runs=3, picked="best"), ["best run"]),
        (Published("a", "b", {}, runs=3, picked="best", spread=True), []),
        (Published("a", "b", {}, runs=3, picked="median"), []),
        (Published("a", "b", {}, keep_alive=False), ["new connections"]),
        (Published("a", "b", {}, keep_alive=True), []),
        (published(rps=10, users=1, p95_s=0.1), ["fixed users"]),
        (published(rps=10, p95_s=0.1), []),
        (published(users=1, p50_s=0.1), []),
        (published(duration_s=4.9), ["short run"]),
        (published(duration_s=5), []),
    ],
)
def test_how_figures_were_taken(one: Published, rules: list[str]) -> None:
    assert [finding.rule for finding in audit(one)] == rules
    assert {finding.grade for finding in audit(one)} <= {"method"}


def simulated(rng: np.random.Generator) -> dict[str, float]:
    """The figures of a closed queue: users, some of whom pause, are stuck, or give up, before one server."""
    users, length_s = int(rng.integers(1, 40)), float(rng.uniform(1, 20))
    slots, timeout_s = int(rng.integers(1, 20)), float(rng.choice([math.inf, rng.uniform(0.05, 2)]))
    pause_s = float(rng.choice([0.0, rng.exponential(0.2)]))
    stuck, begin_s = int(rng.integers(0, 1 + users // 4)), float(rng.uniform(0, 3))
    mean_s, sigma = float(rng.lognormal(-3, 1)), float(rng.uniform(0, 1.5))
    ready = sorted(rng.exponential(0.01, users))
    free, held = [0.0] * slots, []
    answers = [(sent_s, begin_s + length_s + 1) for sent_s in ready[:stuck]]
    ready = list(ready[stuck:])
    while ready and min(ready) < begin_s + length_s and len(answers) < 3000:
        sent_s = min(ready)
        ready.remove(sent_s)
        slot = min(range(slots), key=free.__getitem__)
        begun_s = max(sent_s, free[slot])
        done_s = begun_s + mean_s * float(rng.lognormal(-sigma * sigma / 2, sigma))
        free[slot] = done_s
        held.append(min(done_s - begun_s, timeout_s))
        given_up_s = min(done_s, sent_s + timeout_s)
        answers.append((sent_s, given_up_s))
        ready.append(given_up_s + (float(rng.exponential(pause_s)) if pause_s else 0.0))
    if len(answers) >= 3000:
        length_s = max(0.0, min(ready) - begin_s)
    took = np.array(sorted(done - sent for sent, done in answers if begin_s <= done < begin_s + length_s))
    if not len(took):
        return {}
    least_s = float(rng.uniform(0, 1)) * float(took[0])
    return {
        "users": users, "connections": users, "slots": slots, "wait_s": min(least_s, *held, 1e3),
        "duration_s": length_s, "rps": len(took) / length_s, **described(took),
    }  # fmt: skip


def described(took_s: NDArray[np.float64]) -> dict[str, float]:
    ranks = {name: took_s[math.ceil(share * len(took_s)) - 1] for name, share in PERCENTILES.items()}
    return {
        "min_s": took_s[0], "mean_s": took_s.mean(), "max_s": took_s[-1], "sd_s": took_s.std(),
        **{name: float(value) for name, value in ranks.items()},
    }  # fmt: skip


def rounded(value: float, digits: int) -> Span:
    if value == 0:
        return span(0.0, 0.0)
    unit = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - digits)
    middle = round(value / unit) * unit
    return span(middle - unit / 2 * (1 + 1e-9), middle + unit / 2 * (1 + 1e-9))


def test_figures_of_simulated_queues_are_never_impossible() -> None:
    rng, told = np.random.default_rng(7), 0
    for _ in range(SIMULATIONS):
        figures = simulated(rng)
        digits = int(rng.integers(1, 5))
        spans = {
            name: span(value, value) if name in GIVEN else rounded(value, digits) for name, value in figures.items()
        }
        kept = {name: span for name, span in spans.items() if rng.random() < 0.8}
        found = [one for one in audit(Published("simulated", "here", kept)) if one.grade == "impossible"]
        assert found == [], (figures, found)
        told += len(kept) > 3
    assert told > 0.9 * SIMULATIONS


@settings(max_examples=300, deadline=None)
@given(took=st.lists(st.floats(1e-6, 1e3) | st.just(0.25), min_size=1, max_size=200))
def test_figures_of_any_latencies_are_never_impossible(took: list[float]) -> None:
    figures = described(np.array(sorted(took)))
    # One user, one request after another.
    length_s = math.fsum(took)
    spans = {
        name: span(value, value)
        for name, value in {**figures, "users": 1.0, "duration_s": length_s, "rps": len(took) / length_s}.items()
    }
    assert [one for one in audit(Published("any", "here", spans)) if one.grade == "impossible"] == []
