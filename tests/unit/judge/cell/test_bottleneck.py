from dataclasses import replace

import pytest

from bench.judge.cell import kinds
from bench.judge.cell.bottleneck import bottleneck, slots_rps
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.kinds import Kind
from bench.model.cell import Bottleneck, Cpu, Limit, Measurement, Problem, UpstreamServed
from bench.model.config import Closed, Load, Open, Scenario, Stack, UpstreamCall
from tests.unit.builders import FASTAPI, SYNC, plan

PLAN = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10,)})
WEATHER = replace(PLAN.scenarios["weather"], upstream={"weather": UpstreamCall(1, 0.1)}, hold_s=0.1)
SLEEP = replace(WEATHER, upstream={}, hold_s=0.1)
HEALTH = replace(WEATHER, upstream={}, hold_s=0.0)
FAN_OUT = {"users": UpstreamCall(1, 0.3), "orders": UpstreamCall(1, 0.2), "reviews": UpstreamCall(1, 0.15)}
PARALLEL = replace(WEATHER, upstream=FAN_OUT, hold_s=0.3)
SEQUENTIAL = replace(WEATHER, upstream=FAN_OUT, hold_s=0.65)
TWICE = replace(WEATHER, upstream={"weather": UpstreamCall(2, 0.1)}, hold_s=0.2)

HUNDRED = Closed(users=100)
STEADY = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
LOOP = replace(PLAN.stacks["loop"], interface="asgi", workers=1, threads=1, slots=None)
FORTY_THREADS = replace(LOOP, threads=40, slots=40)
FOUR_SYNC = replace(PLAN.stacks["sync"], workers=4, threads=1, slots=4)
HUNDRED_THREADS = replace(PLAN.stacks["sync"], workers=1, threads=100, slots=100)
GEVENT = replace(PLAN.stacks["sync"], workers=1, threads=100, slots=None)


def found(
    stack: Stack,
    scenario: Scenario,
    throughput_rps: float,
    *,
    in_flight: float = 100.0,
    unloaded_s: float = 0.101,
    busy: float = 0.3,
    server_cpus: int = 1,
    generator: float = 0.3,
    upstream: float = 0.1,
    threads: int = 1,
    peak: int = 100,
    problem: Problem | None = None,
    load: Load = HUNDRED,
) -> Bottleneck:
    """The bottleneck of a measurement with these figures.

    `busy`: the share of its cores that the server used. `unloaded_s`: the shortest time of a right answer. `peak`: the
    most upstream calls in flight together.
    """
    measurement = Measurement(
        outcome="ok",
        problems=() if problem is None else (problem,),
        throughput_rps=throughput_rps,
        in_flight=in_flight,
        cpu=Cpu(None, busy * server_cpus, generator, upstream, 0.01, threads, 1000.0, None, None),
        upstream=UpstreamServed({}, {}, peak),
    )
    conditions = Conditions(stack, scenario, load, server_cpus, load_cpus=1)
    return bottleneck(conditions, measurement, max(scenario.hold_s, unloaded_s))


def test_four_slots_held_for_100_ms_allow_40_requests_a_second() -> None:
    assert slots_rps(FOUR_SYNC, WEATHER) == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("stack", "scenario"),
    [(LOOP, WEATHER), (FOUR_SYNC, HEALTH)],
    ids=["an event loop has no slots", "nothing is waited for"],
)
def test_there_is_no_limit_by_slots_without_slots_or_without_waiting(stack: Stack, scenario: Scenario) -> None:
    assert slots_rps(stack, scenario) is None
    assert found(stack, scenario, 100.0).slots_rps is None


