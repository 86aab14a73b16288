import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bench.judge.cell import kinds
from bench.judge.cell.bottleneck import bottleneck, slots_rps
from bench.judge.cell.conditions import Conditions
from bench.judge.cell.kinds import Kind
from bench.judge.cell.looks import Looks, Process
from bench.model.cell import Bottleneck, CompanionUse, Cpu, Distribution, Limit, Measurement, Problem, UpstreamServed
from bench.model.config import Closed, Companion, Cores, Load, Open, Scenario, Stack, UpstreamCall
from tests.unit.builders import FASTAPI, SYNC, plan

PLAN = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10,)})
WEATHER = replace(PLAN.scenarios["weather"], upstream={"weather": UpstreamCall(1, 0.1)}, hold_s=0.1)
SLEEP = replace(WEATHER, upstream={}, hold_s=0.1)
HEALTH = replace(WEATHER, upstream={}, hold_s=0.0)

HUNDRED = Closed(users=100)
LOOP = replace(PLAN.stacks["loop"], interface="asgi", workers=1, threads=1, slots=None)
FOUR_LOOPS = replace(LOOP, workers=4)
FOUR_SYNC = replace(PLAN.stacks["sync"], workers=4, threads=1, slots=4)
HUNDRED_THREADS = replace(PLAN.stacks["sync"], workers=1, threads=100, slots=100)
GEVENT = replace(PLAN.stacks["sync"], workers=1, threads=100, slots=None)

LOOKS = 20
EVENTS = "epoll_wait"


def process(
    *,
    cores: float = 0.1,
    connections: int = 25,
    unread: int = 0,
    main: Sequence[str] = (EVENTS,) * LOOKS,
    shared: float = 0.0,
    pid: int = 1,
) -> Process:
    """A process, of which each look saw as many requests not read; most of its threads do what the main thread does."""
    return Process(pid, cores, connections, np.full(LOOKS, unread), tuple(main), tuple(main), shared)


def looks(*processes: Process, unaccepted: int = 0, inside: int = 100, light_s: float | None = None) -> Looks:
    """What LOOKS looks saw, each the same."""
    unread = np.sum([one.unread for one in processes], axis=0)
    return Looks(np.full(LOOKS, unaccepted), unread, np.full(LOOKS, inside), processes, 0.0, light_s)


ALL_READ = looks(process())


def sync_workers(*, unread: int = 0, unaccepted: int = 0, inside: int = 4, waits: str = "select") -> Looks:
    """What was seen of four workers that all serve; `unread`: connections that the first did not read."""
    reads = {1: unread}
    workers = [process(pid=pid, connections=1, main=(waits,) * LOOKS, unread=reads.get(pid, 0)) for pid in (1, 2, 3, 4)]
    return looks(*workers, unaccepted=unaccepted, inside=inside)


def found(
    stack: Stack,
    scenario: Scenario,
    throughput_rps: float,
    seen: Looks | None,
    *,
    in_flight: float = 100.0,
    unloaded_s: float = 0.101,
    p50_s: float = 1.0,
    busy: float = 0.3,
    server_cpus: int = 1,
    generator: float = 0.3,
    upstream: float = 0.1,
    peak: int = 100,
    problem: Problem | None = None,
    load: Load = HUNDRED,
    load_cpus: int = 1,
    companions: Mapping[str, tuple[Cores, float]] | None = None,
) -> Bottleneck:
    """The bottleneck of a measurement with these figures; `busy`: the share of its cores that the server used."""
    measurement = Measurement(
        outcome="ok",
        problems=() if problem is None else (problem,),
        throughput_rps=throughput_rps,
        latency_s=Distribution(p50_s, p50_s, p50_s, p50_s, p50_s, p50_s),
        in_flight=in_flight,
        cpu=Cpu(None, busy * server_cpus, generator, upstream, 0.01, 1, 1000.0, None, None),
        upstream=UpstreamServed({}, {}, peak),
        companions=tuple(CompanionUse(name, used, None, None) for name, (_, used) in (companions or {}).items()),
    )
    beside = tuple(Companion(name, cores=side) for name, (side, _) in (companions or {}).items())
    conditions = Conditions(stack, scenario, load, server_cpus, load_cpus, companions=beside)
    return bottleneck(conditions, measurement, max(scenario.hold_s, unloaded_s), seen)


