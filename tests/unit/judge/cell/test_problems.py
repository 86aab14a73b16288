import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell import problems
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.figures import DROPPED, NO_PORT, TIMEOUT, UNSENT, latency_s
from bench.judge.cell.figures import requests as requests_of
from bench.judge.cell.growth import MemoryGrowth
from bench.judge.cell.processes import Replaced
from bench.model.cell import (
    AttachedService,
    Circumstances,
    Cpu,
    Distribution,
    Figure,
    LocustUsers,
    Neighbour,
    Outcome,
    Problem,
    Requests,
    UpstreamServed,
    Window,
)
from bench.model.config import Closed, Load, Open, UpstreamCall
from bench.model.samples import Samples
from tests.unit.builders import FASTAPI, SYNC, plan

PLAN = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10,)})
SCENARIO = replace(PLAN.scenarios["weather"], hold_s=0.1)
WINDOW = Window(0.0, 10.0, 20.0)
FIXED = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=50)
POISSON = replace(FIXED, arrivals="poisson")


def conditions(load: Load, stack: str = "loop") -> Conditions:
    return Conditions(PLAN.stacks[stack], SCENARIO, load, server_cpus=1, load_cpus=1)


def cpu(
    server: float = 0.5,
    generator: float = 0.1,
    upstream: float = 0.1,
    sampler: float = 0.0,
    server_steal: float | None = None,
) -> Cpu:
    return Cpu(0.001, server, generator, upstream, sampler, 5, 100.0, server_steal, None)


def latency(p95_s: float) -> Distribution:
    return Distribution(p95_s, p95_s, p95_s, p95_s, p95_s, p95_s)


def median(p50_s: float | None) -> Distribution | None:
    return None if p50_s is None else Distribution(9.0, p50_s, 9.0, 9.0, 9.0, 9.0)


def lateness(p99_s: float) -> Distribution:
    return Distribution(0.0, 0.0, 0.0, 0.0, p99_s, 10 * p99_s)


def ended(**statuses: int) -> Samples:
    """So many requests of each kind, scheduled evenly over the window; none takes any time."""
    codes = {"ok": 200, "timeout": TIMEOUT, "dropped": DROPPED, "unsent": UNSENT, "portless": NO_PORT}
    status = np.concatenate([np.full(count, codes[kind]) for kind, count in statuses.items()])
    at_s = np.linspace(WINDOW.start_s, WINDOW.end_s, len(status), endpoint=False)
    return Samples(scheduled_s=at_s, sent_s=at_s, done_s=at_s, status=status)


@pytest.mark.parametrize(("failed", "found"), [(9, False), (10, False), (11, True)])
def test_a_service_may_fail_on_one_per_cent(failed: int, found: bool) -> None:
    requests = Requests(1000 - failed, failed - 4, 4, 0, {"status 502": failed - 4, "timeout": 4})
    problem = problems.service_errors(requests, 30.0)
    assert (problem is not None) is found
    if problem is not None:
        assert problem.voids == ("latency", "cpu")
        assert "1.10 %" in problem.detail
        assert "7 x status 502, 4 x timeout" in problem.detail


@pytest.mark.parametrize(("failed", "found"), [(10, False), (11, True)])
def test_dropped_arrivals_neither_fail_nor_hide_a_failure(failed: int, found: bool) -> None:
    problem = problems.service_errors(Requests(1000 - failed, failed, 0, 9000, {"status 502": failed}), 30.0)
    assert (problem is not None) is found


@pytest.mark.parametrize(("failed", "said"), [(49, False), (50, False), (51, True)])
def test_beyond_5_per_cent_p95_is_said_to_be_at_least_the_timeout(failed: int, said: bool) -> None:
    problem = problems.service_errors(Requests(1000 - failed, 0, failed, 0, {"timeout": failed}), 30.0)
    assert problem is not None
    assert problem.detail.endswith("P95 is at least the timeout (30.0 s)") is said


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_p95_is_said_to_be_at_least_the_timeout_exactly_where_it_is_the_timeout(ok: int, failed: int) -> None:
    problem = problems.service_errors(Requests(ok, 0, failed, 0, {"timeout": failed}), 30.0)
    found = latency_s(ended(ok=ok, timeout=failed), WINDOW, timeout_s=30.0)
    assert found is not None
    assert (problem is not None and "at least the timeout" in problem.detail) is (found.p95 == 30.0)


