"""What follows from the searches of all rounds."""

from dataclasses import replace

import pytest

from bench.judge.capacity.curve import rate_curve
from bench.judge.capacity.rows import capacities_held_against, capacity_ratios, capacity_rows, cores_for
from bench.model.cell import Distribution, Requests
from bench.model.config import Objective, Sought
from bench.model.run import Run
from bench.model.search import Ending, Part, Search, Step, Verdict
from tests.unit.builders import FASTAPI, FLASK, plan, run_of

SOUGHT = Sought(Objective("p95", 0.2), "poisson", 500)


def step(
    rate_rps: float,
    verdict: Verdict = "held",
    *,
    p95_s: float = 0.1,
    length_s: float = 2.0,
    took_s: float | None = None,
    part: Part = "settle",
) -> Step:
    return Step(
        number=0,
        rate_rps=rate_rps,
        verdict=verdict,
        part=part,
        planned_s=length_s,
        begin_s=0.0,
        start_s=1.0,
        end_s=1.0 + (length_s if took_s is None else took_s),
        done_s=4.0,
        requests=Requests(100, 0, 0, 0, {}),
        throughput_rps=rate_rps,
        latency_s=Distribution(p95_s, p95_s, p95_s, p95_s, p95_s, p95_s),
        server_s_per_request=0.001,
        server_cores=rate_rps * 0.001,
        memory_bytes=2**28,
    )


def search(
    stack: str, number: int, rate_rps: float | None, ending: Ending = "found", why: str = "", *steps: Step
) -> Search:
    taken = steps or ((step(rate_rps, length_s=6.0), step(rate_rps * 1.04, "exceeded", p95_s=0.3)) if rate_rps else ())
    return Search(stack, "weather", SOUGHT, number, number, ending, rate_rps, why, None, taken)


def run(*searches: Search) -> Run:
    planned = plan({"flask": FLASK, "fastapi": FASTAPI}, {"weather": (10,)})
    profile = replace(planned.profile, sought={"weather": SOUGHT})
    return replace(run_of(replace(planned, profile=profile)), searches=searches)


def test_rates_are_joined_over_the_rounds_and_compared_within_them() -> None:
    rates = {"flask": (500.0, 600.0, 700.0), "fastapi": (1000.0, 1260.0, 1330.0)}
    found = run(*(search(stack, n, rate) for stack, own in rates.items() for n, rate in enumerate(own, start=1)))
    flask, fastapi = capacity_rows(found)
    assert flask.rate_rps is not None
    assert flask.rate_rps.values == rates["flask"]
    assert flask.rate_rps.mean == pytest.approx((500 * 600 * 700) ** (1 / 3))
    assert fastapi.per_core_rps == fastapi.rate_rps
    assert flask.s_per_request is not None
    assert flask.s_per_request.mean == pytest.approx(0.001)
    assert flask.per_gib_rps is not None
    assert flask.per_gib_rps.mean == pytest.approx(4 * flask.rate_rps.mean)
    (ratio,) = capacity_ratios(found.searches, found.config)
    assert (ratio.stack, ratio.against) == ("fastapi", "flask")
    assert ratio.estimate.values == pytest.approx((2.0, 2.1, 1.9))
    assert ratio.estimate.low is not None
    assert flask.rate_rps.low is not None
    assert ratio.estimate.mean - ratio.estimate.low < 0.4  # though the rates themselves vary by 40 %


def test_a_rate_for_each_core_of_several() -> None:
    found = replace(run(search("flask", 1, 1000.0)), server_cpus=(0, 1))
    (row,) = capacity_rows(found)
    assert row.per_core_rps is not None
    assert row.per_core_rps.mean == 500.0


def test_a_round_without_a_rate_is_left_out_of_the_mean_and_said() -> None:
    found = run(
        search("flask", 1, 500.0),
        search("flask", 2, None, "not known", "the generator was late"),
        search("fastapi", 1, 900.0, "at least", "it was the most that could be sent"),
        search("fastapi", 2, 950.0),
    )
    flask, fastapi = capacity_rows(found)
    assert flask.rate_rps is not None
    assert flask.rate_rps.values == (500.0,)
    assert flask.endings == ("found", "not known")
    assert flask.why == ("the generator was late",)
    assert fastapi.at_least
    (ratio,) = capacity_ratios(found.searches, found.config)
    assert ratio.estimate.values == (1.8,)
    assert ratio.bound == "at least"


def test_a_bound_of_the_other_stack_is_one_from_above_and_two_bounds_say_nothing() -> None:
    bounded = search("flask", 1, 500.0, "at least", "it was the most")
    (ratio,) = capacity_ratios((bounded, search("fastapi", 1, 900.0)), run().config)
    assert ratio.bound == "at most"
    assert capacity_ratios((bounded, search("fastapi", 1, 900.0, "at least", "so was this")), run().config) == ()


def test_the_p95_below_the_rate_is_that_of_whole_windows() -> None:
    rate_rps = 1000.0
    below = [step(1000 * 10 ** (-places / 60), p95_s=p95_s, part="below") for places, p95_s in ((6, 0.12), (18, 0.11))]
    found = run(search("flask", 1, rate_rps, "found", "", step(rate_rps, length_s=6.0), *below))
    (row,) = capacity_rows(found)
    assert {share: one.mean for share, one in row.p95_s.items()} == {0.8: 0.12, 0.5: 0.11}