def test_four_slots_held_for_100_ms_allow_40_requests_a_second() -> None:
    assert slots_rps(FOUR_SYNC, WEATHER) == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("stack", "scenario"),
    [(LOOP, WEATHER), (FOUR_SYNC, HEALTH)],
    ids=["an event loop has no slots", "nothing is waited for"],
)
def test_there_is_no_limit_by_slots_without_slots_or_without_waiting(stack: Stack, scenario: Scenario) -> None:
    assert slots_rps(stack, scenario) is None
    assert found(stack, scenario, 100.0, None).slots_rps is None


@pytest.mark.parametrize(
    ("companions", "load_cpus", "limit"),
    [
        ({"db": ("load", 0.55)}, 1, "companion"),  # the generator 0.3, the upstream 0.1
        ({"db": ("load", 0.45)}, 1, "not known"),
        ({"db": ("load", 0.85)}, 2, "companion"),  # the generator has a core of its own
        ({"db": ("load", 0.5), "queue": ("load", 0.35)}, 2, "companion"),
        ({"db": ("load", 0.85)}, 3, "not known"),
        ({"db": ("server", 0.65)}, 1, "companion"),  # the server 0.3
        ({"db": ("server", 0.5)}, 1, "not known"),
    ],
)
def test_companions_that_fill_the_cores_they_work_on_are_the_limit(
    companions: Mapping[str, tuple[Cores, float]], load_cpus: int, limit: str
) -> None:
    seen = found(LOOP, WEATHER, 100.0, None, load_cpus=load_cpus, companions=companions)
    assert seen.limit == limit
    if limit == "companion":
        assert all(f"{name} used {used:.2f}" in seen.evidence for name, (_, used) in companions.items())


@pytest.mark.parametrize(
    ("in_flight", "busy", "limit"), [(89.0, 0.3, "generator"), (91.0, 0.3, "not known"), (91.0, 0.92, "server cpu")]
)
def test_a_few_idle_users_do_not_make_the_generator_the_limit(in_flight: float, busy: float, limit: str) -> None:
    idle = Problem("users idle", f"{in_flight} of 100 users", ("latency", "throughput"))
    assert found(LOOP, HEALTH, 900.0, None, in_flight=in_flight, busy=busy, problem=idle).limit == limit


def test_of_users_of_a_locustfile_who_pause_it_is_told_and_no_cause_is_named() -> None:
    theirs = replace(WEATHER, client="locust")
    seen = found(LOOP, theirs, 38.0, looks(process(unread=0), inside=1), in_flight=0.3, busy=0.05)
    assert seen.limit == "not known"
    assert seen.evidence.startswith("0.300 of 100 users had a request in flight, the others paused; ")
    for other in (
        found(LOOP, WEATHER, 38.0, looks(process(unread=0), inside=1), in_flight=0.3, busy=0.05),
        found(LOOP, theirs, 38.0, looks(process(unread=9), inside=1), in_flight=9.0, busy=0.05),
        found(LOOP, theirs, 38.0, looks(process(unread=0), inside=60), in_flight=60.0, busy=0.05),
        found(LOOP, theirs, 38.0, None, in_flight=0.3, busy=0.05),
    ):
        assert "paused" not in other.evidence


SLEEPING = ("nanosleep",) * 12 + (EVENTS,) * 8
BUSY = ("running",) * LOOKS