@pytest.mark.parametrize("requests", [Requests(0, 1, 0, 0, {}), Requests(0, 0, 1, 0, {}), Requests(0, 0, 0, 1, {})])
def test_without_one_right_answer_there_is_no_latency_and_no_cpu_per_request(requests: Requests) -> None:
    assert problems.nothing_served(replace(requests, ok=1), FIXED) is None
    problem = problems.nothing_served(requests, FIXED)
    assert problem is not None
    assert (problem.name, problem.voids) == ("nothing served", ("latency", "cpu"))


def test_a_service_that_got_no_request_is_not_blamed_for_answering_none() -> None:
    assert problems.nothing_served(Requests(0, 0, 0, 0, {}), FIXED) is None


def test_a_service_whose_requests_found_no_free_port_is_not_blamed_for_answering_none() -> None:
    assert problems.nothing_served(Requests(0, 0, 0, 0, {}, unsent=7), Closed(users=10)) is None
    assert problems.nothing_served(Requests(0, 1, 0, 0, {}, unsent=7), Closed(users=10)) is not None


def test_a_service_that_leaves_all_users_waiting_throughout_the_window_has_served_nothing() -> None:
    problem = problems.nothing_served(Requests(0, 0, 0, 0, {}), Closed(users=10))
    assert problem is not None


@pytest.mark.parametrize(
    ("workers", "server_cpus", "cores", "share"),
    [
        (1, 1, 0.9, 0.9),
        (4, 1, 0.9, 0.9),  # four workers on one core
        (1, 4, 0.9, 0.9),  # one Python process fills one core, whatever it is given
        (2, 4, 1.0, 0.5),
        (8, 4, 1.0, 0.25),
        (1, 4, 1.05, 1.0),
        (1, 4, 2.0, 0.5),  # unless it used more: then all are its own
    ],
)
def test_a_server_is_busy_by_the_share_of_the_cores_that_it_can_use(
    workers: int, server_cpus: int, cores: float, share: float
) -> None:
    stack = replace(PLAN.stacks["loop"], workers=workers)
    assert problems.server_share(cpu(cores), stack, server_cpus) == pytest.approx(share)


@pytest.mark.parametrize(
    ("steal", "workers", "server_cpus", "cores", "share"),
    [
        (None, 1, 1, 0.9, 0.9),
        (0.0, 1, 1, 0.9, 0.9),
        (0.1, 1, 1, 0.9, 1.0),
        (0.5, 1, 1, 0.45, 0.9),
        (0.2, 8, 4, 1.6, 0.5),
        (0.2, 2, 4, 0.8, 0.5),
        (0.5, 1, 4, 1.6, 0.8),  # more than one core: then all are its own
    ],
)
def test_cpu_that_the_hypervisor_took_was_not_there_for_the_server_to_use(
    steal: float | None, workers: int, server_cpus: int, cores: float, share: float
) -> None:
    stack = replace(PLAN.stacks["loop"], workers=workers)
    assert problems.server_share(cpu(cores, server_steal=steal), stack, server_cpus) == pytest.approx(share)


@pytest.mark.parametrize(
    ("used", "load_cpus", "found"),
    [
        (cpu(generator=0.5, upstream=0.25, sampler=0.04), 1, False),
        (cpu(generator=0.5, upstream=0.25, sampler=0.05), 1, False),
        (cpu(generator=0.5, upstream=0.25, sampler=0.06), 1, True),
        (cpu(generator=0.79), 4, False),
        (cpu(generator=0.81), 4, True),
        (cpu(upstream=0.81), 4, True),
        (cpu(generator=0.5, upstream=0.5), 4, False),
        (cpu(generator=0.79, sampler=0.02), 4, True),
    ],
)
def test_the_load_side_may_fill_80_per_cent_of_a_core(used: Cpu, load_cpus: int, found: bool) -> None:
    assert (problems.load_core(used, load_cpus, 0.5, {}) is not None) is found


@pytest.mark.parametrize(
    ("server_busy", "voids"),
    [(0.94, ("latency", "throughput")), (0.95, ("latency",)), (0.96, ("latency",))],
)
def test_throughput_is_reliable_where_the_server_was_full_too(server_busy: float, voids: tuple[Figure, ...]) -> None:
    problem = problems.load_core(cpu(generator=0.9), 1, server_busy, {})
    assert problem is not None
    assert (problem.name, problem.voids) == ("load side saturated", voids)
    assert problem.detail == "load generator and upstream used 100 % of a core (limit 80.0 %)"


