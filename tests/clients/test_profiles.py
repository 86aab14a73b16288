"""What samples come to, on made-up ones."""

import pytest

from examples.clients.profiles import (
    CONNECTING,
    FINDING,
    LOOP,
    PARTS,
    REST,
    ROOT,
    SERVICE,
    Place,
    Profile,
    Spent,
    call_s,
    counted_a_call,
    package,
    parts_s,
    place,
    top,
)

LIB = "/usr/lib/python3.11"
SITE = f"{LIB}/site-packages"
POOL = f"{SITE}/httpcore/_async/connection_pool.py"
HTTP11 = f"{SITE}/httpcore/_async/http11.py"
ASSIGN = "AsyncConnectionPool._assign_requests_to_connections"
MAIN = (str(ROOT / "examples/clients/profile_client.py"), "main")


def profile(*spent: tuple[str, str, str, int], calls: int = 100, cpu_s: float = 2.0, **counted: int) -> Profile:
    places = tuple(Spent(Place(inside, function, part), samples) for inside, function, part, samples in spent)
    return Profile("one", 50, calls, 0, cpu_s, 4.0, 7, places, 200, counted)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (POOL, "httpcore"),
        (f"{SITE}/typing_extensions.py", "typing_extensions"),
        (str(ROOT / ".venv/lib/python3.11/site-packages/httpx/_client.py"), "httpx"),
        (str(ROOT / "fastapi_app/upstream.py"), "fastapi_app"),
        (f"{LIB}/asyncio/events.py", "asyncio"),
        (f"{LIB}/json/decoder.py", "standard library"),
        ("<frozen runpy>", "standard library"),
    ],
)
def test_a_file_belongs_to_the_package_whose_folder_it_lies_in(file: str, name: str) -> None:
    assert package(file) == name


def test_whatever_a_pass_over_the_pool_calls_is_part_of_finding_a_connection() -> None:
    found = place([(HTTP11, "AsyncHTTP11Connection.is_idle"), (POOL, ASSIGN), (POOL, "x.handle_async_request"), MAIN])
    assert found == Place("httpcore", "AsyncHTTP11Connection.is_idle", FINDING)


def test_a_comprehension_counts_for_the_function_that_it_stands_in() -> None:
    assert place([(POOL, f"{ASSIGN}.<locals>.<listcomp>"), (POOL, ASSIGN)]) == Place("httpcore", ASSIGN, FINDING)


def test_opening_a_connection_is_told_apart_in_every_client() -> None:
    asyncio = f"{LIB}/asyncio/base_events.py"
    for file, function in (
        (f"{SITE}/httpcore/_backends/anyio.py", "AnyIOBackend.connect_tcp"),
        (f"{SITE}/anyio/_core/_sockets.py", "connect_tcp.<locals>.try_connect"),
        (f"{SITE}/aiohttp/connector.py", "TCPConnector._create_connection"),
        (POOL, "AsyncConnectionPool._close_connections"),
    ):
        assert place([(asyncio, "BaseEventLoop.create_task"), (file, function), MAIN]).part == CONNECTING


def test_what_does_nothing_of_this_is_of_the_client_the_service_or_the_loop_by_its_own_package() -> None:
    below = [(f"{SITE}/httpx/_client.py", "AsyncClient.get"), (str(ROOT / "fastapi_app/upstream.py"), "Upstream.get")]
    assert place([(f"{SITE}/h11/_connection.py", "Connection.next_event"), *below, MAIN]).part == REST
    assert place([*below, MAIN]).part == REST
    assert place([(str(ROOT / "fastapi_app/weather.py"), "read_temperature"), *below, MAIN]).part == SERVICE
    assert place([(f"{LIB}/asyncio/locks.py", "Event.set"), *below, MAIN]).part == LOOP


def test_a_loop_that_runs_no_python_function_is_the_loop() -> None:
    assert place([MAIN, ("<frozen runpy>", "_run_code")]).part == LOOP
    assert place([]).part == LOOP


def test_the_parts_of_a_call_are_its_cpu_time() -> None:
    found = profile(("httpcore", "a", FINDING, 60), ("httpcore", "b", FINDING, 15), ("h11", "c", REST, 25))
    assert call_s(found) == pytest.approx(0.02)
    assert parts_s(found) == pytest.approx({FINDING: 0.015, CONNECTING: 0, REST: 0.005, SERVICE: 0, LOOP: 0})
    assert tuple(parts_s(found)) == PARTS


def test_no_call_or_no_sample_has_no_parts() -> None:
    nothing = profile(("h11", "c", REST, 25), calls=0)
    assert call_s(nothing) is None
    assert parts_s(nothing) == {}
    assert parts_s(profile()) == {}
    assert top(profile(), 3) == ()


def test_the_top_are_the_places_with_most_samples_and_their_shares_of_all() -> None:
    found = profile(("h11", "c", REST, 25), ("httpcore", "a", FINDING, 60), ("httpcore", "b", FINDING, 15))
    assert [(where.function, share) for where, share in top(found, 2)] == [("a", 0.6), ("c", 0.25)]


def test_what_was_counted_is_shared_among_the_calls_that_were_answered_meanwhile() -> None:
    found = profile(is_idle=50_000, never=0)
    assert counted_a_call(found, "is_idle") == 250
    assert counted_a_call(found, "never") is None
    assert counted_a_call(found, "unknown") is None
