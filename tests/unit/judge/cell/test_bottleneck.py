from dataclasses import replace

import pytest

from bench.judge.cell.bottleneck import ceiling, slots_rps
from bench.model.cell import Bound, Ceiling, Cpu, Problem, UpstreamServed
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


def cell(
    stack: Stack,
    scenario: Scenario,
    throughput_rps: float,
    *,
    in_flight: float = 100.0,
    unloaded_s: float = 0.101,
    busy: float = 0.3,
    generator: float = 0.3,
    upstream: float = 0.1,
    threads: int = 1,
    peak: int = 100,
    problem: Problem | None = None,
    load: Load = HUNDRED,
    cores: float | None = None,
) -> Ceiling:
    """Why a cell stopped there, with 100 requests under way where nothing else is said."""
    return ceiling(
        stack,
        scenario,
        load,
        in_flight=in_flight,
        throughput_rps=throughput_rps,
        held_s=max(scenario.hold_s, unloaded_s),
        cpu=Cpu(
            busy / throughput_rps,
            busy if cores is None else cores,
            generator,
            upstream,
            0.01,
            threads,
            1000.0,
            None,
            None,
        ),
        server_busy=busy,
        upstream=UpstreamServed({}, {}, peak),
        problems=() if problem is None else (problem,),
    )


def test_four_slots_held_for_100_ms_allow_40_requests_a_second() -> None:
    assert slots_rps(FOUR_SYNC, WEATHER) == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("stack", "scenario"),
    [(LOOP, WEATHER), (FOUR_SYNC, HEALTH)],
    ids=["an event loop has no slots", "nothing is waited for"],
)
def test_there_is_no_limit_by_slots_without_slots_or_without_waiting(stack: Stack, scenario: Scenario) -> None:
    assert slots_rps(stack, scenario) is None
    assert cell(stack, scenario, 100.0).rps is None