def test_companions_that_share_the_generators_core_count_and_leave_throughput_reliable() -> None:
    companions = {"db": 0.4, "queue": 0.3}
    problem = problems.load_core(cpu(generator=0.15), 1, 0.5, companions)
    assert problem is not None
    assert problem.voids == ("latency",)
    assert problem.detail == (
        "load generator, upstream, db and queue, which share it, used 95.0 % of a core (limit 80.0 %)"
    )
    assert problems.load_core(cpu(generator=0.15), 2, 0.5, companions) is None
    alone = problems.load_core(cpu(generator=0.75), 1, 0.5, companions)
    assert alone is not None
    assert alone.voids == ("latency", "throughput")


def test_users_who_were_lost_are_told_and_a_locustfile_may_call_what_it_likes() -> None:
    assert problems.users_lost(None) is problems.users_lost(LocustUsers()) is None
    problem = problems.users_lost(LocustUsers(faults=("3 of 50 users ended in on_start: KeyError", "2 were killed")))
    assert problem is not None
    assert (problem.detail, problem.voids) == (
        "3 of 50 users ended in on_start: KeyError; 2 were killed", ("latency", "throughput"),
    )  # fmt: skip
    served = UpstreamServed({}, {}, 0)
    assert problems.upstream_hits(served, ended(ok=10), SCENARIO) is not None
    assert problems.upstream_hits(served, ended(ok=10), replace(SCENARIO, client="locust")) is None


def test_a_service_whose_process_is_not_known_has_neither_memory_nor_cpu() -> None:
    assert problems.process_not_known(None) is problems.process_not_known(AttachedService(7, 2)) is None
    problem = problems.process_not_known(AttachedService(None, 0))
    assert problem is not None
    assert set(problem.voids) == {"memory", "cpu"}
    assert "--pid" in problem.detail


LATENESS = pytest.mark.parametrize(
    ("p50_s", "p99_s", "found"),
    [
        (0.1, 0.0049, False),
        (0.1, 0.005, False),
        (0.1, 0.0051, True),
        (0.25, 0.005, False),
        (0.25, 0.0051, True),
        (1.0, 0.0199, False),
        (1.0, 0.02, False),
        (1.0, 0.0201, True),
        (None, 0.005, False),
        (None, 0.0051, True),
    ],
)


@LATENESS
def test_the_generator_may_send_5_ms_or_2_per_cent_of_the_median_service_time_late(
    p50_s: float | None, p99_s: float, found: bool
) -> None:
    problem = problems.send_delay(lateness(p99_s), median(p50_s))
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("generator late", ("latency",))


@LATENESS
def test_the_generators_timer_may_lag_by_as_much_as_a_request_may_be_sent_late(
    p50_s: float | None, p99_s: float, found: bool
) -> None:
    problem = problems.timer_lag(lateness(p99_s), median(p50_s))
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("generator stalled", ("latency",))


def test_a_late_generator_is_reported_with_its_lateness_and_its_limit() -> None:
    late, stalled = problems.send_delay(lateness(0.03), latency(1.0)), problems.timer_lag(lateness(0.03), latency(1.0))
    assert late is not None
    assert stalled is not None
    assert late.detail == "requests were sent 30.0 ms late at P99 (limit 20.0 ms)"
    assert stalled.detail == "the load generator's timer lagged by 30.0 ms at P99 (limit 20.0 ms)"


def test_a_generator_that_sent_nothing_and_has_no_beat_is_not_late() -> None:
    assert problems.send_delay(None, latency(0.1)) is None
    assert problems.timer_lag(None, latency(0.1)) is None


def test_a_single_dropped_arrival_leaves_no_latency() -> None:
    assert problems.dropped(ended(ok=1000), WINDOW, FIXED) is None
    problem = problems.dropped(ended(ok=999, dropped=1), WINDOW, FIXED)
    assert problem is not None
    assert (problem.name, problem.voids) == ("arrivals dropped", ("latency",))
    assert problem.detail == "0.100 % of the arrivals were dropped, because 50 requests were in flight already"