SHOWN = {
    "four sync workers": (
        found(FOUR_SYNC, WEATHER, 38.8, sync_workers(unaccepted=96), peak=4, busy=0.05),
        "slots",
        "4.00 requests were inside its 4 slots, and 100 % of the looks found requests not accepted or not read",
    ),
    "a hundred threads": (
        found(HUNDRED_THREADS, WEATHER, 940.0, looks(process(unread=100), inside=97), in_flight=200.0, busy=0.7),
        "slots",
        "97.0 requests were inside its 100 slots",
    ),
    "a blocked event loop": (
        found(LOOP, SLEEP, 9.9, looks(process(unread=99, main=SLEEPING), inside=1), busy=0.02, peak=0),
        "event loop",
        "in 12 of 20 looks requests were not read, because the thread of the event loop waited in nanosleep",
    ),
    "a blocked loop of greenlets": (
        found(GEVENT, SLEEP, 9.9, looks(process(unread=99, main=SLEEPING), inside=1), busy=0.02, peak=0),
        "event loop",
        "waited in nanosleep",
    ),
    "a loop of greenlets that is never seen to wait for events": (
        found(GEVENT, SLEEP, 9.9, looks(process(unread=99, main=("nanosleep",) * LOOKS), inside=1), busy=0.02, peak=0),
        "event loop",
        "in 20 of 20 looks requests were not read",
    ),
    "one blocked event loop of two": (
        found(replace(LOOP, workers=2), SLEEP, 9.9, looks(process(), process(unread=9, main=SLEEPING)), busy=0.02),
        "event loop",
        "nanosleep",
    ),
    "a full event loop": (
        found(LOOP, WEATHER, 295.0, looks(process(unread=50, main=BUSY, cores=0.96)), busy=0.96),
        "server cpu",
        "its event loop 96.0 % busy",
    ),
    "full cores": (found(HUNDRED_THREADS, WEATHER, 845.0, None, busy=0.9), "server cpu", "its cores 90.0 % busy"),
    "threads that want one core of two, and have the GIL": (
        found(HUNDRED_THREADS, HEALTH, 900.0, looks(process(cores=0.99, shared=0.9)), busy=0.5, server_cpus=2),
        "gil",
        "one process used 0.99 of 2 cores, 90.0 % of that in other threads than its busiest",
    ),
    "threads of a loop that burn on one core": (
        found(LOOP, HEALTH, 295.0, looks(process(unread=50, main=BUSY, cores=0.96, shared=0.9)), busy=0.96),
        "server cpu",
        "its cores 96.0 % busy",
    ),
    "one worker of four that serves": (
        found(FOUR_SYNC, WEATHER, 9.7, looks(
            *(process(connections=n, cores=0.001 + 0.01 * n) for n in (0, 0, 1, 0)), unaccepted=90
        ), busy=0.02, peak=1),
        "workers",
        "only 1 of its 4 workers served: the others had no connection and used no CPU, while requests were waiting",
    ),
    "the only user": (
        found(LOOP, HEALTH, 900.0, ALL_READ, in_flight=0.9, load=Closed(users=1)), "nothing", "never waited"
    ),
    "requests that take as long as their upstream": (
        found(LOOP, WEATHER, 940.0, ALL_READ, p50_s=0.107), "nothing", "within 15.0 % of what a request waits for"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "limit", "evidence"), SHOWN.values(), ids=SHOWN)
def test_a_cause_is_named_with_the_evidence_that_shows_it(one: Bottleneck, limit: Limit, evidence: str) -> None:
    assert one.limit == limit, one.evidence
    assert evidence in one.evidence
    assert one.consistent_with == ()


