"""From which rate on which stack is ahead: searches with windows of known figures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.capacity.crossover import Crossover, crossovers
from bench.judge.capacity.grid import COMMON_RPS, level_of, rate_at
from bench.model.cell import Requests
from bench.model.run import Run
from bench.model.search import Search, Step, Verdict
from tests.unit.judge.capacity.test_rows import run, search, step

Figure = Callable[[float], float]
RATES = (46.4, 100.0, 200.0, 400.0, 800.0)
NOISE = (0.99, 1.0, 1.01)
"""By how much the rounds of a stack differ."""


def window(
    rate_rps: float, cpu_s: float = 0.001, verdict: Verdict = "held", *, p95_s: float = 0.1, memory: int = 2**28
) -> Step:
    took_s = 0.5 if verdict == "exceeded" else None
    taken = step(rate_rps, verdict, p95_s=p95_s, took_s=took_s, part="bracket" if rate_rps == COMMON_RPS else "settle")
    requests = Requests(round(rate_rps * (taken.end_s - taken.start_s)), 0, 0, 0, {})
    return replace(taken, requests=requests, server_s_per_request=cpu_s, memory_bytes=memory)


def searched(stack: str, number: int, steps: Iterable[Step], rate_rps: float | None = 800.0) -> Search:
    numbered = (replace(step, number=place) for place, step in enumerate(steps))
    return search(stack, number, rate_rps, "found" if rate_rps else "not known", "", *numbered)


def measured(
    cpu: Mapping[str, Figure],
    rates: Mapping[str, Sequence[float]] | None = None,
    noise: Mapping[str, Sequence[float]] | None = None,
    rounds: int = 3,
) -> Run:
    """Searches with a window at each rate, whose CPU seconds per request are a function of the rate, times noise."""
    rates, noise = rates or {}, noise or {}
    return run(
        *(
            searched(
                stack,
                number + 1,
                [window(at, figure(at) * noise.get(stack, NOISE)[number]) for at in rates.get(stack, RATES)],
                max(rates.get(stack, RATES)),
            )
            for stack, figure in cpu.items()
            for number in range(rounds)
        )
    )


def found(told: Run, metric: str = "cpu") -> Crossover:
    (one,) = (one for one in crossovers(told.searches, told.config) if one.metric.name == metric)
    return one


def leads(one: Crossover) -> list[tuple[str, int, int]]:
    return [(lead.stack, round(lead.low_rps), round(lead.high_rps)) for lead in one.leads]


def constant(value: float) -> Figure:
    return lambda _: value


def falling(crossing_rps: float) -> Figure:
    """CPU that falls with the rate, and is 1 ms at `crossing_rps`."""
    return lambda rate_rps: 0.001 * (rate_rps / crossing_rps) ** -0.5


def test_a_stack_that_always_needs_less_is_ahead_at_every_rate() -> None:
    one = found(measured({"flask": constant(0.001), "fastapi": constant(0.0008)}, noise={"fastapi": (1.0, 1.01, 0.99)}))
    assert (one.stack, one.against) == ("fastapi", "flask")
    assert leads(one) == [("fastapi", 50, 794)]
    assert one.throughout == "fastapi"
    assert [(round(low), round(high)) for low, high in one.runs] == [(50, 794)]
    assert all(each.estimate.mean == pytest.approx(0.8, rel=0.01) for each in one.rates)


@given(crossing=st.floats(100.0, 400.0))
def test_a_crossover_is_found_where_it_is(crossing: float) -> None:
    one = found(measured({"flask": constant(0.001), "fastapi": falling(crossing)}))
    (below, low, below_high), (above, above_low, high) = leads(one)
    assert (below, low, above, high) == ("flask", 50, "fastapi", 794)
    assert below_high < crossing * 1.02
    assert above_low > crossing / 1.02
    assert above_low / below_high < 1.7  # at most one rate of the grid in between is not shown
    assert one.throughout is None


def test_between_windows_a_figure_is_a_power_of_the_rate() -> None:
    one = found(measured({"flask": constant(0.001), "fastapi": falling(200.0)}))
    for each in one.rates:
        assert each.estimate.mean == pytest.approx((each.rate_rps / 200) ** -0.5, rel=0.01)


def test_a_difference_within_the_spread_of_the_rounds_is_not_shown() -> None:
    noise = {"flask": (0.9, 1.0, 1.1), "fastapi": (1.05, 0.93, 1.02)}
    one = found(measured({"flask": constant(0.001), "fastapi": constant(0.00095)}, noise=noise))
    assert len(one.rates) > 10
    assert (one.leads, one.throughout) == ((), None)


def test_a_difference_within_the_noise_of_the_metric_is_not_shown() -> None:
    noise = {"flask": (1.0, 1.0, 1.0), "fastapi": (1.0, 1.0, 1.0)}
    assert leads(found(measured({"flask": constant(0.001), "fastapi": constant(0.000995)}, noise=noise))) == []
    assert leads(found(measured({"flask": constant(0.001), "fastapi": constant(0.000980)}, noise=noise))) != []


@pytest.mark.parametrize(("fastapi_s", "fewest", "most"), [(0.001, 0, 15), (0.00075, 150, 200)])
def test_equal_stacks_are_seldom_told_apart_and_unequal_ones_mostly(fastapi_s: float, fewest: int, most: int) -> None:
    random = np.random.default_rng(1)
    shares = (0.1, 0.5, 0.8, 0.87, 0.93, 0.96, 1.0)

    def of(stack: str, number: int, cpu_s: float) -> Search:
        carried_rps, own_s = 1000 * random.lognormal(0, 0.1), cpu_s * random.lognormal(0, 0.03)
        steps = [window(carried_rps * share, own_s * random.lognormal(0, 0.05)) for share in shares]
        return searched(stack, number, steps, carried_rps)

    cpu_s = {"flask": 0.001, "fastapi": fastapi_s}
    runs = [run(*(of(stack, n, mean_s) for n in (1, 2, 3) for stack, mean_s in cpu_s.items())) for _ in range(200)]
    told = sum(bool(found(one).leads) for one in runs)
    assert fewest <= told <= most, told


def test_stacks_without_a_common_range_are_not_compared() -> None:
    rates = {"flask": (15.0, 20.0, 30.0), "fastapi": (50.0, 100.0, 200.0)}
    one = found(measured({"flask": constant(0.001), "fastapi": constant(0.0005)}, rates))
    assert (one.rates, one.runs, one.throughout) == ((), (), None)


def test_one_round_shows_nothing_and_two_agreeing_ones_do() -> None:
    cpu = {"flask": constant(0.001), "fastapi": constant(0.0005)}
    assert found(measured(cpu, rounds=1)).rates == ()
    assert leads(found(measured(cpu, rounds=2))) == [("fastapi", 50, 794)]


def test_nothing_is_interpolated_across_a_gap() -> None:
    rates = {"flask": (100.0, 125.9, 501.2, 631.0), "fastapi": (100.0, 125.9, 200.0, 300.0, 501.2, 631.0)}
    one = found(measured({"flask": constant(0.001), "fastapi": constant(0.0005)}, rates))
    assert [(round(low), round(high)) for low, high in one.runs] == [(100, 126), (501, 631)]
    assert leads(one) == [("fastapi", 100, 126), ("fastapi", 501, 631)]
    assert one.throughout == "fastapi"


def test_a_rate_that_is_alone_among_others_does_not_count_and_one_without_neighbours_does() -> None:
    def at(peak_rps: float) -> Figure:
        return lambda rate_rps: 0.0005 if level_of(rate_rps) == level_of(peak_rps) else 0.001

    dense = tuple(rate_at(level) for level in range(102, 127, 6))
    one = found(measured({"flask": constant(0.001), "fastapi": at(100.0)}, dict.fromkeys(("flask", "fastapi"), dense)))
    assert [each.ahead for each in one.rates] == [None, None, None, "fastapi", None]
    assert one.leads == ()
    sparse = dict.fromkeys(("flask", "fastapi"), (100.0, 501.2, 631.0))
    one = found(measured({"flask": constant(0.001), "fastapi": at(100.0)}, sparse))
    assert leads(one) == [("fastapi", 100, 100)]
    assert one.throughout is None


def test_a_round_without_a_window_near_a_rate_does_not_count_there() -> None:
    cpu = {"flask": constant(0.001), "fastapi": constant(0.0008)}
    complete = measured(cpu)
    last = [replace(one, steps=one.steps[2:]) if one.round == 3 else one for one in complete.searches]
    one = found(replace(complete, searches=tuple(last)))
    assert {round(each.rate_rps): len(each.estimate.values) for each in one.rates}[100] == 2
    assert {round(each.rate_rps): len(each.estimate.values) for each in one.rates}[251] == 3


def test_only_rates_that_both_carry_and_windows_that_were_judged_count() -> None:
    def of(stack: str, number: int, cpu_s: float) -> Search:
        lucky = window(400.0, 0.0001)
        doubtful = window(100.0, 9.0, "not known")
        cut = window(126.0, 9.0, "exceeded")
        return searched(stack, number, [window(100.0, cpu_s), doubtful, cut, window(200.0, cpu_s), lucky], 200.0)

    told = run(*(of("flask", n, 0.001) for n in (1, 2)), *(of("fastapi", n, 0.002) for n in (1, 2)))
    one = found(told)
    assert [(round(low), round(high)) for low, high in one.runs] == [(100, 200)]
    assert [each.estimate.mean for each in one.rates] == pytest.approx([2.0] * 4)
    unknown = [replace(each, rate_rps=None, ending="not known") for each in told.searches]
    assert found(replace(told, searches=tuple(unknown))).rates == ()


def test_the_p95_of_a_rate_at_which_windows_ended_early_is_not_that_of_the_lucky_others() -> None:
    def of(stack: str, number: int, *more: Step) -> Search:
        return searched(stack, number, [window(100.0), window(126.0, p95_s=0.11), *more, window(158.0)], 158.0)

    slow = [window(126.0, verdict="exceeded", p95_s=0.3)]
    told = run(
        *(of("flask", n) for n in (1, 2)),
        *(of("fastapi", n, *slow) for n in (1, 2)),
    )
    one = found(told, "p95")
    assert [each.estimate.mean for each in one.rates] == pytest.approx([1.0, 0.1 / 0.11, 1.0])
    two_of_three = run(
        *(of("flask", n) for n in (1, 2)),
        *(of("fastapi", n, window(126.0, p95_s=0.12), *slow) for n in (1, 2)),
    )
    assert found(two_of_three, "p95").rates[1].estimate.mean == pytest.approx(0.12 / 0.11)


def test_memory_is_compared_after_the_first_overload_alone() -> None:
    def of(stack: str, number: int, before: int, after: int) -> Search:
        early = [window(rate, memory=before) for rate in (50.0, 100.0, 200.0)]
        late = [window(rate, memory=after) for rate in (100.0, 126.0)]
        return searched(stack, number, [*early, window(300.0, verdict="exceeded", memory=after), *late], 200.0)

    told = run(
        *(of("flask", n, 50, 100) for n in (1, 2)),
        *(of("fastapi", n, 60, 90) for n in (1, 2)),
    )
    one = found(told, "memory")
    assert leads(one) == [("fastapi", 100, 126)]
    assert [each.estimate.mean for each in one.rates] == pytest.approx([0.9, 0.9])
    assert len(found(told).rates) > 2


def test_windows_of_a_harmed_server_and_the_memory_of_one_started_anew_are_not_compared() -> None:
    def of(stack: str, number: int, cpu_s: float, memory: int) -> Search:
        first = [window(rate, cpu_s, memory=memory) for rate in (50.0, 100.0)]
        overload = window(300.0, verdict="exceeded", memory=memory)
        harmed = replace(window(126.0, 9.0, memory=memory), verdict="exceeded")  # whole, and of no meaning
        after = [replace(window(126.0, cpu_s, memory=1), part="check"), window(126.0, cpu_s, memory=1)]
        return searched(stack, number, [*first, overload, harmed, *after], 200.0)

    told = run(
        *(of("flask", n, 0.002, 100) for n in (1, 2)),
        *(of("fastapi", n, 0.001, 90) for n in (1, 2)),
    )
    assert found(told, "memory").rates == ()
    assert [each.estimate.mean for each in found(told).rates] == pytest.approx([0.5] * len(found(told).rates))
    assert max(each.rate_rps for each in found(told).rates) == pytest.approx(126, rel=0.01)


def test_every_stack_is_compared_with_the_second_of_the_pair_the_headline_first() -> None:
    told = measured(dict.fromkeys(("flask", "fastapi"), constant(0.001)))
    other = replace(told.config.stacks["flask"], name="other")
    profile = replace(told.config.profile, stacks=("flask", "other", "fastapi"))
    three = replace(told.config, stacks={**told.config.stacks, "other": other}, profile=profile)
    more = [replace(one, stack="other") for one in told.searches if one.stack == "flask"]
    assert [(one.stack, one.against, one.metric.name) for one in crossovers([*told.searches, *more], three)] == [
        (stack, "flask", metric) for stack in ("fastapi", "other") for metric in ("cpu", "memory", "p95")
    ]
    alone = replace(told.config, profile=replace(told.config.profile, compare=None))
    assert crossovers(told.searches, alone) == ()
    only_flask = [one for one in told.searches if one.stack == "flask"]
    assert crossovers(only_flask, told.config) == ()
