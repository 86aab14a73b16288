"""What binds is named: services of the project and of others, each with the limit that it really has."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .cells import APPS, Cell, Cells
from .harness import Harness

CONFIG = """
[stacks.unaware]
interface = "asgi"
argv = ["uvicorn", "unaware_asgi:app", "--host", "{{host}}", "--port", "{{port}}", "--no-access-log"]
env = {{ UPSTREAM_URL = "{{upstream}}" }}
slots = "unbounded"
cwd = "{apps}"

[stacks.unaware-wsgi]
interface = "wsgi"
argv = [
    "gunicorn", "unaware_wsgi:app", "--bind", "{{host}}:{{port}}", "--workers", "2", "--threads", "6",
    "--no-control-socket",
]
slots = "unbounded"
cwd = "{apps}"

[stacks.cheap]
interface = "asgi"
argv = ["python", "-m", "upstream", "--port", "{{port}}", "--control-port", "0", "--delay", "weather=0"]
env = {{ UPSTREAM_TOKEN = "secret" }}
slots = "unbounded"
cwd = "{checkout}"

[scenarios.threads]
path = "/threads"

[scenarios.blocks]
path = "/blocks"

[scenarios.blocking-client]
path = "/blocking-client"
upstream.weather = {{ calls = 1, median_s = 0.1 }}

[scenarios.burns]
path = "/burns"

[scenarios.fast]
path = "/weather/London"

[profiles.short]
stacks = ["unaware"]
scenarios = ["threads", "blocks", "blocking-client", "burns"]
users = [10]
scenario_users = {{ threads = [60], burns = [20] }}
warmup_s = 0.8
window_s = 1.5
window_limit_s = 2.0
rounds = 1
"""

POOL = "fastapi-aiohttp[env.MAX_IN_FLIGHT=10]"
THREADS = "flask-gthread[threads=8]"
SMALL_POOL = ("--set", "fastapi-aiohttp.env.MAX_IN_FLIGHT=10")
FEW_THREADS = ("--set", "flask-gthread.threads=8")
Make = Callable[..., Cells]


@pytest.fixture(scope="module")
def made(shared_harness: Harness, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Cells of the short profile, with what is asked for in place of its own."""
    mine = tmp_path_factory.mktemp("ceilings") / "mine.toml"
    mine.write_text(CONFIG.format(apps=APPS, checkout=checkout), encoding="utf-8")

    def make(*words: str) -> Cells:
        folder = tmp_path_factory.mktemp("ceilings")
        return Cells(shared_harness, folder, ("--config", mine, "--profile", "short", *words))

    return make


@pytest.fixture(scope="module")
def foreign(made: Make) -> Cells:
    return made()


@pytest.fixture(scope="module")
def own(made: Make) -> Cells:
    stacks = ("--stacks", "flask-gthread,fastapi-aiohttp", "--scenarios", "weather")
    return made(*stacks, "--users", "50", *SMALL_POOL, *FEW_THREADS)


def bound_by(cells: Cells, stack: str, scenario: str, load: str, bound: str, *, needs_core: bool = False) -> Cell:
    """The cell's ceiling, which names this."""
    cell = cells.find(stack, scenario, load, lambda cell: cell["ceiling"]["bound"] == bound, needs_core=needs_core)
    ceiling: Cell = cell["ceiling"]
    assert ceiling["bound"] == bound, (ceiling, cell["problems"], cell["cpu"])
    return ceiling


@pytest.mark.slow
def test_blocking_calls_within_async_def_are_found_in_an_app_whose_table_knows_of_no_limit(foreign: Cells) -> None:
    ceiling = bound_by(foreign, "unaware", "blocks", "10 users", "event loop")
    assert "blocks the event loop" in ceiling["why"]
    assert ceiling["rps"] is None
    assert ceiling["held_s"] == pytest.approx(0.1, abs=0.05)