def at_common_rate(answered_rps: float, length_s: float, arrived: int, cpu_s: float, verdict: Verdict = "held") -> Step:
    taken = step(100.0, verdict, length_s=length_s, part="bracket")
    requests = Requests(arrived - 2, 1, 0, 1, {"status 503": 1})
    return replace(taken, throughput_rps=answered_rps, requests=requests, server_s_per_request=cpu_s)


def test_each_stack_has_its_cpu_at_the_common_rate_and_the_share_that_it_achieved() -> None:
    found = run(
        search("flask", 1, 500.0, "found", "", step(500.0), at_common_rate(104.0, 1.5, 160, 0.002)),
        search("flask", 2, 500.0, "found", "", step(500.0), at_common_rate(100.0, 1.5, 150, 0.0018)),
        search("fastapi", 1, 30.0, "found", "", step(30.0), at_common_rate(40.0, 0.3, 30, 0.01, "exceeded")),
        search("fastapi", 2, 30.0, "found", "", step(30.0)),
    )
    flask, fastapi = capacity_rows(found)
    assert flask.common_s_per_request is not None
    assert flask.common_s_per_request.values == (0.002, 0.0018)
    assert flask.common_s_per_request.low is not None
    assert flask.common_achieved == pytest.approx((104 * 1.5 / 160, 1.0))
    assert fastapi.common_s_per_request is not None
    assert fastapi.common_s_per_request.values == (0.01,)  # of two rounds
    assert fastapi.common_achieved == pytest.approx((0.4,))


def test_of_several_windows_at_the_common_rate_the_median_of_the_first_ones_that_were_judged_counts() -> None:
    windows = [at_common_rate(rps, 1.0, 100, rps / 1e5) for rps in (100.0, 90.0, 80.0)]
    others = [
        replace(at_common_rate(10.0, 6.0, 600, 9.0), part="settle"),
        at_common_rate(10.0, 1.0, 100, 9.0, "not known"),
    ]
    near = replace(at_common_rate(10.0, 1.0, 100, 9.0), rate_rps=103.9)
    (row,) = capacity_rows(run(search("flask", 1, 500.0, "found", "", *windows, *others, near)))
    assert row.common_s_per_request is not None
    assert row.common_s_per_request.values == pytest.approx((0.0009,))
    assert row.common_achieved == pytest.approx((0.9,))


def test_without_a_window_at_the_common_rate_there_are_no_figures_and_what_answered_nothing_achieved_nothing() -> None:
    (old,) = capacity_rows(run(search("flask", 1, 500.0)))
    assert (old.common_s_per_request, old.common_achieved) == (None, ())
    nothing = replace(at_common_rate(0.0, 1.0, 100, 0.0, "exceeded"), server_s_per_request=None)
    (stuck,) = capacity_rows(run(search("flask", 1, 500.0, "found", "", step(500.0), nothing)))
    assert (stuck.common_s_per_request, stuck.common_achieved) == (None, (0.0,))


def test_the_cores_for_a_rate_follow_from_the_interval() -> None:
    found = run(*(search("flask", n, rate) for n, rate in enumerate((480.0, 500.0, 520.0), start=1)))
    (row,) = capacity_rows(found)
    assert cores_for(row, 5000.0) == (10, 12)
    assert cores_for(replace(row, at_least=True), 5000.0) is None
    (single,) = capacity_rows(run(search("flask", 1, 500.0)))
    assert cores_for(single, 5000.0) is None


def test_a_curve_joins_windows_at_about_the_same_rate_and_marks_those_that_ended_early() -> None:
    steps = (
        step(100.0, p95_s=0.10),
        step(103.0, p95_s=0.12),
        step(104.0, p95_s=0.11),
        step(300.0, "exceeded", p95_s=0.4, took_s=0.5),
        step(300.0, "not known", p95_s=9.0),
    )
    found = rate_curve("flask", [search("flask", 1, 100.0, "found", "", *steps)])
    assert [latency_s for _, latency_s in found.points] == [0.11, 0.4]
    assert found.points[0][0] == pytest.approx(102.3, abs=0.2)
    assert [(one.least, one.known) for one in found.seen] == [
        (False, True), (False, True), (False, True), (True, True), (False, False),
    ]  # fmt: skip


def test_a_ratio_is_held_against_that_of_another_run_with_the_same_objective() -> None:
    def searched(*fastapi: float) -> Run:
        flask = (search("flask", n, 500.0) for n, _ in enumerate(fastapi, start=1))
        return run(*flask, *(search("fastapi", n, rate) for n, rate in enumerate(fastapi, start=1)))

    reference = searched(1000.0, 1010.0, 990.0)
    (yes,) = capacities_held_against(searched(1020.0, 1000.0, 1010.0), reference)
    assert yes.agreement == "yes"
    (no,) = capacities_held_against(searched(1500.0, 1510.0, 1490.0), reference)
    assert (no.agreement, round(no.quotient.mean, 2)) == ("no", 1.5)
    other = replace(reference.config.profile, sought={"weather": replace(SOUGHT, objective=Objective("p99", 0.2))})
    unlike = replace(reference, config=replace(reference.config, profile=other))
    assert capacities_held_against(searched(1020.0, 1000.0, 1010.0), unlike) == ()