SHOWN = {
    "four sync workers": (cell(FOUR_SYNC, WEATHER, 38.8, threads=5, peak=4, busy=0.05), "slots", "of 4 slots"),
    "40 threads, declared": (
        cell(FORTY_THREADS, WEATHER, 361.0, threads=44, peak=40, busy=0.7),
        "slots",
        "36.5 of 40 slots served at a time, 100 under way",
    ),
    "40 threads, declared, that hold one another up": (
        cell(FORTY_THREADS, WEATHER, 320.0, threads=44, peak=40, busy=0.82),
        "slots",
        "32.3 of 40 slots served at a time, 100 under way",
    ),
    "40 threads that nobody declared": (
        cell(LOOP, WEATHER, 361.0, threads=44, peak=40, busy=0.7),
        "slots",
        "never more than 40, 100 requests under way, by 44 threads",
    ),
    "40 undeclared threads that sleep": (cell(LOOP, SLEEP, 361.0, threads=44, peak=0), "slots", "by 44 threads"),
    "a limiter that is no pool of threads": (cell(LOOP, SLEEP, 198.0, threads=1, peak=0), "slots", "does not name"),
    "a client pool of 10": (
        cell(LOOP, WEATHER, 97.0, threads=3, peak=10),
        "client pool",
        "never more than 10, 100 requests under way: the pool of its client, or a lock around it",
    ),
    "a client pool of 10 behind a hundred threads": (
        cell(HUNDRED_THREADS, WEATHER, 97.0, threads=102, peak=10),
        "client pool",
        "100 requests under way",
    ),
    "a client pool of 30 in a parallel fan-out": (
        cell(LOOP, PARALLEL, 45.0, unloaded_s=0.302, threads=3, peak=30),
        "client pool",
        "never more than 30,",
    ),
    "a client pool of 10 in turn": (
        cell(LOOP, SEQUENTIAL, 15.2, unloaded_s=0.652, threads=3, peak=10),
        "client pool",
        "never more than 10,",
    ),
    "an event loop that sleeps": (cell(LOOP, SLEEP, 9.9, unloaded_s=0.1, busy=0.02, peak=0), "event loop", "blocks"),
    "an event loop that waits for its upstream": (
        cell(LOOP, WEATHER, 9.8, unloaded_s=0.102, busy=0.03, peak=1),
        "event loop",
        "never more than 1,",
    ),
    "two event loops that sleep": (cell(replace(LOOP, workers=2), SLEEP, 19.8, busy=0.04), "event loop", "blocks"),
    "an event loop that calls three upstreams in its own turn": (
        cell(LOOP, PARALLEL, 1.53, unloaded_s=0.652, busy=0.02, peak=1),
        "event loop",
        "blocks",
    ),
    "a full event loop": (cell(LOOP, WEATHER, 295.0, busy=0.96), "server cpu", "event loop 96.0 % busy"),
    "full cores": (cell(HUNDRED_THREADS, WEATHER, 845.0, busy=0.97, threads=102), "server cpu", "cores 97.0 % busy"),
    "two full workers": (cell(replace(LOOP, workers=2), HEALTH, 6000.0, busy=0.97), "server cpu", "cores 97.0 % busy"),
    "a CPU at 95 per cent of four slots": (cell(FOUR_SYNC, WEATHER, 39.0, busy=0.95, peak=4), "server cpu", "95.0 %"),
    "a CPU at 85 per cent, with a queue": (cell(LOOP, WEATHER, 600.0, busy=0.85), "server cpu", "85.0 %"),
    "a CPU at 90 per cent, with a queue": (cell(GEVENT, WEATHER, 624.0, busy=0.9), "server cpu", "90.0 %"),
    "a CPU at 90 per cent, all slots taken": (cell(FOUR_SYNC, WEATHER, 38.0, busy=0.9, peak=4), "slots", "of 4 slots"),
    "a CPU at 90 per cent, without a queue": (
        cell(LOOP, WEATHER, 944.0, busy=0.9),
        "nothing",
        "95.3 of 100 requests under way were served at a time",
    ),
    "a CPU at 84 per cent, with a queue": (cell(LOOP, WEATHER, 600.0, busy=0.84), "nothing", "84.0 % busy"),
    "a load that is not high enough": (
        cell(LOOP, WEATHER, 944.0, busy=0.8),
        "nothing",
        "95.3 of 100 requests under way were served at a time",
    ),
    "one user": (cell(LOOP, WEATHER, 9.7, in_flight=0.99, busy=0.02, peak=1), "nothing", "0.980 of 0.990 requests"),
    "one user of four sync workers": (cell(FOUR_SYNC, WEATHER, 9.6, in_flight=0.99, peak=1, threads=5), "nothing", ""),
    "as many users as slots": (cell(FOUR_SYNC, WEATHER, 38.8, in_flight=4.0, peak=4, threads=5), "nothing", "of 4.00"),
    "gevent in bursts": (
        cell(GEVENT, WEATHER, 779.0, busy=0.69, threads=2),
        "nothing",
        "78.7 of 100 requests under way were served at a time, and the server was 69.0 % busy",
    ),
    "greenlets that sleep, in bursts": (
        cell(GEVENT, SLEEP, 779.0, busy=0.69, peak=0, threads=2),
        "nothing",
        "78.7 of 100 requests under way were served at a time",
    ),
    "all users at the upstream now and then": (
        cell(GEVENT, WEATHER, 850.0, busy=0.69, peak=92, threads=2),
        "nothing",
        "85.9 of 100 requests under way were served at a time",
    ),
    "as many users as slots, a little slower": (
        cell(FOUR_SYNC, WEATHER, 35.0, in_flight=4.0, peak=4, threads=5),
        "nothing",
        "3.54 of 4.00",
    ),
    "a client pool larger than the users, in a parallel fan-out": (
        cell(LOOP, PARALLEL, 181.0, unloaded_s=0.302, threads=3, peak=120),
        "client pool",
        "120",
    ),
    "a sync worker that nobody declared": (
        cell(replace(GEVENT, threads=1), SLEEP, 9.9, unloaded_s=0.1, busy=0.02, peak=0, threads=2),
        "slots",
        "by 2 threads",
    ),
    "100 requests/s that all get through": (
        cell(HUNDRED_THREADS, WEATHER, 100.0, in_flight=10.3, busy=0.12, peak=14, threads=30),
        "nothing",
        "10.1 of 10.3",
    ),
    "Poisson arrivals that all get through": (
        cell(LOOP, WEATHER, 200.0, in_flight=20.8, busy=0.25, peak=38),
        "nothing",
        "20.2 of 20.8",
    ),
    "more arrivals than four slots can serve": (
        cell(FOUR_SYNC, WEATHER, 38.8, in_flight=480.0, busy=0.05, peak=4, threads=5),
        "slots",
        "480 under way",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "bound", "why"), SHOWN.values(), ids=SHOWN)
def test_what_binds_is_named_from_what_was_seen(found: Ceiling, bound: Bound, why: str) -> None:
    assert found.bound == bound, found.why
    assert why in found.why