@pytest.mark.slow
def test_so_is_a_client_that_blocks_the_event_loop_while_the_upstream_takes_its_time(foreign: Cells) -> None:
    ceiling = bound_by(foreign, "unaware", "blocking-client", "10 users", "event loop")
    assert re.search(r"never more than 1\b", ceiling["why"])
    assert "blocks the event loop" in ceiling["why"]


@pytest.mark.slow
def test_threads_that_a_framework_lends_are_found_in_an_app_whose_table_knows_of_no_limit(foreign: Cells) -> None:
    ceiling = bound_by(foreign, "unaware", "threads", "60 users", "slots")
    assert "threads" in ceiling["why"]
    assert ceiling["at_once"] == pytest.approx(40, rel=0.15)


@pytest.mark.slow
def test_an_event_loop_that_has_nothing_but_work_is_bound_by_its_core(foreign: Cells) -> None:
    ceiling = bound_by(foreign, "unaware", "burns", "20 users", "server cpu", needs_core=True)
    assert "event loop" in ceiling["why"]
    assert "busy" in ceiling["why"]


def test_the_slots_of_a_table_bind_where_more_requests_are_under_way(own: Cells) -> None:
    ceiling = bound_by(own, THREADS, "weather", "50 users", "slots")
    assert ceiling["rps"] == pytest.approx(80)
    assert "of 8 slots" in ceiling["why"]


def test_a_pool_of_connections_that_is_too_small_is_named_with_its_size(own: Cells) -> None:
    ceiling = bound_by(own, POOL, "weather", "50 users", "client pool")
    assert re.search(r"never more than 30\b", ceiling["why"])  # three for each of the 10 requests it is made for
    assert ceiling["rps"] is None


@pytest.mark.slow
def test_forty_threads_bind_a_hundred_users_of_plain_def_endpoints(made: Make) -> None:
    cells = made("--stacks", "fastapi-threads", "--scenarios", "weather", "--users", "100")
    ceiling = bound_by(cells, "fastapi-threads", "weather", "100 users", "slots")
    assert ceiling["rps"] == pytest.approx(400)
    assert "of 40 slots" in ceiling["why"]


@pytest.mark.slow
def test_a_pool_of_connections_is_found_through_calls_of_several_routes_at_once(made: Make) -> None:
    cells = made("--stacks", "fastapi-aiohttp", "--scenarios", "aggregated_parallel", "--users", "60", *SMALL_POOL)
    ceiling = bound_by(cells, POOL, "aggregated_parallel", "60 users", "client pool")
    assert re.search(r"never more than 30\b", ceiling["why"])


@pytest.mark.slow
def test_workers_times_threads_are_found_where_the_table_denies_them(made: Make) -> None:
    cells = made("--stacks", "unaware-wsgi", "--scenarios", "threads", "--users", "40")
    ceiling = bound_by(cells, "unaware-wsgi", "threads", "40 users", "slots")
    assert ceiling["at_once"] == pytest.approx(12, rel=0.1)
    assert "threads" in ceiling["why"]


@pytest.mark.slow
def test_nothing_binds_where_all_that_is_asked_for_is_being_served(made: Make) -> None:
    stacks = ("--stacks", "flask-gthread,fastapi-aiohttp", "--scenarios", "weather")
    cells = made(*stacks, "--users", "5", "--rate", "50", *SMALL_POOL, *FEW_THREADS)
    for stack in (THREADS, POOL):
        for load in ("5 users", "50/s"):
            bound_by(cells, stack, "weather", load, "nothing")


@pytest.mark.slow
def test_the_generator_is_named_where_a_service_takes_more_than_it_can_send(made: Make) -> None:
    cells = made("--stacks", "cheap", "--scenarios", "fast", "--users", "50")
    ceiling = bound_by(cells, "cheap", "fast", "50 users", "generator", needs_core=True)
    assert "load-side core" in ceiling["why"]
    cell = cells.measured["cheap", "fast", "50 users"]
    (saturated,) = [problem for problem in cell["problems"] if problem["name"] == "load side saturated"]
    assert set(saturated["voids"]) == {"latency", "throughput"}
    assert cell["outcome"] == "invalid"