SHOWN = {
    "four sync workers": (found(FOUR_SYNC, WEATHER, 38.8, threads=5, peak=4, busy=0.05), "slots", "of 4 slots"),
    "40 threads, declared": (
        found(FORTY_THREADS, WEATHER, 361.0, threads=44, peak=40, busy=0.7),
        "slots",
        "36.5 of 40 slots served at the same time, 100 requests in flight",
    ),
    "40 threads, declared, that slow each other down": (
        found(FORTY_THREADS, WEATHER, 320.0, threads=44, peak=40, busy=0.82),
        "slots",
        "32.3 of 40 slots served at the same time, 100 requests in flight",
    ),
    "40 undeclared threads": (
        found(LOOP, WEATHER, 361.0, threads=44, peak=40, busy=0.7),
        "slots",
        "never more than 40 upstream calls at the same time, with 100 requests in flight, by 44 threads",
    ),
    "40 undeclared threads that sleep": (found(LOOP, SLEEP, 361.0, threads=44, peak=0), "slots", "by 44 threads"),
    "a limiter that is not a thread pool": (found(LOOP, SLEEP, 198.0, threads=1, peak=0), "slots", "does not name"),
    "a client pool of 10": (
        found(LOOP, WEATHER, 97.0, threads=3, peak=10),
        "client pool",
        "never more than 10 upstream calls at the same time, with 100 requests in flight: "
        "the HTTP client's connection pool, or a lock around it",
    ),
    "a client pool of 10 behind a hundred threads": (
        found(HUNDRED_THREADS, WEATHER, 97.0, threads=102, peak=10),
        "client pool",
        "100 requests in flight",
    ),
    "a client pool of 30 in a parallel fan-out": (
        found(LOOP, PARALLEL, 45.0, unloaded_s=0.302, threads=3, peak=30),
        "client pool",
        "never more than 30 upstream calls",
    ),
    "a client pool of 10 in a sequential fan-out": (
        found(LOOP, SEQUENTIAL, 15.2, unloaded_s=0.652, threads=3, peak=10),
        "client pool",
        "never more than 10 upstream calls",
    ),
    "an event loop that sleeps": (found(LOOP, SLEEP, 9.9, unloaded_s=0.1, busy=0.02, peak=0), "event loop", "blocks"),
    "an event loop that waits for its upstream": (
        found(LOOP, WEATHER, 9.8, unloaded_s=0.102, busy=0.03, peak=1),
        "event loop",
        "never more than 1 upstream calls",
    ),
    "two event loops that sleep": (found(replace(LOOP, workers=2), SLEEP, 19.8, busy=0.04), "event loop", "blocks"),
    "an event loop that blocks on three upstream calls in turn": (
        found(LOOP, PARALLEL, 1.53, unloaded_s=0.652, busy=0.02, peak=1),
        "event loop",
        "blocks",
    ),
    "a full event loop": (found(LOOP, WEATHER, 295.0, busy=0.96), "server cpu", "event loop 96.0 % busy"),
    "full cores": (found(HUNDRED_THREADS, WEATHER, 845.0, busy=0.97, threads=102), "server cpu", "cores 97.0 % busy"),
    "two full workers": (found(replace(LOOP, workers=2), HEALTH, 6000.0, busy=0.97), "server cpu", "cores 97.0 % busy"),
    "a CPU at 95 per cent of four slots": (found(FOUR_SYNC, WEATHER, 39.0, busy=0.95, peak=4), "server cpu", "95.0 %"),
    "a CPU at 85 per cent, with a queue": (found(LOOP, WEATHER, 600.0, busy=0.85), "server cpu", "85.0 %"),
    "a CPU at 90 per cent, with a queue": (found(GEVENT, WEATHER, 624.0, busy=0.9), "server cpu", "90.0 %"),
    "a CPU at 90 per cent, all slots taken": (found(FOUR_SYNC, WEATHER, 38.0, busy=0.9, peak=4), "slots", "of 4 slots"),
    "a CPU at 90 per cent, without a queue": (
        found(LOOP, WEATHER, 944.0, busy=0.9),
        "nothing",
        "95.3 of 100 requests in flight were served at the same time",
    ),
    "a CPU at 84 per cent, with a queue": (found(LOOP, WEATHER, 600.0, busy=0.84), "nothing", "84.0 % of its cores"),
    "a load that is not high enough": (
        found(LOOP, WEATHER, 944.0, busy=0.8),
        "nothing",
        "95.3 of 100 requests in flight were served at the same time",
    ),
    "one user": (found(LOOP, WEATHER, 9.7, in_flight=0.99, busy=0.02, peak=1), "nothing", "0.980 of 0.990 requests"),
    "one user, four sync workers": (found(FOUR_SYNC, WEATHER, 9.6, in_flight=0.99, peak=1, threads=5), "nothing", ""),
    "as many users as slots": (found(FOUR_SYNC, WEATHER, 38.8, in_flight=4.0, peak=4, threads=5), "nothing", "of 4.00"),
    "gevent in bursts": (
        found(GEVENT, WEATHER, 779.0, busy=0.69, threads=2),
        "nothing",
        "78.7 of 100 requests in flight were served at the same time, and the server used 69.0 % of its cores",
    ),
    "greenlets that sleep, in bursts": (
        found(GEVENT, SLEEP, 779.0, busy=0.69, peak=0, threads=2),
        "nothing",
        "78.7 of 100 requests in flight were served at the same time",
    ),
    "all users at the upstream now and then": (
        found(GEVENT, WEATHER, 850.0, busy=0.69, peak=92, threads=2),
        "nothing",
        "85.9 of 100 requests in flight were served at the same time",
    ),
    "as many users as slots, a little slower": (
        found(FOUR_SYNC, WEATHER, 35.0, in_flight=4.0, peak=4, threads=5),
        "nothing",
        "3.54 of 4.00",
    ),
    "a client pool larger than the users, in a parallel fan-out": (
        found(LOOP, PARALLEL, 181.0, unloaded_s=0.302, threads=3, peak=120),
        "client pool",
        "120",
    ),
    "an undeclared sync worker": (
        found(replace(GEVENT, threads=1), SLEEP, 9.9, unloaded_s=0.1, busy=0.02, peak=0, threads=2),
        "slots",
        "by 2 threads",
    ),
    "100 requests/s that all get through": (
        found(HUNDRED_THREADS, WEATHER, 100.0, in_flight=10.3, busy=0.12, peak=14, threads=30),
        "nothing",
        "10.1 of 10.3",
    ),
    "Poisson arrivals that all get through": (
        found(LOOP, WEATHER, 200.0, in_flight=20.8, busy=0.25, peak=38),
        "nothing",
        "20.2 of 20.8",
    ),
    "more arrivals than four slots can serve": (
        found(FOUR_SYNC, WEATHER, 38.8, in_flight=480.0, busy=0.05, peak=4, threads=5),
        "slots",
        "480 requests in flight",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "limit", "evidence"), SHOWN.values(), ids=SHOWN)
