"""What limits a service is named: services of the project and of others, each with the limit that it really has."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.model.cell import Bottleneck, Cell, Limit
from bench.run.host.cpus import pinned

from .harness import PATIENCE_S, Harness
from .known import Known, bottleneck_of, known

POOL = "fastapi-aiohttp[env.MAX_IN_FLIGHT=10]"
THREADS = "flask-gthread[threads=8]"
SMALL_POOL = ("--set", "fastapi-aiohttp.env.MAX_IN_FLIGHT=10")
FEW_THREADS = ("--set", "flask-gthread.threads=8")
OWN = ("--profile", "limits", "--stacks", "flask-gthread,fastapi-aiohttp", "--scenarios", "weather")

own = known("own", *OWN, "--users", "5,50", *SMALL_POOL, *FEW_THREADS)
few = known("few", *OWN, "--users", "5", "--rate", "50", *SMALL_POOL, *FEW_THREADS, by_hand=True)
routes = known("routes", "--profile", "limits", "--stacks", "fastapi-aiohttp", "--scenarios", "aggregated_parallel",
               "--users", "5,30", *SMALL_POOL, by_hand=True)  # fmt: skip
cheap = known("cheap", "--profile", "limits", "--stacks", "cheap", "--scenarios", "fast", "--users", "50",
              "--warmup", "0.5", "--window", "0.7", slow=False)  # fmt: skip

BLOCKING = ("blocking-client", "blocking-program", "burns-in-threads")
WAITING = ("threads", "waits", "at-once", "one-in-ten-at-once", "locked", "pooled")


def causes(name: str, stack: str, *scenarios: str, users: int | None = None, by_hand: bool = True) -> Any:
    """The cells of a stack under these scenarios; `users`: instead of those of the profile."""
    words = ("--profile", "limits", "--stacks", stack, "--scenarios", ",".join(scenarios))
    return known(name, *words, *(() if users is None else ("--users", str(users))), by_hand=by_hand)


def beside_another_program(harness: Harness, started: "subprocess.Popen[str]", out: Path) -> None:  # noqa: ARG001
    """Another program keeps the server's core busy for as long as the run lasts."""
    with pinned(sorted(os.sched_getaffinity(0))[-1:]):
        burner = subprocess.Popen((sys.executable, "-c", "while True: pass"))
    try:
        started.wait(PATIENCE_S)
    finally:
        burner.kill()
        burner.wait()


unaware = causes("unaware", "unaware", *BLOCKING)
waiting = causes("waiting", "unaware", *WAITING)
threads_wsgi = causes("threads_wsgi", "threads-wsgi", "waits", "burns", users=20)
sync_wsgi = causes("sync_wsgi", "sync-wsgi", "waits", "burns", users=20)
gevent_wsgi = causes("gevent_wsgi", "gevent-wsgi", "blocks", users=5)
hung_wsgi = causes("hung_wsgi", "hung-wsgi", "waits", users=20, by_hand=False)
blocked = causes("blocked", "unaware", "blocks", "burns", by_hand=False)
disturbed = known("disturbed", "--profile", "limits", "--scenarios", "burns", "--window", "2.5",
                  during=beside_another_program)  # fmt: skip
two_cores = known("two_cores", "--profile", "two-cores", by_hand=True, cores=3)
four_loops = causes("four_loops", "four-loops", "blocks", "burns", users=20)

pitfalls = known("pitfalls", "--profile", "limits", "--stacks", "fastapi-blocking,fastapi-sleep,fastapi-article",
                 "--scenarios", "weather_quick,process", "--users", "20", by_hand=True)  # fmt: skip

EVENT_LOOP: tuple[Limit, ...] = ("event loop",)
CPU: tuple[Limit, ...] = ("server cpu",)
SLOTS: tuple[Limit, ...] = ("slots",)
APPLICATION: tuple[Limit, ...] = ("application",)
NOTHING: tuple[Limit, ...] = ("nothing",)
NOT_SATURATED: tuple[Limit, ...] = ("nothing", "not known")