def test_arrivals_dropped_outside_the_window_and_unsent_ones_do_not_count_as_dropped() -> None:
    assert problems.dropped(ended(dropped=10), Window(0.0, 20.0, 30.0), FIXED) is None
    assert problems.dropped(ended(ok=10, unsent=10), WINDOW, FIXED) is None


@pytest.mark.parametrize("load", [FIXED, POISSON])
@pytest.mark.parametrize(("unsent", "found"), [(9, False), (10, False), (11, True)])
def test_one_per_cent_of_the_schedule_may_stay_unsent(load: Open, unsent: int, found: bool) -> None:
    problem = problems.unsent(ended(ok=1000 - unsent, unsent=unsent), WINDOW, load, None)
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("arrivals not sent", ("latency", "throughput"))
        assert problem.detail == "the load generator sent 989 of 1000 scheduled requests (limit 99.0 %)"


@pytest.mark.parametrize(("recorded", "found"), [(1000, False), (990, False), (989, True), (0, True)])
def test_an_even_schedule_says_how_many_arrivals_are_due_even_where_none_was_recorded(
    recorded: int, found: bool
) -> None:
    # A hundred a second for ten seconds; one may lie on the window's edge, so 999 are due and 990 of them 99 %.
    assert (problems.unsent(ended(ok=recorded), WINDOW, FIXED, None) is not None) is found


@pytest.mark.parametrize(
    ("recorded", "found"),
    [(1000, False), (989, False), (873, False), (865, False), (864, True), (500, True), (0, True)],
)
def test_at_least_the_mean_less_four_standard_deviations_of_poisson_arrivals_are_due(
    recorded: int, found: bool
) -> None:
    # 1000 on average; 1000 - 4 x 31.62 = 873.5, so 873 are due at least, and 864.27 of them are 99 %.
    problem = problems.unsent(ended(ok=recorded), WINDOW, POISSON, None)
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("arrivals not sent", ("latency", "throughput"))
        assert problem.detail == f"the load generator sent {recorded} of 873 scheduled requests (limit 99.0 %)"


@pytest.mark.parametrize("mean", [1, 5, 20, 100, 1000, 20_000])
def test_the_fewest_arrivals_of_ten_thousand_poisson_windows_are_not_called_unsent(mean: int) -> None:
    fewest = int(np.random.default_rng(1).poisson(mean, 10_000).min())
    assert problems.unsent(ended(ok=fewest), WINDOW, replace(POISSON, rate_rps=mean / 10), None) is None


def test_a_dropped_arrival_is_the_servers_fault_and_counts_as_sent() -> None:
    assert problems.unsent(ended(ok=500, dropped=500), WINDOW, FIXED, None) is None


@pytest.mark.parametrize(("send_delay_s", "found"), [(0.24, False), (0.25, True)])
def test_a_generator_whose_arrears_fill_half_of_the_limit_in_flight_has_dropped_arrivals_itself(
    send_delay_s: float, found: bool
) -> None:
    problem = problems.unsent(ended(ok=900, dropped=100), WINDOW, FIXED, lateness(send_delay_s))
    assert (problem is not None) is found


@given(st.floats(0.1, 5000), st.floats(0.5, 60), st.floats(0, 1))
def test_an_even_schedule_that_was_sent_whole_is_never_called_unsent(
    rate_rps: float, length_s: float, phase: float
) -> None:
    window = Window(0.0, 10.0, 10.0 + length_s)
    at_s = window.start_s + (np.arange(int(rate_rps * length_s) + 2, dtype=np.float64) + phase) / rate_rps
    samples = Samples(scheduled_s=at_s, sent_s=at_s, done_s=at_s, status=np.full(len(at_s), 200))
    assert problems.unsent(samples, window, replace(FIXED, rate_rps=rate_rps), None) is None


def backlog(arrived: int, left: int, before: int = 0) -> Samples:
    """`arrived` requests of the window, `left` of them in flight at its end; `before` were in flight at its start."""
    inside_s = np.linspace(WINDOW.start_s, WINDOW.end_s, arrived, endpoint=False)
    done_s = inside_s + 0.001
    done_s[arrived - left :] = WINDOW.end_s + 5
    return Samples(
        scheduled_s=np.concatenate([np.full(before, WINDOW.start_s - 1), inside_s]),
        sent_s=np.concatenate([np.full(before, WINDOW.start_s - 1), inside_s]),
        done_s=np.concatenate([np.full(before, WINDOW.start_s + 1), done_s]),
        status=np.full(before + arrived, 200),
    )