ONCE_NAMED_WRONGLY = {
    "one user of /health": (
        cell(LOOP, HEALTH, 1500.0, in_flight=0.98, unloaded_s=0.00042, busy=0.5, peak=0),
        "nothing",
    ),
    "one user of /health and four sync workers": (
        cell(FOUR_SYNC, HEALTH, 900.0, in_flight=0.98, unloaded_s=0.0007, busy=0.5, peak=0, threads=5),
        "nothing",
    ),
    "30/s of /health": (
        cell(LOOP, HEALTH, 30.0, in_flight=0.036, unloaded_s=0.0007, busy=0.02, peak=0, load=STEADY),
        "nothing",
    ),
    "100/s of /health in threads": (
        cell(HUNDRED_THREADS, HEALTH, 100.0, in_flight=0.16, unloaded_s=0.0009, busy=0.07, threads=5, load=STEADY),
        "nothing",
    ),
    "300/s that queue now and then": (
        cell(LOOP, HEALTH, 300.0, in_flight=1.6, unloaded_s=0.0016, busy=0.35, peak=0, load=STEADY),
        "nothing",
    ),
    "40 undeclared slots under a parallel fan-out": (
        cell(LOOP, PARALLEL, 130.0, unloaded_s=0.302, busy=0.6, peak=120, threads=50),
        "slots",
    ),
    "a limiter of 40 requests under a parallel fan-out": (
        cell(LOOP, PARALLEL, 130.0, unloaded_s=0.302, busy=0.3, peak=120, threads=1),
        "slots",
    ),
    "a client pool of 10 behind 20 declared threads": (
        cell(replace(HUNDRED_THREADS, threads=20, slots=20), WEATHER, 97.0, threads=22, peak=10),
        "client pool",
    ),
    "100 slots that are all taken, for 110 users": (
        cell(HUNDRED_THREADS, WEATHER, 985.0, in_flight=110.0, busy=0.8, threads=102),
        "slots",
    ),
    "40 slots and a heartbeat a little late": (
        cell(FORTY_THREADS, WEATHER, 385.0, peak=40, threads=44, busy=0.7,
             problem=Problem("generator stalled", "5.3 ms late", ("latency",))),
        "slots",
    ),
    "four slots and an upstream a little late": (
        cell(FOUR_SYNC, WEATHER, 38.8, peak=4, threads=5, problem=Problem("upstream late", "6 ms off", ("latency",))),
        "slots",
    ),
    "a load not high enough and an upstream a little late": (
        cell(LOOP, WEATHER, 944.0, busy=0.8, problem=Problem("upstream late", "6 ms off", ("latency",))),
        "nothing",
    ),
    "greenlets that sleep and wake all at once": (
        cell(GEVENT, SLEEP, 667.0, busy=0.53, peak=0, threads=2),
        "nothing",
    ),
    "threads that sleep and wake all at once": (
        cell(HUNDRED_THREADS, SLEEP, 667.0, busy=0.53, peak=0, threads=102),
        "nothing",
    ),
    "threads that hold the GIL on one core of four": (
        cell(HUNDRED_THREADS, HEALTH, 2000.0, unloaded_s=0.0008, busy=0.3, cores=1.2, peak=0, threads=102),
        "nothing",
    ),
    "one full worker beside an idle one": (
        cell(replace(LOOP, workers=2), HEALTH, 4000.0, unloaded_s=0.0004, busy=0.56, cores=1.12, peak=0),
        "nothing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "bound"), ONCE_NAMED_WRONGLY.values(), ids=ONCE_NAMED_WRONGLY)
def test_what_only_looks_like_a_hidden_limit_is_not_named_one(found: Ceiling, bound: Bound) -> None:
    assert found.bound == bound, found.why


def test_a_ceiling_says_for_how_long_a_slot_is_held_and_how_many_requests_are_served_at_once() -> None:
    found = cell(FOUR_SYNC, WEATHER, 38.0, unloaded_s=0.104, peak=4)
    assert found.rps == pytest.approx(40.0)
    assert found.held_s == pytest.approx(0.104)
    assert found.at_once == pytest.approx(38.0 * 0.104)
    assert cell(FOUR_SYNC, WEATHER, 38.0, unloaded_s=0.08).held_s == pytest.approx(0.1)  # it waits for so long at least


@pytest.mark.parametrize(("in_flight", "bound"), [(3.0, "nothing"), (4.0, "nothing"), (5.0, "slots")])
def test_slots_bind_only_where_there_are_more_requests_than_slots(in_flight: float, bound: Bound) -> None:
    assert cell(FOUR_SYNC, WEATHER, min(in_flight, 4.0) * 9.7, in_flight=in_flight, peak=4, threads=5).bound == bound


@pytest.mark.parametrize(("served", "bound"), [(0.89, "server cpu"), (0.91, "nothing")])
def test_nothing_queues_where_nine_tenths_are_being_served(served: float, bound: Bound) -> None:
    assert cell(LOOP, WEATHER, 1000 * served, unloaded_s=0.1, busy=0.9).bound == bound


@pytest.mark.parametrize(("at_once", "bound"), [(84.0, "server cpu"), (86.0, "slots")])
def test_slots_are_taken_from_85_per_cent_on(at_once: float, bound: Bound) -> None:
    found = cell(
        HUNDRED_THREADS, WEATHER, 10 * at_once, in_flight=500.0, unloaded_s=0.1, busy=0.9, threads=102, peak=99
    )
    assert found.bound == bound


@pytest.mark.parametrize(
    ("stack", "scenario", "in_flight", "peak", "busy", "bound"),
    [
        (FORTY_THREADS, WEATHER, 100.0, 39, 0.86, "server cpu"),
        (FORTY_THREADS, WEATHER, 100.0, 39, 0.84, "nothing"),
        (FORTY_THREADS, WEATHER, 100.0, 40, 0.84, "slots"),
        (FORTY_THREADS, WEATHER, 100.0, 41, 0.84, "slots"),
        (FORTY_THREADS, WEATHER, 41.0, 40, 0.84, "slots"),
        (FORTY_THREADS, WEATHER, 100.0, 40, 0.86, "server cpu"),  # all taken for a moment, perhaps
        (FORTY_THREADS, WEATHER, 40.0, 40, 0.84, "nothing"),  # no request waits for a slot
        (LOOP, WEATHER, 100.0, 40, 0.84, "nothing"),  # nobody declared any
        (FORTY_THREADS, SLEEP, 100.0, 40, 0.84, "nothing"),
    ],
)
def test_as_many_upstream_calls_as_slots_show_them_all_taken_where_a_request_makes_one_call(
    stack: Stack, scenario: Scenario, in_flight: float, peak: int, busy: float, bound: Bound
) -> None:
    rps = 32 / scenario.hold_s  # 80 % of the slots are served at a time
    found = cell(
        stack, scenario, rps, in_flight=in_flight, unloaded_s=scenario.hold_s, busy=busy, threads=44, peak=peak
    )
    assert found.at_once == pytest.approx(32.0)
    assert found.bound == bound, found.why


GENERATOR = Problem("load side saturated", "a load-side core 85 % busy", ("latency", "throughput"))


@pytest.mark.parametrize(
    ("name", "used", "bound"),
    [
        ("load side saturated", (0.7, 0.2), "generator"),
        ("load side saturated", (0.2, 0.7), "upstream"),
        ("arrivals not sent", (0.3, 0.1), "generator"),
        ("users idle", (0.3, 0.1), "generator"),
    ],
)
def test_a_load_side_at_its_end_is_what_binds(name: str, used: tuple[float, float], bound: Bound) -> None:
    problem = Problem(name, "it was seen", ("latency", "throughput"))
    found = cell(LOOP, HEALTH, 3500.0, busy=0.8, generator=used[0], upstream=used[1], problem=problem)
    assert (found.bound, found.why) == (bound, "it was seen")


@pytest.mark.parametrize(("name", "bound"), [("generator late", "generator"), ("generator stalled", "generator"),
                                             ("upstream late", "upstream")])  # fmt: skip
def test_a_load_side_that_comes_late_is_what_binds_where_a_queue_has_no_other_reason(name: str, bound: Bound) -> None:
    found = cell(LOOP, WEATHER, 600.0, busy=0.7, problem=Problem(name, "by 9 ms", ("latency",)))
    assert (found.bound, found.why) == (bound, "by 9 ms")


def test_a_full_server_binds_though_the_generator_was_full_too() -> None:
    assert cell(LOOP, HEALTH, 3500.0, busy=0.95, problem=GENERATOR).bound == "server cpu"
    assert cell(LOOP, HEALTH, 3500.0, busy=0.94, problem=GENERATOR).bound == "generator"


@pytest.mark.parametrize("name", ["service errors", "nothing served"])
def test_nothing_is_said_to_bind_a_service_that_fails(name: str) -> None:
    problem = Problem(name, "20 % of the requests failed", ("latency", "cpu"))
    found = cell(FOUR_SYNC, WEATHER, 39.0, peak=4, problem=problem)
    assert (found.bound, found.why) == ("nothing", "20 % of the requests failed")


@pytest.mark.parametrize("name", ["unsteady", "users unanswered", "falling behind", "arrivals dropped"])
def test_what_a_stack_at_its_limit_brings_about_does_not_hide_the_limit(name: str) -> None:
    assert cell(FOUR_SYNC, WEATHER, 39.0, peak=4, problem=Problem(name, "", ("latency",))).bound == "slots"


def test_a_server_that_answers_nothing_has_a_ceiling_all_the_same() -> None:
    used = Cpu(None, 0.0, 0.1, 0.0, 0.0, 1, 0.0, None, None)
    nothing = Problem("nothing served", "no right answer in the window", ("latency", "cpu"))
    found = ceiling(
        LOOP, HEALTH, HUNDRED, in_flight=100.0, throughput_rps=0.0, held_s=0.0, cpu=used, server_busy=0.0,
        upstream=UpstreamServed({}, {}, 0), problems=(nothing,),
    )  # fmt: skip
    assert (found.bound, found.at_once, found.why) == ("nothing", 0.0, "no right answer in the window")