def test_the_limit_follows_from_the_measurement(one: Bottleneck, limit: Limit, evidence: str) -> None:
    assert one.limit == limit, one.evidence
    assert evidence in one.evidence


ONCE_WRONG = {
    "one user of /health": (
        found(LOOP, HEALTH, 1500.0, in_flight=0.98, unloaded_s=0.00042, busy=0.5, peak=0),
        "nothing",
    ),
    "one user of /health and four sync workers": (
        found(FOUR_SYNC, HEALTH, 900.0, in_flight=0.98, unloaded_s=0.0007, busy=0.5, peak=0, threads=5),
        "nothing",
    ),
    "30/s of /health": (
        found(LOOP, HEALTH, 30.0, in_flight=0.036, unloaded_s=0.0007, busy=0.02, peak=0, load=STEADY),
        "nothing",
    ),
    "100/s of /health in threads": (
        found(HUNDRED_THREADS, HEALTH, 100.0, in_flight=0.16, unloaded_s=0.0009, busy=0.07, threads=5, load=STEADY),
        "nothing",
    ),
    "300/s that queue now and then": (
        found(LOOP, HEALTH, 300.0, in_flight=1.6, unloaded_s=0.0016, busy=0.35, peak=0, load=STEADY),
        "nothing",
    ),
    "40 undeclared slots under a parallel fan-out": (
        found(LOOP, PARALLEL, 130.0, unloaded_s=0.302, busy=0.6, peak=120, threads=50),
        "slots",
    ),
    "a limiter of 40 requests under a parallel fan-out": (
        found(LOOP, PARALLEL, 130.0, unloaded_s=0.302, busy=0.3, peak=120, threads=1),
        "slots",
    ),
    "a client pool of 10 behind 20 declared threads": (
        found(replace(HUNDRED_THREADS, threads=20, slots=20), WEATHER, 97.0, threads=22, peak=10),
        "client pool",
    ),
    "100 slots that are all taken, for 110 users": (
        found(HUNDRED_THREADS, WEATHER, 985.0, in_flight=110.0, busy=0.8, threads=102),
        "slots",
    ),
    "40 slots and a timer that lags a little": (
        found(FORTY_THREADS, WEATHER, 385.0, peak=40, threads=44, busy=0.7,
             problem=kinds.GENERATOR_STALLED.found("5.3 ms late")),
        "slots",
    ),
    "four slots and an upstream a little late": (
        found(FOUR_SYNC, WEATHER, 38.8, peak=4, threads=5, problem=kinds.UPSTREAM_LATE.found("6 ms off")),
        "slots",
    ),
    "a load not high enough and an upstream a little late": (
        found(LOOP, WEATHER, 944.0, busy=0.8, problem=kinds.UPSTREAM_LATE.found("6 ms off")),
        "nothing",
    ),
    "greenlets that sleep and wake together": (
        found(GEVENT, SLEEP, 667.0, busy=0.53, peak=0, threads=2),
        "nothing",
    ),
    "threads that sleep and wake together": (
        found(HUNDRED_THREADS, SLEEP, 667.0, busy=0.53, peak=0, threads=102),
        "nothing",
    ),
    "threads that hold the GIL on one core of four": (
        found(HUNDRED_THREADS, HEALTH, 2000.0, unloaded_s=0.0008, busy=0.3, server_cpus=4, peak=0, threads=102),
        "nothing",
    ),
    "one full worker beside an idle one": (
        found(replace(LOOP, workers=2), HEALTH, 4000.0, unloaded_s=0.0004, busy=0.56, server_cpus=2, peak=0),
        "nothing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "limit"), ONCE_WRONG.values(), ids=ONCE_WRONG)
def test_measurements_that_once_got_the_wrong_limit_get_the_right_one(one: Bottleneck, limit: Limit) -> None:
    assert one.limit == limit, one.evidence


def test_a_bottleneck_has_the_rate_of_its_slots_the_service_time_and_the_concurrency() -> None:
    one = found(FOUR_SYNC, WEATHER, 38.0, unloaded_s=0.104, peak=4)
    assert one.slots_rps == pytest.approx(40.0)
    assert one.service_time_s == pytest.approx(0.104)
    assert one.concurrency == pytest.approx(38.0 * 0.104)


@pytest.mark.parametrize(("in_flight", "limit"), [(3.0, "nothing"), (4.0, "nothing"), (5.0, "slots")])
def test_slots_limit_a_stack_only_where_there_are_more_requests_than_slots(in_flight: float, limit: Limit) -> None:
    one = found(FOUR_SYNC, WEATHER, min(in_flight, 4.0) * 9.7, in_flight=in_flight, peak=4, threads=5)
    assert one.limit == limit


@pytest.mark.parametrize(("served", "limit"), [(0.89, "server cpu"), (0.91, "nothing")])
def test_nothing_queues_where_nine_tenths_are_being_served(served: float, limit: Limit) -> None:
    assert found(LOOP, WEATHER, 1000 * served, unloaded_s=0.1, busy=0.9).limit == limit


@pytest.mark.parametrize(("concurrency", "limit"), [(84.0, "server cpu"), (86.0, "slots")])
def test_slots_count_as_taken_from_85_per_cent_on(concurrency: float, limit: Limit) -> None:
    one = found(
        HUNDRED_THREADS, WEATHER, 10 * concurrency, in_flight=500.0, unloaded_s=0.1, busy=0.9, threads=102, peak=99
    )
    assert one.limit == limit


@pytest.mark.parametrize(
    ("stack", "scenario", "in_flight", "peak", "busy", "limit"),
    [
        (FORTY_THREADS, WEATHER, 100.0, 39, 0.86, "server cpu"),
        (FORTY_THREADS, WEATHER, 100.0, 39, 0.84, "nothing"),
        (FORTY_THREADS, WEATHER, 100.0, 40, 0.84, "slots"),
        (FORTY_THREADS, WEATHER, 100.0, 41, 0.84, "slots"),
        (FORTY_THREADS, WEATHER, 41.0, 40, 0.84, "slots"),
        (FORTY_THREADS, WEATHER, 100.0, 40, 0.86, "server cpu"),  # perhaps all were taken for a moment only
        (FORTY_THREADS, WEATHER, 40.0, 40, 0.84, "nothing"),  # no request waits for a slot
        (LOOP, WEATHER, 100.0, 40, 0.84, "nothing"),  # the stack's table declares no slots
        (FORTY_THREADS, SLEEP, 100.0, 40, 0.84, "nothing"),
    ],
)
def test_as_many_upstream_calls_as_slots_show_that_all_slots_are_taken_where_a_request_makes_one_call(
    stack: Stack, scenario: Scenario, in_flight: float, peak: int, busy: float, limit: Limit
) -> None:
    rps = 32 / scenario.hold_s  # 80 % of the slots serve at the same time
    one = found(stack, scenario, rps, in_flight=in_flight, unloaded_s=scenario.hold_s, busy=busy, threads=44, peak=peak)
    assert one.concurrency == pytest.approx(32.0)
    assert one.limit == limit, one.evidence


@pytest.mark.parametrize(
    ("kind", "used", "limit"),
    [
        (kinds.LOAD_SIDE_SATURATED, (0.7, 0.2), "generator"),
        (kinds.LOAD_SIDE_SATURATED, (0.2, 0.7), "upstream"),
        (kinds.ARRIVALS_NOT_SENT, (0.3, 0.1), "generator"),
        (kinds.USERS_IDLE, (0.3, 0.1), "generator"),
    ],
)
def test_a_load_side_at_its_limit_is_the_bottleneck(kind: Kind, used: tuple[float, float], limit: Limit) -> None:
    one = found(
        LOOP, HEALTH, 3500.0, busy=0.8, generator=used[0], upstream=used[1], problem=kind.found("the figures show it")
    )
    assert (one.limit, one.evidence) == (limit, "the figures show it")


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (kinds.GENERATOR_LATE, "generator"),
        (kinds.GENERATOR_STALLED, "generator"),
        (kinds.UPSTREAM_LATE, "upstream"),
    ],
)
def test_a_load_side_that_is_late_is_the_bottleneck_where_nothing_else_explains_a_queue(
    kind: Kind, limit: Limit
) -> None:
    one = found(LOOP, WEATHER, 600.0, busy=0.7, problem=kind.found("by 9 ms"))
    assert (one.limit, one.evidence) == (limit, "by 9 ms")