CAUSES: Mapping[str, tuple[str, str, str, str, tuple[Limit, ...], str]] = {
    "a sleep on the event loop": ("blocked", "unaware", "blocks", "5 users", EVENT_LOOP, "nanosleep"),
    "a client that blocks the event loop": (
        "unaware", "unaware", "blocking-client", "5 users", EVENT_LOOP, "waited in (poll|recvfrom)",
    ),
    "a program that the event loop waits for": (
        "unaware", "unaware", "blocking-program", "5 users", EVENT_LOOP, "waited in (wait4|waitid|poll|read)",
    ),
    "work on the event loop": ("blocked", "unaware", "burns", "20 users", CPU, "busy"),
    "work in threads, on one core": ("unaware", "unaware", "burns-in-threads", "20 users", CPU, "busy"),
    "work in threads, on two cores": (
        "two_cores", "unaware", "burns-in-threads", "20 users", ("gil",), "one process used .* of 2 cores",
    ),
    "forty threads that the framework lends": ("waiting", "unaware", "threads", "100 users", APPLICATION, "were read"),
    "fewer users than these threads": ("waiting", "unaware", "threads", "2 users", NOT_SATURATED, ""),
    "waits that hold up nobody": ("waiting", "unaware", "waits", "20 users", NOTHING, "within 15"),
    "one user who waits for nothing": ("waiting", "unaware", "at-once", "1 user", NOTHING, "only user"),
    "one answer in ten at once": ("waiting", "unaware", "one-in-ten-at-once", "20 users", NOTHING, "within 15"),
    "an asynchronous lock": ("waiting", "unaware", "locked", "5 users", APPLICATION, "were read"),
    "a pool of five calls": ("waiting", "unaware", "pooled", "20 users", APPLICATION, "a pool of 5"),
    "threads, all taken": ("threads_wsgi", "threads-wsgi", "waits", "20 users", SLOTS, "8 slots"),
    "threads that compute": ("threads_wsgi", "threads-wsgi", "burns", "20 users", CPU, "busy"),
    "sync workers, all taken": ("sync_wsgi", "sync-wsgi", "waits", "20 users", SLOTS, "4 slots"),
    "sync workers that compute": ("sync_wsgi", "sync-wsgi", "burns", "20 users", CPU, "busy"),
    "sync workers of which one serves": ("hung_wsgi", "hung-wsgi", "waits", "20 users", ("workers",), "only 1"),
    "another program on its core": ("disturbed", "unaware", "burns", "20 users", ("not known",), "other programs"),
    "a call that gevent has not patched": ("gevent_wsgi", "gevent-wsgi", "blocks", "5 users", EVENT_LOOP, "nanosleep"),
    "four event loops that sleep": ("four_loops", "four-loops", "blocks", "20 users", EVENT_LOOP, "nanosleep"),
    "a blocking client of this project": (
        "pitfalls", "fastapi-blocking", "weather_quick", "20 users", EVENT_LOOP, "waited in (poll|recvfrom)",
    ),
    "a sleep of this project": ("pitfalls", "fastapi-sleep", "process", "20 users", EVENT_LOOP, "nanosleep"),
    "a new client for each call": ("pitfalls", "fastapi-article", "weather_quick", "20 users", CPU, "busy"),
    "no pitfall in this scenario": ("pitfalls", "fastapi-blocking", "process", "20 users", NOTHING, ""),
    "four event loops that compute": ("four_loops", "four-loops", "burns", "20 users", CPU, "busy"),
}  # fmt: skip


def limited_by(
    cells: Known, stack: str, scenario: str, load: str, limits: Sequence[Limit], *evidence: str
) -> Bottleneck:
    """The bottleneck of the cell: one of these limits, with evidence that matches these expressions."""

    def named(cell: Cell) -> bool:
        found = bottleneck_of(cell)
        return found.limit in limits and all(re.search(words, found.evidence) for words in evidence)

    cell = cells.find(stack, scenario, load, named)
    assert named(cell), (cell.measurement.bottleneck, cell.measurement.problems, cell.measurement.cpu)
    return bottleneck_of(cell)


