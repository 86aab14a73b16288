"""What limits a service is named: services of the project and of others, each with the limit that it really has."""

import re

import pytest

from bench.model.cell import Bottleneck, Limit

from .known import Known, bottleneck_of, known

POOL = "fastapi-aiohttp[env.MAX_IN_FLIGHT=10]"
THREADS = "flask-gthread[threads=8]"
SMALL_POOL = ("--set", "fastapi-aiohttp.env.MAX_IN_FLIGHT=10")
FEW_THREADS = ("--set", "flask-gthread.threads=8")
OWN = ("--profile", "limits", "--stacks", "flask-gthread,fastapi-aiohttp", "--scenarios", "weather")

unaware = known("unaware", "--profile", "limits", slow=False)
waiting = known("waiting", "--profile", "limits", "--scenarios", "threads,blocking-client")
own = known("own", *OWN, "--users", "50", "--rate", "50", *SMALL_POOL, *FEW_THREADS, slow=False)
few = known("few", *OWN, "--users", "5", *SMALL_POOL, *FEW_THREADS)
plain_def = known("plain_def", "--profile", "limits", "--stacks", "fastapi-threads", "--scenarios", "weather",
                  "--users", "100")  # fmt: skip
routes = known("routes", "--profile", "limits", "--stacks", "fastapi-aiohttp", "--scenarios", "aggregated_parallel",
               "--users", "60", *SMALL_POOL)  # fmt: skip
workers = known("workers", "--profile", "limits", "--stacks", "unaware-wsgi", "--scenarios", "threads",
                "--users", "40")  # fmt: skip
cheap = known("cheap", "--profile", "limits", "--stacks", "cheap", "--scenarios", "fast", "--users", "50",
              "--warmup", "0.5", "--window", "0.7", slow=False)  # fmt: skip


def limited_by(
    cells: Known, stack: str, scenario: str, load: str, bound: Limit, *, needs_core: bool = False
) -> Bottleneck:
    """The bottleneck of the cell, which names this limit."""
    cell = cells.find(stack, scenario, load, lambda cell: bottleneck_of(cell).limit == bound, needs_core=needs_core)
    assert bottleneck_of(cell).limit == bound, (
        cell.measurement.bottleneck,
        cell.measurement.problems,
        cell.measurement.cpu,
    )
    return bottleneck_of(cell)


def test_blocking_calls_within_async_def_are_found_in_an_app_whose_table_knows_of_no_limit(unaware: Known) -> None:
    bottleneck = limited_by(unaware, "unaware", "blocks", "10 users", "event loop")
    assert "blocks the event loop" in bottleneck.evidence
    assert bottleneck.slots_rps is None
    assert bottleneck.service_time_s == pytest.approx(0.1, abs=0.05)


def test_an_event_loop_that_has_nothing_but_work_is_limited_by_its_core(unaware: Known) -> None:
    bottleneck = limited_by(unaware, "unaware", "burns", "20 users", "server cpu", needs_core=True)
    assert "event loop" in bottleneck.evidence
    assert "busy" in bottleneck.evidence


def test_a_client_that_blocks_the_event_loop_while_the_upstream_takes_its_time_is_found_too(waiting: Known) -> None:
    bottleneck = limited_by(waiting, "unaware", "blocking-client", "10 users", "event loop")
    assert re.search(r"never more than 1\b", bottleneck.evidence)
    assert "blocks the event loop" in bottleneck.evidence


def test_threads_that_a_framework_lends_are_found_in_an_app_whose_table_knows_of_no_limit(waiting: Known) -> None:
    bottleneck = limited_by(waiting, "unaware", "threads", "60 users", "slots")
    assert "threads" in bottleneck.evidence
    assert bottleneck.concurrency == pytest.approx(40, rel=0.15)


def test_the_slots_of_a_table_are_the_limit_where_more_requests_are_in_flight(own: Known) -> None:
    bottleneck = limited_by(own, THREADS, "weather", "50 users", "slots")
    assert bottleneck.slots_rps == pytest.approx(80)
    assert "of 8 slots" in bottleneck.evidence


def test_a_pool_of_connections_that_is_too_small_is_named_with_its_size(own: Known) -> None:
    bottleneck = limited_by(own, POOL, "weather", "50 users", "client pool")
    assert re.search(r"never more than 30\b", bottleneck.evidence)  # three for each of the 10 requests it is made for
    assert bottleneck.slots_rps is None


@pytest.mark.parametrize("stack", [THREADS, POOL])
def test_nothing_is_the_limit_where_all_arrivals_are_served(own: Known, stack: str) -> None:
    limited_by(own, stack, "weather", "50/s", "nothing")


@pytest.mark.parametrize("stack", [THREADS, POOL])
def test_nothing_is_the_limit_where_all_users_are_served(few: Known, stack: str) -> None:
    limited_by(few, stack, "weather", "5 users", "nothing")


def test_forty_threads_limit_a_hundred_users_of_plain_def_endpoints(plain_def: Known) -> None:
    bottleneck = limited_by(plain_def, "fastapi-threads", "weather", "100 users", "slots")
    assert bottleneck.slots_rps == pytest.approx(400)
    assert "of 40 slots" in bottleneck.evidence


def test_a_pool_of_connections_is_found_through_parallel_calls_of_several_routes(routes: Known) -> None:
    bottleneck = limited_by(routes, POOL, "aggregated_parallel", "60 users", "client pool")
    assert re.search(r"never more than 30\b", bottleneck.evidence)


def test_workers_times_threads_are_found_where_the_table_denies_them(workers: Known) -> None:
    bottleneck = limited_by(workers, "unaware-wsgi", "threads", "40 users", "slots")
    assert bottleneck.concurrency == pytest.approx(12, rel=0.1)
    assert "threads" in bottleneck.evidence


def test_the_generator_is_named_where_a_service_takes_more_than_it_can_send(cheap: Known) -> None:
    bottleneck = limited_by(cheap, "cheap", "fast", "50 users", "generator", needs_core=True)
    assert "of a core" in bottleneck.evidence
    cell = cheap.find("cheap", "fast", "50 users", lambda _: True)
    (saturated,) = [problem for problem in cell.measurement.problems if problem.name == "load side saturated"]
    assert set(saturated.voids) == {"latency", "throughput"}
    assert cell.outcome == "invalid"