@pytest.mark.parametrize(("busy", "limit"), [(0.95, "server cpu"), (0.94, "generator")])
def test_a_full_server_is_the_bottleneck_even_beside_a_full_generator(busy: float, limit: Limit) -> None:
    problem = Problem("load side saturated", "it used 85 % of a core", ("latency", "throughput"))
    assert found(LOOP, HEALTH, 3500.0, busy=busy, problem=problem).limit == limit


@pytest.mark.parametrize("kind", [kinds.SERVICE_ERRORS, kinds.NOTHING_SERVED])
def test_a_service_that_fails_has_no_bottleneck(kind: Kind) -> None:
    one = found(FOUR_SYNC, WEATHER, 39.0, peak=4, problem=kind.found("20 % of the requests failed"))
    assert (one.limit, one.evidence) == ("nothing", "20 % of the requests failed")


@pytest.mark.parametrize("kind", [kinds.UNSTEADY, kinds.USERS_UNANSWERED, kinds.FALLING_BEHIND, kinds.ARRIVALS_DROPPED])
def test_the_problems_of_a_stack_at_its_limit_do_not_hide_the_limit(kind: Kind) -> None:
    assert found(FOUR_SYNC, WEATHER, 39.0, peak=4, problem=kind.found("")).limit == "slots"