@pytest.mark.parametrize("service_time_s", [0.0, 0.08, 5.0])
@pytest.mark.parametrize(("left", "found"), [(49, False), (50, False), (51, True)])
def test_the_queue_may_grow_by_5_per_cent_of_the_arrivals(left: int, found: bool, service_time_s: float) -> None:
    problem = problems.falling_behind(backlog(1000, left), WINDOW, FIXED, SCENARIO, service_time_s)
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("falling behind", ("latency",))
        assert problem.detail.startswith("the queue grew by 51 of the 1000 requests that arrived")


@pytest.mark.parametrize(
    ("service_time_s", "left", "found"),
    [
        (0.0, 50, False),
        (0.0, 51, True),
        (0.08, 58, False),  # 8 in flight: 2 x sqrt(2 x 8) more
        (0.08, 59, True),
        (0.5, 70, False),  # 50 in flight: 2 x sqrt(2 x 50) more
        (0.5, 71, True),
    ],
)
def test_the_queue_may_grow_by_chance_too_where_arrivals_or_delays_are_random(
    service_time_s: float, left: int, found: bool
) -> None:
    chancy = replace(SCENARIO, upstream={"weather": UpstreamCall(1, 0.1, 0.5)})
    for load, scenario in ((POISSON, SCENARIO), (FIXED, chancy)):
        problem = problems.falling_behind(backlog(1000, left), WINDOW, load, scenario, service_time_s)
        assert (problem is not None) is found


@pytest.mark.parametrize(("left", "found"), [(1, False), (2, True)])
def test_one_more_request_in_flight_of_few_arrivals_is_only_their_phase(left: int, found: bool) -> None:
    slow = replace(FIXED, rate_rps=0.4)
    assert (problems.falling_behind(backlog(4, left), WINDOW, slow, SCENARIO, 0.1) is not None) is found


def test_poisson_arrivals_that_are_all_answered_in_their_service_time_hardly_ever_fall_behind() -> None:
    random, service_time_s = np.random.default_rng(1), 2.0
    poisson, fixed = replace(POISSON, rate_rps=20.0), replace(FIXED, rate_rps=20.0)
    found = {poisson: 0, fixed: 0}
    for _ in range(300):
        at_s = np.sort(random.uniform(0.0, 30.0, random.poisson(30 * poisson.rate_rps)))
        samples = Samples(scheduled_s=at_s, sent_s=at_s, done_s=at_s + service_time_s, status=np.full(len(at_s), 200))
        for load in found:
            found[load] += problems.falling_behind(samples, WINDOW, load, SCENARIO, service_time_s) is not None
    assert found[poisson] <= 3
    assert found[fixed] >= 15  # chance alone does it in one window of twenty or more, where no chance is allowed for


@pytest.mark.parametrize("load", [FIXED, POISSON])
def test_a_queue_that_is_long_but_does_not_grow_is_not_falling_behind(load: Open) -> None:
    assert problems.falling_behind(backlog(1000, left=300, before=300), WINDOW, load, SCENARIO, 0.1) is None
    assert problems.falling_behind(backlog(1000, left=0, before=300), WINDOW, load, SCENARIO, 0.1) is None
    assert problems.falling_behind(backlog(1000, left=300), WINDOW, load, SCENARIO, 0.1) is not None


def test_dropped_and_unsent_arrivals_are_in_no_queue() -> None:
    whole = backlog(1000, left=100)
    status = whole.status.copy()
    status[900:950], status[950:] = DROPPED, UNSENT
    assert problems.falling_behind(whole, WINDOW, FIXED, SCENARIO, 0.1) is not None
    assert problems.falling_behind(replace(whole, status=status), WINDOW, FIXED, SCENARIO, 0.1) is None


@pytest.mark.parametrize(("answers", "found"), [(9, True), (10, False), (11, False)])
def test_every_user_must_have_an_answer_when_the_window_begins(answers: int, found: bool) -> None:
    problem = problems.unanswered(replace(WINDOW, answered=answers), Closed(users=10))
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("users unanswered", ("latency",))
        assert problem.detail == "1 of 10 users had no answer by the end of the warm-up"


