"""What limits a service is named: services of the project and of others, each with the limit that it really has."""

import re

import pytest

from bench.model.cell import Bottleneck, Cell, Limit

from .known import Known, bottleneck_of, known

POOL = "fastapi-aiohttp[env.MAX_IN_FLIGHT=10]"
THREADS = "flask-gthread[threads=8]"
SMALL_POOL = ("--set", "fastapi-aiohttp.env.MAX_IN_FLIGHT=10")
FEW_THREADS = ("--set", "flask-gthread.threads=8")
OWN = ("--profile", "limits", "--stacks", "flask-gthread,fastapi-aiohttp", "--scenarios", "weather")

unaware = known("unaware", "--profile", "limits", slow=False)
waiting = known("waiting", "--profile", "limits", "--scenarios", "threads,blocking-client")
own = known("own", *OWN, "--users", "50", *SMALL_POOL, *FEW_THREADS, slow=False)
few = known("few", *OWN, "--users", "5", "--rate", "50", *SMALL_POOL, *FEW_THREADS)
plain_def = known("plain_def", "--profile", "limits", "--stacks", "fastapi-threads", "--scenarios", "weather",
                  "--users", "100")  # fmt: skip
routes = known("routes", "--profile", "limits", "--stacks", "fastapi-aiohttp", "--scenarios", "aggregated_parallel",
               "--users", "60", *SMALL_POOL)  # fmt: skip
workers = known("workers", "--profile", "limits", "--stacks", "unaware-wsgi", "--scenarios", "threads",
                "--users", "40")  # fmt: skip
cheap = known("cheap", "--profile", "limits", "--stacks", "cheap", "--scenarios", "fast", "--users", "50",
              "--warmup", "0.5", "--window", "0.7", slow=False)  # fmt: skip


def limited_by(
    cells: Known, stack: str, scenario: str, load: str, limit: Limit, *evidence: str, concurrency: float | None = None
) -> Bottleneck:
    """The bottleneck of the cell: this limit, with evidence that matches these expressions, and this concurrency."""

    def named(cell: Cell) -> bool:
        found = bottleneck_of(cell)
        served = concurrency is None or found.concurrency == pytest.approx(concurrency, rel=0.1)
        return found.limit == limit and served and all(re.search(words, found.evidence) for words in evidence)

    cell = cells.find(stack, scenario, load, named)
    assert named(cell), (cell.measurement.bottleneck, cell.measurement.problems, cell.measurement.cpu)
    return bottleneck_of(cell)


def test_blocking_calls_within_async_def_are_found_in_an_app_whose_table_knows_of_no_limit(unaware: Known) -> None:
    found = limited_by(unaware, "unaware", "blocks", "10 users", "event loop", "blocks the event loop")
    assert found.slots_rps is None
    assert found.service_time_s == pytest.approx(0.1, abs=0.05)


def test_an_event_loop_that_has_nothing_but_work_is_limited_by_its_core(unaware: Known) -> None:
    limited_by(unaware, "unaware", "burns", "20 users", "server cpu", "event loop", "busy")


def test_a_client_that_blocks_the_event_loop_while_the_upstream_takes_its_time_is_found_too(waiting: Known) -> None:
    alone = r"never more than 1\b"
    limited_by(waiting, "unaware", "blocking-client", "10 users", "event loop", alone, "blocks the event loop")


def test_threads_that_a_framework_lends_are_found_in_an_app_whose_table_knows_of_no_limit(waiting: Known) -> None:
    limited_by(waiting, "unaware", "threads", "100 users", "slots", "threads", concurrency=40)


def test_the_slots_of_a_table_are_the_limit_where_more_requests_are_in_flight(own: Known) -> None:
    found = limited_by(own, THREADS, "weather", "50 users", "slots", "of 8 slots")
    assert found.slots_rps == pytest.approx(80)


def test_a_pool_of_connections_that_is_too_small_is_named_with_its_size(own: Known) -> None:
    three_for_each_of_ten = r"never more than 30\b"
    found = limited_by(own, POOL, "weather", "50 users", "client pool", three_for_each_of_ten)
    assert found.slots_rps is None


@pytest.mark.parametrize("stack", [THREADS, POOL])
@pytest.mark.parametrize("load", ["5 users", "50/s"])
def test_nothing_is_the_limit_where_all_requests_are_served(few: Known, stack: str, load: str) -> None:
    limited_by(few, stack, "weather", load, "nothing")


def test_forty_threads_limit_a_hundred_users_of_plain_def_endpoints(plain_def: Known) -> None:
    found = limited_by(plain_def, "fastapi-threads", "weather", "100 users", "slots", "of 40 slots")
    assert found.slots_rps == pytest.approx(400)


def test_a_pool_of_connections_is_found_through_parallel_calls_of_several_routes(routes: Known) -> None:
    limited_by(routes, POOL, "aggregated_parallel", "60 users", "client pool", r"never more than 30\b")


def test_workers_times_threads_are_found_where_the_table_denies_them(workers: Known) -> None:
    limited_by(workers, "unaware-wsgi", "threads", "40 users", "slots", "threads", concurrency=12)


def test_the_generator_is_named_where_a_service_takes_more_than_it_can_send(cheap: Known) -> None:
    limited_by(cheap, "cheap", "fast", "50 users", "generator", "of a core")
    cell = cheap.find("cheap", "fast", "50 users", lambda _: True)
    (saturated,) = [problem for problem in cell.measurement.problems if problem.name == "load side saturated"]
    assert set(saturated.voids) == {"latency", "throughput"}
    assert cell.outcome == "invalid"
