from dataclasses import replace

import numpy as np
import pytest

from bench.judge import validity
from bench.model import Cpu, Distribution, Figure, Load, Outcome, Problem, Requests, Samples, UpstreamServed, Window
from tests.unit.builders import FASTAPI, SYNC, plan

PLAN = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10,)})
SCENARIO = replace(PLAN.scenarios["weather"], hold_s=0.1)
WINDOW = Window(0.0, 0.0, 10.0)


def cpu(server: float = 0.5, generator: float = 0.1, upstream: float = 0.1, sampler: float = 0.0) -> Cpu:
    return Cpu(0.001, server, generator, upstream, sampler, 5, 100.0)


def latency(p95_s: float) -> Distribution:
    return Distribution(p95_s, p95_s, p95_s, p95_s, p95_s, p95_s)


@pytest.mark.parametrize(("failed", "found"), [(9, False), (10, False), (11, True)])
def test_a_service_may_fail_on_one_per_cent(failed: int, found: bool) -> None:
    problem = validity.service_errors(
        Requests(1000 - failed, failed - 4, 4, 0, {"status 502": failed - 4, "timeout": 4})
    )
    assert (problem is not None) is found
    if problem is not None:
        assert problem.voids == ("latency", "cpu")
        assert "1.10 %" in problem.detail
        assert "7 x status 502, 4 x timeout" in problem.detail


def test_without_one_right_answer_there_is_no_latency_and_no_cpu_per_request() -> None:
    assert validity.nothing_served(Requests(1, 0, 0, 0, {})) is None
    problem = validity.nothing_served(Requests(0, 0, 0, 0, {}))
    assert problem is not None
    assert problem.voids == ("latency", "cpu")


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
    assert (validity.load_core(used, load_cpus, server_cpus=1) is not None) is found


@pytest.mark.parametrize(("answers", "found"), [(9, True), (10, False), (11, False)])
def test_every_user_must_have_an_answer_when_the_window_begins(answers: int, found: bool) -> None:
    window = Window(0.0, 5.0, 10.0)
    done_s = np.concatenate([np.linspace(1.0, 4.9, answers), [5.0, 6.0]])
    problem = validity.unanswered(Samples(done_s=done_s), window, Load("closed", 10))
    assert (problem is not None) is found
    if problem is not None:
        assert problem.voids == ("latency",)
        assert "at least 1 of 10 users" in problem.detail


def test_a_p95_at_the_timeout_is_not_called_unsteady_too() -> None:
    stack, load, timeout_s = PLAN.stacks["loop"], Load("closed", 10), SCENARIO.timeout_s
    assert validity.unsteady(latency(timeout_s - 0.1), WINDOW, stack, SCENARIO, load) is not None
    assert validity.unsteady(latency(timeout_s), WINDOW, stack, SCENARIO, load) is None


@pytest.mark.parametrize(
    ("server", "voids"),
    [(0.94, ("latency", "throughput")), (0.95, ("latency",)), (0.96, ("latency",))],
)
def test_throughput_stands_where_the_server_was_full_too(server: float, voids: tuple[Figure, ...]) -> None:
    problem = validity.load_core(cpu(server, generator=0.9), load_cpus=1, server_cpus=1)
    assert problem is not None
    assert problem.voids == voids


@pytest.mark.parametrize(("busy_s", "found"), [(9.7, True), (9.8, False), (9.9, False)])
def test_users_must_have_a_request_under_way_98_per_cent_of_the_time(busy_s: float, found: bool) -> None:
    users = 50
    samples = Samples(sent_s=np.zeros(users), done_s=np.full(users, busy_s))
    problem = validity.in_flight(samples, WINDOW, Load("closed", users))
    assert (problem is not None) is found


@pytest.mark.parametrize(("hits", "found"), [(15, True), (16, False), (20, False), (21, True)])
def test_the_upstream_is_called_for_each_answer_and_at_most_for_each_request(hits: int, found: bool) -> None:
    call = replace(SCENARIO.upstream["weather"], calls=2)
    samples = Samples(status=np.array([200] * 8 + [-2] * 2))
    problem = validity.upstream_hits(
        UpstreamServed({"weather": hits}, {}), samples, replace(SCENARIO, upstream={"weather": call})
    )
    assert (problem is not None) is found
    if problem is not None:
        assert problem.voids == ("throughput", "latency", "memory", "cpu")


def test_an_upstream_that_was_never_called_is_a_problem_and_one_that_none_should_call_is_not() -> None:
    samples = Samples(status=np.array([200]))
    assert validity.upstream_hits(UpstreamServed({}, {}), samples, SCENARIO) is not None
    assert validity.upstream_hits(UpstreamServed({}, {}), samples, replace(SCENARIO, upstream={})) is None


@pytest.mark.parametrize(("error_s", "found"), [(None, False), (0.0049, False), (0.005, False), (0.0051, True)])
def test_the_upstream_may_be_5_ms_off_at_p99(error_s: float | None, found: bool) -> None:
    assert (validity.upstream_delay(UpstreamServed({}, {"p99": error_s})) is not None) is found


@pytest.mark.parametrize(("p95_s", "found"), [(3.3, False), (10 / 3, False), (3.4, True)])
def test_the_window_must_span_three_p95(p95_s: float, found: bool) -> None:
    problem = validity.unsteady(latency(p95_s), WINDOW, PLAN.stacks["loop"], SCENARIO, Load("closed", 10))
    assert (problem is not None) is found


def test_a_queue_is_predicted_only_where_it_is_what_outgrows_the_window() -> None:
    def said(users: int) -> str:
        problem = validity.unsteady(latency(4.0), WINDOW, PLAN.stacks["sync"], SCENARIO, Load("closed", users))
        assert problem is not None
        return problem.detail

    assert said(200).endswith("predicted at saturation: 5.00 s")
    assert "predicted" not in said(100)


def test_nothing_scheduled_in_the_window_is_not_called_unsteady() -> None:
    assert validity.unsteady(None, WINDOW, PLAN.stacks["loop"], SCENARIO, Load("closed", 10)) is None


@pytest.mark.parametrize(
    ("problems", "outcome"),
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
def test_an_outcome_follows_from_what_the_problems_void(problems: tuple[Problem, ...], outcome: Outcome) -> None:
    assert validity.outcome(problems) == outcome