@pytest.mark.parametrize(("busy_s", "found"), [(9.7, True), (9.8, False), (9.9, False)])
def test_users_must_have_a_request_in_flight_98_per_cent_of_the_time(busy_s: float, found: bool) -> None:
    users = 50
    samples = Samples(sent_s=np.full(users, 10.0), done_s=np.full(users, 10.0 + busy_s))
    problem = problems.in_flight(samples, WINDOW, Closed(users=users), server_busy=0.94)
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("users idle", ("latency", "throughput"))
        assert problem.detail == (
            "48.5 of 50 users had a request in flight on average (limit 98.0 %): "
            "with more users the load generator's own time weighs less"
        )
        full = problems.in_flight(samples, WINDOW, Closed(users=users), server_busy=0.95)
        assert full is not None
        assert full.voids == ("latency",)


@pytest.mark.parametrize(("hits", "found"), [(15, True), (16, False), (20, False), (21, True)])
def test_the_upstream_is_called_for_each_answer_and_at_most_for_each_request(hits: int, found: bool) -> None:
    call = replace(SCENARIO.upstream["weather"], calls=2)
    problem = problems.upstream_hits(
        UpstreamServed({"weather": hits}, {}, 8),
        ended(ok=8, timeout=2, dropped=3, unsent=4),
        replace(SCENARIO, upstream={"weather": call}),
    )
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("upstream calls", ("throughput", "latency", "memory", "cpu"))
        assert problem.detail == f"the upstream counted {hits} calls of weather; 16 to 20 were expected"


@pytest.mark.parametrize(("hits", "found"), [(9, True), (10, False), (11, True)])
def test_the_upstream_is_called_exactly_as_often_as_asked_where_nothing_failed(hits: int, found: bool) -> None:
    served = UpstreamServed({"weather": hits}, {}, 8)
    assert (problems.upstream_hits(served, ended(ok=10, dropped=5, unsent=5), SCENARIO) is not None) is found


@pytest.mark.parametrize(("light_s", "found"), [(0.01, False), (math.nan, False), (-1.0, True)])
def test_the_light_request_may_have_called_the_upstream_once_more(light_s: float, found: bool) -> None:
    served, samples = UpstreamServed({"weather": 11}, {}, 8), replace(ended(ok=10), look_light_s=np.array([light_s]))
    assert (problems.upstream_hits(served, samples, SCENARIO) is not None) is found


def test_an_upstream_that_was_never_called_is_a_problem_only_where_the_scenario_calls_it() -> None:
    none = UpstreamServed({}, {}, 0)
    assert problems.upstream_hits(none, ended(ok=1), SCENARIO) is not None
    assert problems.upstream_hits(none, ended(ok=1), replace(SCENARIO, upstream={})) is None


@pytest.mark.parametrize(("error_s", "found"), [(None, False), (0.0049, False), (0.005, False), (0.0051, True)])
def test_the_delays_of_the_upstream_may_be_off_by_5_ms_at_p99(error_s: float | None, found: bool) -> None:
    problem = problems.upstream_delay(UpstreamServed({}, {"p99": error_s}, 1))
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("upstream late", ("latency",))
        assert problem.detail == "the upstream's delays were off by 5.10 ms at P99 (limit 5.00 ms)"


@pytest.mark.parametrize("load", [Closed(users=10), FIXED, POISSON])
@pytest.mark.parametrize(("p95_s", "found"), [(3.3, False), (10 / 3, False), (3.4, True)])
def test_the_window_must_span_three_p95(p95_s: float, found: bool, load: Load) -> None:
    problem = problems.unsteady(latency(p95_s), WINDOW, conditions(load))
    assert (problem is not None) is found
    if problem is not None:
        assert (problem.name, problem.voids) == ("unsteady", ("latency",))
        assert problem.detail == "the window of 10.0 s is shorter than 3 x P95 (3.40 s)"


def test_a_p95_at_the_timeout_is_not_called_unsteady_too() -> None:
    ten, timeout_s = conditions(Closed(users=10)), SCENARIO.timeout_s
    assert problems.unsteady(latency(timeout_s - 0.1), WINDOW, ten) is not None
    assert problems.unsteady(latency(timeout_s), WINDOW, ten) is None


