"""The tables of docs/httpx.md, from made-up cells and profiles."""

from dataclasses import replace

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Problem
from examples.clients import tables
from examples.clients.flames import Flame, Function
from examples.clients.profiles import CONNECTING, COUNTED, FINDING, REST, Place, Profile, Spent
from tests.unit.builders import FASTAPI, FLASK, cell, plan, run_of

LATE = Problem("timeouts", "12 % of the requests timed out", ("latency",))
LOST = Problem("upstream calls", "the upstream counted 3 calls", ("throughput", "latency", "memory", "cpu"))


def cells() -> tuple[Cell, ...]:
    """Three rounds: httpx needs four times the CPU of aiohttp with 10 users; with 100 its figures are void."""
    return tuple(
        cell(stack, users, number, cpu_s=cpu_s, problems=problems)
        for number in (1, 2, 3)
        for stack, users, cpu_s, problems in (
            ("httpx", 10, 0.004, (LATE,)),
            ("aiohttp", 10, 0.001, ()),
            ("httpx", 100, 0.02, (LOST,)),
            ("aiohttp", 100, 0.001, ()),
        )
    )


PLAN = plan({"httpx": FLASK, "aiohttp": FASTAPI}, {"weather": (10, 100)})
RUN = run_of(PLAN, cells())


def profile(client: str, concurrency: int, failed: int = 0) -> Profile:
    spent = (
        Spent(Place("httpcore", "AsyncHTTP11Connection.is_idle", FINDING), 75),
        Spent(Place("h11", "<lambda>", REST), 25),
    )
    counted = {"AsyncHTTPConnection.is_idle": 4000} if client.startswith("httpx") else {}
    return Profile(client, concurrency, 1200, failed, 2.4, 5.0, 300, spent, 200, counted)


def cells_of(table: str) -> list[list[str]]:
    return [[part.strip() for part in line.strip("|").split(" | ")] for line in table.splitlines()]


def test_a_metric_stands_by_client_and_load_and_a_void_figure_is_struck_out() -> None:
    heads, sides, httpx, aiohttp = cells_of(tables.figures(RUN, rows(RUN.cells, PLAN), "cpu"))
    assert heads == ["client", "10 users", "100 users"]
    assert sides == ["---", "---:", "---:"]
    assert httpx == ["httpx", "4.00 ms (4.00\u20134.00)", "~~20.0 ms~~"]
    assert aiohttp == ["aiohttp", "1.00 ms (1.00\u20131.00)", "1.00 ms (1.00\u20131.00)"]


def test_a_load_that_was_not_recorded_has_no_figure() -> None:
    few = rows([one for one in RUN.cells if one.load.model == "closed" and one.load.users == 10], PLAN)
    assert cells_of(tables.figures(RUN, few, "cpu"))[2][2] == "-"


def test_a_client_is_held_against_the_second_of_the_pair_where_both_have_the_figure() -> None:
    heads, _, aiohttp = cells_of(tables.against(RUN, ratios(RUN.cells, PLAN), "cpu"))
    assert heads == ["client", "10 users", "100 users"]
    assert aiohttp == ["aiohttp", "0.25\u00d7 (0.25\u20130.25)", "-"]


def test_every_problem_of_a_figure_is_said() -> None:
    assert tables.problems(rows(RUN.cells, PLAN)) == (
        "httpx with 10 users: timeouts in 3 of 3 rounds: 12 % of the requests timed out",
        "httpx with 100 users: upstream calls in 3 of 3 rounds: the upstream counted 3 calls",
    )


def test_the_cpu_time_of_a_call_stands_beside_its_parts() -> None:
    heads, _, line = cells_of(tables.parts([profile("httpx", 50, failed=3)]))
    found = dict(zip(heads, line, strict=True))
    assert found["calls measured"] == "1\u202f200, 3 failed"
    assert found["CPU per call"] == "2.00 ms"
    assert (found[FINDING], found[CONNECTING], found[REST]) == ("1.50 ms", "0 s", "500 us")
    assert found["connections opened per call"] == "0.25"


def test_functions_are_listed_for_some_clients_at_one_concurrency() -> None:
    told = [profile("aiohttp", 100), profile("httpx", 50), profile("httpx", 100), profile("httpx2", 100)]
    lines = cells_of(tables.functions(told))[2:]
    assert [line[0] for line in lines] == ["httpx", "httpx", "aiohttp", "aiohttp"]
    assert lines[0][1:] == ["`AsyncHTTP11Connection.is_idle`", "httpcore", FINDING, "75.0 %"]


SLOW = Flame(
    "httpx",
    100,
    1000,
    (
        Function("search", "httpcore", 0.7, 0.9),
        Function("fileno", "anyio", 0.292, 0.292),
        Function("<listcomp>", "h11", 0.008, 0.008),
    ),
)
FAST = Flame("aiohttp", 100, 500, (Function("write", "aiohttp", 1.0, 1.0),))


def test_a_function_of_a_flame_stands_by_client_and_load() -> None:
    few = replace(SLOW, users=10, functions=SLOW.functions[1:])
    heads, _, *lines = cells_of(tables.flame_totals((few, SLOW, FAST), "search"))
    assert heads == ["client", "10 users", "100 users"]
    assert lines == [["httpx", "0 %", "90.0 %"], ["aiohttp", "-", "0 %"]]


def test_the_functions_of_a_flame_stand_by_their_own_time() -> None:
    heads, sides, *lines = cells_of(tables.flame_functions((SLOW, FAST)))
    assert list(zip(heads, sides, strict=True))[3:] == [("self", "---:"), ("total", "---:")]
    assert lines[0] == ["httpx", "`search`", "httpcore", "70.0 %", "90.0 %"]
    assert [line[1] for line in lines] == ["`search`", "`fileno`", "`<listcomp>`", "`write`"]


def test_packages_of_two_flames_are_compared_and_small_ones_taken_together() -> None:
    heads, _, *lines = cells_of(tables.flame_packages(SLOW, FAST))
    assert heads == ["package", "httpx", "aiohttp", "difference"]
    assert lines == [
        ["aiohttp", "0 %", "100 %", "-100.0 points"],
        ["httpcore", "70.0 %", "0 %", "+70.0 points"],
        ["anyio", "29.2 %", "0 %", "+29.2 points"],
        ["all others", "0.800 %", "0 %", "+0.8 points"],
    ]


def test_counts_are_listed_for_clients_with_such_a_pool() -> None:
    heads, _, *lines = cells_of(tables.counts([profile("httpx", 100), profile("aiohttp", 100)]))
    assert heads[2:] == list(COUNTED.values())
    assert lines == [["httpx", "100", "-", "20.0", "-", "-"]]