@pytest.mark.parametrize(
    ("kind", "limit"),
    [(None, "nothing"), (kinds.FALLING_BEHIND, "server cpu"), (kinds.ARRIVALS_DROPPED, "server cpu")],
)
def test_an_open_load_is_limited_only_where_requests_are_left_over(kind: Kind | None, limit: Limit) -> None:
    problem = None if kind is None else kind.found("")
    assert found(LOOP, WEATHER, 100.0, busy=0.9, load=STEADY, problem=problem).limit == limit


def test_a_server_that_answers_nothing_has_a_concurrency_of_zero() -> None:
    problem = kinds.NOTHING_SERVED.found("no right answer in the window")
    one = found(LOOP, HEALTH, 0.0, unloaded_s=0.0, busy=0.0, generator=0.1, upstream=0.0, peak=0, problem=problem)
    assert (one.limit, one.concurrency, one.evidence) == ("nothing", 0.0, "no right answer in the window")


def test_a_failed_measurement_has_no_bottleneck() -> None:
    failed = Measurement("failed", (Problem("failed", "start server: no answer"),))
    with pytest.raises(ValueError, match=r"^a failed measurement has no bottleneck$"):
        bottleneck(Conditions(LOOP, HEALTH, HUNDRED, 1, 1), failed, 0.1)