def of(fixture: str) -> pytest.MarkDecorator:
    """A parameter for each cause that cells of this fixture show."""
    return pytest.mark.parametrize("cause", [cause for cause, found in CAUSES.items() if found[0] == fixture])


def named(cells: Known, cause: str) -> None:
    """The cause is named, or what may be said of it, and no other."""
    _, stack, scenario, load, limits, words = CAUSES[cause]
    limited_by(cells, stack, scenario, load, limits, words)


@of("blocked")
def test_an_event_loop_that_is_blocked_or_busy(blocked: Known, cause: str) -> None:
    named(blocked, cause)


@of("unaware")
def test_causes_within_one_event_loop(unaware: Known, cause: str) -> None:
    named(unaware, cause)


@of("waiting")
def test_causes_and_look_alikes_within_the_application(waiting: Known, cause: str) -> None:
    named(waiting, cause)


@of("four_loops")
def test_causes_within_four_event_loops(four_loops: Known, cause: str) -> None:
    named(four_loops, cause)


@of("pitfalls")
def test_what_articles_warn_of(pitfalls: Known, cause: str) -> None:
    named(pitfalls, cause)


@of("two_cores")
def test_threads_that_could_use_two_cores(two_cores: Known, cause: str) -> None:
    named(two_cores, cause)


@of("threads_wsgi")
def test_causes_within_threads(threads_wsgi: Known, cause: str) -> None:
    named(threads_wsgi, cause)


@of("sync_wsgi")
def test_causes_within_sync_workers(sync_wsgi: Known, cause: str) -> None:
    named(sync_wsgi, cause)


@of("gevent_wsgi")
def test_causes_within_greenlets(gevent_wsgi: Known, cause: str) -> None:
    named(gevent_wsgi, cause)


@of("hung_wsgi")
def test_workers_that_hang(hung_wsgi: Known, cause: str) -> None:
    named(hung_wsgi, cause)


@of("disturbed")
def test_another_program_is_no_cause_of_the_service(disturbed: Known, cause: str) -> None:
    named(disturbed, cause)


def test_the_slots_of_a_table_are_the_limit_where_more_requests_are_in_flight(own: Known) -> None:
    found = limited_by(own, THREADS, "weather", "50 users", SLOTS, "8 slots")
    assert found.slots_rps == pytest.approx(80)


def test_a_pool_of_connections_that_is_too_small_is_named_with_its_size(own: Known) -> None:
    three_for_each_of_ten = r"never more than 30\b"
    found = limited_by(own, POOL, "weather", "50 users", APPLICATION, three_for_each_of_ten)
    assert found.slots_rps is None


@pytest.mark.parametrize("stack", [THREADS, POOL])
@pytest.mark.parametrize("load", ["5 users", "50/s"])
def test_nothing_is_the_limit_where_all_requests_are_served(few: Known, stack: str, load: str) -> None:
    limited_by(few, stack, "weather", load, NOTHING)


def test_a_pool_of_connections_is_found_through_parallel_calls_of_several_routes(routes: Known) -> None:
    limited_by(routes, POOL, "aggregated_parallel", "30 users", APPLICATION, "a pool of 30")


def test_the_generator_is_named_where_a_service_takes_more_than_it_can_send(cheap: Known) -> None:
    limited_by(cheap, "cheap", "fast", "50 users", ("generator",), "of a core")
    cell = cheap.find("cheap", "fast", "50 users", lambda _: True)
    (saturated,) = [problem for problem in cell.measurement.problems if problem.name == "load side saturated"]
    assert set(saturated.voids) == {"latency", "throughput"}
    assert cell.outcome == "invalid"