LOOK_ALIKES = {
    "a main thread that waits while another thread runs the event loop": found(
        LOOP,
        SLEEP,
        90.0,
        looks(replace(process(unread=9, main=("futex",) * LOOKS), waits=("futex", EVENTS) * LOOKS)),
        busy=0.1,
    ),
    "workers of which some have no connection by chance": found(
        FOUR_SYNC, SLEEP, 30.0, looks(process(connections=1), unaccepted=1, inside=3), in_flight=5.0, busy=0.02
    ),
    "a sync worker that takes one connection at a time": found(
        GEVENT, SLEEP, 9.9, looks(process(connections=1, unread=1, main=("nanosleep",) * LOOKS), inside=1), busy=0.02
    ),
    "short answers among long ones": found(LOOP, HEALTH, 22.0, ALL_READ, unloaded_s=0.001, in_flight=20.0, busy=0.02),
    "slots that wait for a lock": found(
        FOUR_SYNC, SLEEP, 9.9, sync_workers(unread=9, waits="futex"), in_flight=20.0, busy=0.02
    ),
    "slots of which half are taken": found(FOUR_SYNC, SLEEP, 38.0, sync_workers(unread=9, inside=2), in_flight=20.0),
    "slots, and requests that wait at few looks": found(
        FOUR_SYNC, SLEEP, 38.8, replace(sync_workers(), unaccepted=np.arange(LOOKS) // 10), in_flight=5.0
    ),
    "a loop that reads late because it computes": found(
        LOOP, HEALTH, 900.0, looks(process(unread=9, main=BUSY, cores=0.7)), busy=0.7
    ),
    "a loop that is blocked now and then": found(
        LOOP, SLEEP, 90.0, looks(process(unread=9, main=("nanosleep",) * 9 + (EVENTS,) * 11)), busy=0.1
    ),
    "a loop that waits elsewhere while nothing waits for it": found(
        LOOP, SLEEP, 90.0, looks(process(main=SLEEPING)), busy=0.1
    ),
    "a process at one core of two, with one thread": found(
        LOOP, HEALTH, 900.0, looks(process(cores=0.6, unread=1)), busy=0.6, server_cpus=2
    ),
    "a worker of four that is idle because all requests are served": found(
        FOUR_LOOPS, SLEEP, 90.0, looks(process(), process(connections=0, cores=0.0)), busy=0.1
    ),
}


@pytest.mark.parametrize("one", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_what_only_looks_like_a_cause_is_not_named(one: Bottleneck) -> None:
    assert one.limit == "not known", one.evidence
    assert "of the looks found" in one.evidence or "of the requests in flight were read" in one.evidence


@pytest.mark.parametrize(
    ("light_s", "evidence"),
    [
        (0.002, "of its cores; meanwhile GET /health took 2.00 ms"),
        (math.nan, "of its cores; meanwhile GET /health was not answered within a second"),
        (None, "of its cores"),
    ],
)
def test_the_light_request_is_told_and_decides_nothing(light_s: float | None, evidence: str) -> None:
    one = found(LOOP, SLEEP, 9.9, looks(process(), light_s=light_s), busy=0.05)
    assert (one.limit, one.consistent_with) == ("not known", ("application",))
    assert one.evidence.endswith(evidence)


APPLICATION = {
    "a lock in a coroutine": (found(LOOP, SLEEP, 9.9, ALL_READ, busy=0.05), "100 % of the requests in flight"),
    "a pool of 10": (
        found(LOOP, WEATHER, 97.0, ALL_READ, busy=0.2, peak=10),
        "; never more than 10 upstream calls at the same time, with 100 in flight: a pool of 10",
    ),
    "one call at a time": (found(LOOP, WEATHER, 9.8, ALL_READ, busy=0.05, peak=1), "one at a time"),
    "forty threads for all that were read": (
        found(LOOP, SLEEP, 380.0, looks(process(main=("futex",) * LOOKS)), busy=0.5), "were read"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "evidence"), APPLICATION.values(), ids=APPLICATION)
def test_an_idle_server_that_has_read_all_requests_may_have_a_limit_inside(one: Bottleneck, evidence: str) -> None:
    assert (one.limit, one.consistent_with) == ("not known", ("application",))
    assert evidence in one.evidence


@pytest.mark.parametrize(
    "one",
    [
        found(LOOP, WEATHER, 97.0, ALL_READ, busy=0.85),
        found(LOOP, WEATHER, 97.0, looks(process(unread=12)), busy=0.2),
        found(LOOP, WEATHER, 97.0, looks(process(main=("nanosleep",) * LOOKS)), busy=0.2),
        found(LOOP, WEATHER, 97.0, looks(process(connections=0)), busy=0.2),
        found(LOOP, WEATHER, 97.0, None, busy=0.2),
    ],
    ids=["busy", "not all read", "a loop that waits elsewhere", "nobody has a connection", "no looks"],
)
def test_nothing_points_inside_the_application_where_one_sign_is_missing(one: Bottleneck) -> None:
    assert (one.limit, one.consistent_with) == ("not known", ())


@pytest.mark.parametrize(
    ("throughput_rps", "busy", "peak", "limit"),
    [
        (38.8, 0.05, 4, "slots"),
        (30.0, 0.05, 4, "slots"),
        (30.0, 0.05, 3, "not known"),
        (38.8, 0.85, 4, "not known"),
        (38.8, 0.90, 4, "server cpu"),
    ],
)
def test_runs_without_looks_show_only_cpu_and_slots(
    throughput_rps: float, busy: float, peak: int, limit: Limit
) -> None:
    one = found(FOUR_SYNC, WEATHER, throughput_rps, None, busy=busy, peak=peak)
    assert one.limit == limit, one.evidence


@pytest.mark.parametrize(("in_flight", "limit"), [(4.0, "not known"), (5.0, "slots")])
def test_slots_limit_a_stack_only_where_there_are_more_requests_than_slots(in_flight: float, limit: Limit) -> None:
    seen = sync_workers(unaccepted=1)
    assert found(FOUR_SYNC, WEATHER, 38.8, seen, in_flight=in_flight, peak=4, busy=0.1).limit == limit


def test_a_bottleneck_has_the_rate_of_its_slots_the_service_time_and_the_concurrency() -> None:
    one = found(FOUR_SYNC, WEATHER, 38.0, None, unloaded_s=0.104, peak=4)
    assert one.slots_rps == pytest.approx(40.0)
    assert one.service_time_s == pytest.approx(0.104)
    assert one.concurrency == pytest.approx(38.0 * 0.104)


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
    problem = kind.found("the figures show it")
    one = found(
        LOOP, HEALTH, 3500.0, ALL_READ, in_flight=80.0, busy=0.8, generator=used[0], upstream=used[1], problem=problem
    )
    assert (one.limit, one.evidence) == (limit, "the figures show it")


@pytest.mark.parametrize("kind", [kinds.GENERATOR_LATE, kinds.GENERATOR_STALLED, kinds.UPSTREAM_LATE])
def test_a_load_side_that_was_late_but_kept_up_is_not_the_bottleneck(kind: Kind) -> None:
    assert found(LOOP, HEALTH, 600.0, None, busy=0.7, problem=kind.found("by 9 ms")).limit == "not known"


def test_a_full_server_is_the_bottleneck_beside_a_full_generator() -> None:
    problem = kinds.LOAD_SIDE_SATURATED.found("it used 85 % of a core", full_cpu=True)
    assert found(LOOP, HEALTH, 3500.0, None, busy=0.95, problem=problem).limit == "server cpu"


@pytest.mark.parametrize("kind", [kinds.SERVICE_ERRORS, kinds.NOTHING_SERVED, kinds.OTHER_PROGRAMS])
def test_a_service_that_fails_or_shares_its_cores_has_no_known_bottleneck(kind: Kind) -> None:
    one = found(FOUR_SYNC, WEATHER, 39.0, ALL_READ, peak=4, busy=0.99, problem=kind.found("for this reason"))
    assert (one.limit, one.evidence) == ("not known", "for this reason")


@pytest.mark.parametrize("kind", [kinds.UNSTEADY, kinds.USERS_UNANSWERED, kinds.FALLING_BEHIND, kinds.ARRIVALS_DROPPED])
def test_the_problems_of_a_stack_at_its_limit_do_not_hide_the_limit(kind: Kind) -> None:
    assert found(FOUR_SYNC, WEATHER, 39.0, None, peak=4, problem=kind.found("")).limit == "slots"


def test_latency_that_is_unreliable_shows_nothing() -> None:
    load = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=500)
    problem = kinds.GENERATOR_LATE.found("")
    assert found(LOOP, WEATHER, 100.0, None, p50_s=0.1, load=load, problem=problem).limit == "not known"


def test_a_server_that_answers_nothing_has_a_concurrency_of_zero() -> None:
    problem = kinds.NOTHING_SERVED.found("no right answer in the window")
    one = found(LOOP, HEALTH, 0.0, None, unloaded_s=0.0, busy=0.0, peak=0, problem=problem)
    assert (one.limit, one.concurrency, one.evidence) == ("not known", 0.0, "no right answer in the window")


def test_a_failed_measurement_has_no_bottleneck() -> None:
    failed = Measurement("failed", (Problem("failed", "start server: no answer"),))
    with pytest.raises(ValueError, match=r"^a failed measurement has no bottleneck$"):
        bottleneck(Conditions(LOOP, HEALTH, HUNDRED, 1, 1), failed, 0.1, None)