def test_a_saturated_latency_is_predicted_only_where_it_is_what_outgrows_the_window() -> None:
    def detail(load: Load) -> str:
        problem = problems.unsteady(latency(4.0), WINDOW, conditions(load, "sync"))
        assert problem is not None
        return problem.detail

    assert detail(Closed(users=200)).endswith("; saturated, predicted 5.00 s")
    assert "predicted" not in detail(Closed(users=100))
    assert "predicted" not in detail(replace(FIXED, max_in_flight=1000))  # the queue of an open-loop load has no limit


def test_a_window_in_which_nothing_was_scheduled_is_not_called_unsteady() -> None:
    assert problems.unsteady(None, WINDOW, conditions(Closed(users=10))) is None


def test_memory_that_grows_with_the_requests_is_told_by_the_request_and_not_ranked() -> None:
    assert problems.memory_grows(None) is None
    problem = problems.memory_grows(MemoryGrowth(1.02e6, 0.9e6, 1.1e6, 132_000_000, 511_000_000))
    assert problem == Problem(
        "memory grows", "memory grew by 1.02 MB a request: from 132 MB to 511 MB RSS in the window", ("memory",)
    )
    small = problems.memory_grows(MemoryGrowth(10_300, 10_000, 11_000, 60_000_000, 70_000_000))
    assert small is not None
    assert "memory grew by 10.3 kB a request" in small.detail


def test_workers_that_were_replaced_are_told_with_the_cpu_of_their_starts_and_make_nothing_unreliable() -> None:
    assert problems.workers_replaced(Replaced(0, 0.0)) is None
    problem = problems.workers_replaced(Replaced(3, 1.2))
    assert problem == Problem(
        "workers replaced",
        "at least 3 workers were replaced in the window; starting them took about 1.20 s of CPU, which CPU per request "
        "includes",
    )
    one = problems.workers_replaced(Replaced(1, 0.4))
    assert one is not None
    assert "at least 1 worker was replaced in the window" in one.detail


def test_processes_that_outlived_their_parent_are_told_and_make_nothing_unreliable() -> None:
    assert problems.processes_detached(0) is None
    assert problems.processes_detached(2) == Problem(
        "processes detached",
        "2 processes of the server outlived the parent, as after a double fork; CPU and memory include them",
    )
    one = problems.processes_detached(1)
    assert one is not None
    assert one.detail.startswith("1 process of the server outlived")


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ((), "ok"),
        ((Problem("unsteady", "", ("latency",)),), "ok"),
        ((Problem("service errors", "", ("latency",)),), "degraded"),
        ((Problem("nothing served", "", ("latency", "cpu")),), "degraded"),
        ((Problem("users idle", "", ("latency", "throughput")),), "invalid"),
        (
            (Problem("service errors", "", ("latency",)), Problem("users idle", "", ("latency", "throughput"))),
            "invalid",
        ),
    ],
)
def test_the_outcome_follows_from_the_figures_that_the_problems_make_unreliable(
    found: tuple[Problem, ...], outcome: Outcome
) -> None:
    assert problems.outcome(found) == outcome


def neighbour(name: str, cpu_s: float, *, on_server: bool = True) -> Neighbour:
    return Neighbour(name, 77, cpu_s, on_server)


def others(
    server: float | None = 0.0,
    load: float | None = 0.0,
    *,
    window: Window = WINDOW,
    spread: float = 0.0,
    delay_s: float | None = None,
    beside: tuple[Neighbour, ...] = (),
) -> Problem | None:
    """What is found where other programs used these shares of either side's cores."""
    measured = replace(conditions(Closed(users=10)), other_spread=spread)
    used = replace(cpu(), server_other=server, load_other=load)
    return problems.other_programs(used, window, measured, beside, delay_s)


@pytest.mark.parametrize(
    ("server", "load", "spread", "found"),
    [
        (0.029, 0.099, 0.0, False),
        (0.031, 0.0, 0.0, True),
        (0.0, 0.101, 0.0, True),
        (0.044, 0.0, 0.015, False),
        (0.046, 0.0, 0.015, True),
        (0.101, 0.0, 0.5, True),  # a disturbed selftest does not let everything pass
        (-0.5, -0.5, 0.0, False),
        (None, None, 0.0, False),
    ],
)
def test_other_programs_may_use_as_much_as_the_selftest_could_not_tell_from_none(
    server: float | None, load: float | None, spread: float, found: bool
) -> None:
    assert (others(server, load, spread=spread) is not None) == found


@pytest.mark.parametrize(
    ("steal", "other", "share"),
    [(None, None, None), (0.25, None, 0.25), (None, 0.25, 0.25), (0.125, 0.125, 0.25), (0.0, -0.125, 0.0)],
)
def test_what_disturbs_a_slice_is_the_hypervisor_and_other_programs_together(
    steal: float | None, other: float | None, share: float | None
) -> None:
    used = replace(cpu(), server_steal=steal, server_other=other)
    assert problems.disturbed_share(used) == share
    assert (problems.disturbed(used) is not None) is bool(share)


def test_a_tenth_of_the_cores_may_be_taken_from_a_slice() -> None:
    used = replace(cpu(), server_other=0.0)
    assert problems.disturbed(replace(used, server_steal=0.1)) is None
    found = problems.disturbed(replace(used, server_steal=0.11))
    assert found is not None
    assert (found.name, found.voids) == ("other programs", ("throughput", "latency", "cpu"))


def test_windows_under_two_seconds_are_too_short_to_find_other_programs() -> None:
    assert others(0.5, window=Window(0.0, 10.0, 11.9)) is None
    assert others(0.5, window=Window(0.0, 10.0, 12.0)) is not None


def test_the_heaviest_program_on_the_same_cores_is_named() -> None:
    problem = others(0.55, beside=(neighbour("make", 9.0, on_server=False), neighbour("python3", 5.2)), delay_s=0.4)
    assert problem is not None
    assert problem.detail == (
        "other programs used 55.0 % of the server's cores (limit 3.00 %): python3 (process 77) used 5.20 s of CPU; "
        "the server's threads waited 400 ms per second for a core"
    )
    assert set(problem.voids) == {"throughput", "latency", "cpu"}


def test_a_program_that_used_little_of_it_is_not_named() -> None:
    for beside in ((), (neighbour("python3", 1.6),), (neighbour("make", 9.0, on_server=False),)):
        problem = others(0.55, beside=beside)
        assert problem is not None
        assert problem.detail.endswith("(limit 3.00 %): short-lived, or not visible from here")


def test_a_cell_whose_cores_another_run_used_has_no_figures_of_speed() -> None:
    assert problems.cores_shared(Circumstances()) is None
    shared = problems.cores_shared(Circumstances(other_run="core 1 is used by another run, pid 7, into there (x)"))
    assert shared is not None
    assert (shared.name, shared.voids) == ("cores shared", ("throughput", "latency", "cpu"))
    assert shared.detail == "core 1 is used by another run, pid 7, into there (x)"


@pytest.mark.parametrize(("number", "said"), [(0, None), (1, "1 of 2 workers slept"), (2, None)])
def test_each_server_has_its_own_note_on_workers_that_were_not_ready_which_makes_nothing_unreliable(
    number: int, said: str | None
) -> None:
    problem = problems.workers_not_ready(Circumstances(unready=(None, "1 of 2 workers slept")), number)
    assert problem == (None if said is None else Problem("workers not ready", said))


def test_a_single_request_without_a_free_port_leaves_neither_throughput_nor_latency() -> None:
    problem = problems.no_port(ended(ok=999, portless=1), WINDOW)
    assert problem is not None
    assert (problem.name, problem.voids) == ("ports exhausted", ("latency", "throughput"))
    assert problem.detail.startswith("1 of 1000 requests found no free port to connect from: ")
    assert "let the service keep connections alive" in problem.detail
    assert problems.outcome([problem]) == "invalid"


def test_ports_are_exhausted_only_where_a_request_of_the_window_found_none() -> None:
    assert problems.no_port(ended(ok=10, timeout=5, dropped=5, unsent=5), WINDOW) is None
    assert problems.no_port(ended(ok=10, portless=5), Window(0.0, 1.0, 2.0)) is None


def test_a_service_is_not_blamed_for_requests_that_found_no_free_port() -> None:
    asked = requests_of(ended(ok=100, portless=900), WINDOW)
    assert (asked.ok, asked.errors, asked.unsent, asked.by_error) == (100, 0, 900, {})
    assert problems.service_errors(asked, 30.0) is None
