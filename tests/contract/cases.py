"""The contract, written once and apart from the services: each request, and the answer that both must give."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .client import Request
from .upstream import (
    FAILS_THEN_HANGS,
    HANGS_THEN_FAILS,
    ORDERS,
    RESOURCES,
    REVIEWS,
    TEMP_C,
    UNUSUAL,
    USER_NAME,
    WRONG,
    accepted,
    faults,
    hangs,
    magic_user,
    oddities,
    refused,
)

PATHS = ("/health", "/process", "/weather", "/aggregated-data/1", "/compute")
REFUSED_METHODS = ("OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")

TITLES = {
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}
NO_PATH = "no such path"
NO_METHOD = "this path answers GET and HEAD only"
DELAY = "delay_ms must be an integer from 0 to 10000"
CITY = "city must be 1 to 80 letters, spaces, full stops, apostrophes or hyphens"
USER_ID = "user_id must be an integer from 0 to 9999999"
STRATEGY = "strategy must be parallel or sequential"
N = "n must be an integer from 1 to 1000000"
OFFLOAD = "offload must be none, thread or process"
FAILED = "the upstream failed or sent an answer that makes no sense"
LATE = "the upstream did not answer in time"


@dataclass(frozen=True, slots=True)
class Case:
    """A request and its answer; a slow case waits for the upstream's timeout."""

    name: str
    request: Request
    status: int
    body: Any
    slow: bool = False

    @property
    def content_type(self) -> str:
        return "application/json" if self.status in {200, 201} else "application/problem+json"

    @property
    def allow(self) -> frozenset[str] | None:
        if self.status != 405:
            return None
        return frozenset({"POST"}) if self.request.target.startswith("/orders") else frozenset({"GET", "HEAD"})


def cases() -> list[Case]:
    """Every case; no two have the same name."""
    return [*_health(), *_process(), *_weather(), *_aggregated(), *_compute(), *_paths(), *_methods(), *_upstream()]


def answers(target: str, body: Any, name: str | None = None) -> Case:
    return Case(name or target, Request("GET", target), 200, body)


def refuses(target: str, status: int, detail: str, name: str | None = None, slow: bool = False) -> Case:
    return Case(name or target, Request("GET", target), status, problem(status, detail), slow)


def problem(status: int, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}


def weather(city: str) -> dict[str, Any]:
    return {"city": city, "temp_c": TEMP_C}


def aggregate(user_id: int, **changed: Any) -> dict[str, Any]:
    return {"user": {"id": user_id, "name": USER_NAME}, "orders": ORDERS, "reviews": REVIEWS, **changed}


# Values after "name=" that are not integers by the contract.
NO_INTEGERS = (
    "", "-1", "%2B1", "+1", "1+", "1_0", "1.0", "1e3", "0x10", "abc", "%001", "1%00", "%0A1", "1%0A", "%201", "1%20",
    "%D9%A1", "%EF%BC%91", "%C2%B2", "%F0%9D%9F%8F", "%FF", "%EF%BF%BD", "12345678", "00000001", "true", "1,2", "1;2",
    "%", "%zz", "1%2", "NaN", "Infinity", "9" * 400,
)  # fmt: skip


def _health() -> Iterator[Case]:
    ok = {"status": "ok"}
    for query in ("", "?", "?x=1", "?x=1&x=2", "?=", "?&&", "?%FF=%FF", "?city=1&city=2"):
        yield answers(f"/health{query}", ok)
    yield Case("a body is ignored", Request("GET", "/health", b'{"a": 1}'), 200, ok)


def _process() -> Iterator[Case]:
    for query, delay_ms in (
        ("", 100), ("?delay_ms=0", 0), ("?delay_ms=1", 1), ("?delay_ms=0000001", 1), ("?delay_ms=5&x=&x", 5),
        ("?delay%5Fms=2", 2), ("?delay_ms=%33", 3), ("?x=delay_ms&delay_ms=4", 4), ("?DELAY_MS=9&delay_ms=1", 1),
        ("?delay_ms[]=9&delay_ms=1", 1), ("?delay-ms=9&delay_ms=1", 1),
    ):  # fmt: skip
        yield answers(f"/process{query}", {"status": "done", "delay_ms": delay_ms})
    for text in (*NO_INTEGERS, "10001", "9999999"):
        yield refuses(f"/process?delay_ms={text}", 422, DELAY)
    yield refuses("/process?delay_ms", 422, DELAY)
    for query in ("delay_ms=1&delay_ms=1", "delay_ms=&delay_ms=", "delay_ms&delay_ms", "delay_ms=1&delay%5fms=x"):
        yield refuses(f"/process?{query}", 422, "delay_ms must be given once")


def _weather() -> Iterator[Case]:
    for city in (
        "Paris", ".", "..", "...", "-", "'", " ", "St. John's", "Saint-Étienne", "São Paulo", "東京", "القاهرة",
        "Đà Lạt", "a", "x" * 80, "ß" * 80, "\U00020000" * 80, "ﬁ", "ª", "\u02b9", "none",
    ):  # fmt: skip
        yield answers(f"/weather?city={quote(city)}", weather(city), f"weather in {city}")
    yield answers("/weather?city=New+York", weather("New York"))
    yield answers("/weather?city=a'b", weather("a'b"))
    yield answers("/weather?City=1&city=Rome&c=", weather("Rome"))
    for text in (
        "", "x" * 81, "%C3%9F" * 81, "1", "Paris1", "a_b", "a,b", "a%2Fb", "/", "a/b", "%2E%2E%2F", "a%3Fb", "a%23b",
        "a%25b", "a%00", "%00", "a%0A", "%0A", "a%09b", "a%C2%A0b", "%E2%80%99", "%FF", "a%FF", "%EF%BF%BD", "%C3",
        "%ED%A0%80", "%F0%9F%8C%8D", "%E2%80%8B", "a%CC%81", "%", "%zz", "%2", "a%", "Paris%2", "(a)", "a:b", "a@b",
        "a*b", "a=b", "=", "~a", "%D9%A1", "%E2%85%A7%E2%81%B4",
    ):  # fmt: skip
        yield refuses(f"/weather?city={text}", 422, CITY)
    for query in ("", "?", "?city", "?City=Paris", "?city%00=Paris", "?%63ity", "?citY=a", "?q=Paris", "?city;=Paris"):
        yield refuses(f"/weather{query}", 422, CITY)
    for query in (
        "city=a&city=a",
        "city=1&city=2",
        "city&city",
        "city=a&x=1&city=",
        "city=a&%63ity=b",
        "&city=a&&city=b",
    ):
        yield refuses(f"/weather?{query}", 422, "city must be given once")


def _aggregated() -> Iterator[Case]:
    for path, user_id in (("1", 1), ("0", 0), ("0000007", 7), ("7999999", 7999999), ("%31%32", 12)):
        for query in ("", "?strategy=parallel", "?strategy=sequential", "?user_id=x&user_id=y", "?strategy=par%61llel"):
            yield answers(f"/aggregated-data/{path}{query}", aggregate(user_id))
    for text in NO_INTEGERS:
        if text:
            yield refuses(f"/aggregated-data/{text}", 422, USER_ID)
    for text in (".", "..", "%2E%2E", "*", ":", ";", "1;a=b", "'", "%3F", "%23", "users"):
        yield refuses(f"/aggregated-data/{text}", 422, USER_ID)
    for text in (
        "",
        "Parallel",
        "PARALLEL",
        "parallel%20",
        "+parallel",
        "parallel%00",
        "parallel%0A",
        "both",
        "%FF",
        "1",
    ):
        yield refuses(f"/aggregated-data/1?strategy={text}", 422, STRATEGY)
    yield refuses("/aggregated-data/1?strategy", 422, STRATEGY)
    yield refuses("/aggregated-data/x?strategy=both", 422, USER_ID)
    yield refuses("/aggregated-data/x?strategy=both&strategy=x", 422, "strategy must be given once")
    yield refuses("/aggregated-data/1?strategy=parallel&strategy=parallel", 422, "strategy must be given once")


def _compute() -> Iterator[Case]:
    for query, n, result in (
        ("", 10000, 450549), ("?n=1", 1, 0), ("?n=2", 2, 1), ("?n=0000003", 3, 33), ("?n=10&offload=none", 10, 364560),
        ("?n=10&offload=thread", 10, 364560), ("?offload=process&n=10", 10, 364560), ("?offload=thread", 10000, 450549),
        ("?N=x&n=1&OFFLOAD=", 1, 0),
    ):  # fmt: skip
        yield answers(f"/compute{query}", {"n": n, "result": result})
    for text in (*NO_INTEGERS, "0", "0000000", "1000001", "9999999"):
        yield refuses(f"/compute?n={text}", 422, N)
    for text in ("", "None", "threads", "thread%20", "+thread", "process%0A", "fork", "%00", "0"):
        yield refuses(f"/compute?n=1&offload={text}", 422, OFFLOAD)
    yield refuses("/compute?n=0&offload=fork", 422, N)
    yield refuses("/compute?offload=fork&n=0", 422, N)
    yield refuses("/compute?n=0&offload=fork&offload=fork", 422, "offload must be given once")
    yield refuses("/compute?offload=none&offload=none&n=1&n=1", 422, "n must be given once")


def _paths() -> Iterator[Case]:
    for path in (
        "/", "/nothing", "/Health", "/HEALTH", "/health/", "/health//", "/health%0A", "/health%00", "/health%20",
        "/health.", "/health;", "/health;a=b", "/health%2F", "/health%3F", "/health%FF", "/health/.", "/./health",
        "/x/../health", "/process/", "/process%0A", "/weather/", "/weather%0A", "/weather%0A%0A", "/weather%0D",
        "/weather/Paris", "/weather%2FParis", "/compute/", "/compute%0A", "/compute/1", "/aggregated-data",
        "/aggregated-data/", "/aggregated-data%0A", "/aggregated-data//", "/aggregated-data//5",
        "/aggregated-data/5/", "/aggregated-data/5//", "/aggregated-data/5%2F", "/aggregated-data/%2F5",
        "/%2Fhealth", "/%2F%2Fhealth", "/aggregated-data/5%2F6", "/aggregated-data/5/6", "/aggregated-data%2F%2F5",
        "/aggregated_data/5", "/docs",
        "/redoc", "/openapi.json", "/static/x", "/favicon.ico", "/%", "/%zz", "/h%65alt%", "/health%",
    ):  # fmt: skip
        yield refuses(path, 404, NO_PATH)
        yield refuses(f"{path}?city=Paris", 404, NO_PATH)
    yield answers("/%68ealth", {"status": "ok"})
    yield answers("/%77eather?city=Rome", weather("Rome"))
    yield answers("/aggregated-data%2F5", aggregate(5))
    yield answers("/aggregated%2Ddata/5", aggregate(5))


def _methods() -> Iterator[Case]:
    for method in REFUSED_METHODS:
        for path in (*PATHS, "/aggregated-data/x", "/weather?city=Paris&city=Paris", "/%68ealth"):
            yield Case(f"{method} {path}", Request(method, path), 405, problem(405, NO_METHOD))
        for path in ("/nothing", "/health/", "/weather%0A"):
            yield Case(f"{method} {path}", Request(method, path), 404, problem(404, NO_PATH))
    yield Case("POST with a body", Request("POST", "/process", b"delay_ms=1"), 405, problem(405, NO_METHOD))
    yield Case("POST with a body nowhere", Request("POST", "/nothing", b"x" * 5000), 404, problem(404, NO_PATH))


def _upstream() -> Iterator[Case]:
    for fault in (*faults("weather"), *refused(), *WRONG["weather"]):
        yield refuses(f"/weather?city={quote(fault)}", 502, FAILED, f"weather: {fault}")
    for hang in hangs("weather"):
        yield refuses(f"/weather?city={quote(hang)}", 504, LATE, f"weather: {hang}", slow=True)
    for oddity in (*oddities("weather"), *accepted()):
        yield answers(f"/weather?city={quote(oddity)}", weather(oddity), f"weather: {oddity}")
    for name, (_, temp_c) in UNUSUAL["weather"].items():
        yield answers(f"/weather?city={quote(name)}", {"city": name, "temp_c": temp_c}, f"weather: {name}")
    for strategy in ("parallel", "sequential"):
        yield from _upstream_of_aggregated(strategy)


def _upstream_of_aggregated(strategy: str) -> Iterator[Case]:
    def target(user_id: int) -> str:
        return f"/aggregated-data/{user_id}?strategy={strategy}"

    for resource in RESOURCES:
        key = {"users": "user"}.get(resource, resource)
        for fault in (*faults(resource), *WRONG[resource]):
            yield refuses(target(magic_user(resource, fault)), 502, FAILED, f"{strategy} {resource}: {fault}")
        hang = next(iter(hangs(resource)))
        yield refuses(target(magic_user(resource, hang)), 504, LATE, f"{strategy} {resource}: {hang}", slow=True)
        for oddity in oddities(resource):
            user_id = magic_user(resource, oddity)
            # The body of an oddity describes user 1.
            changed = {"user": {"id": 1, "name": USER_NAME}} if resource == "users" else {}
            yield answers(target(user_id), aggregate(user_id, **changed), f"{strategy} {resource}: {oddity}")
        for name, (_, value) in UNUSUAL[resource].items():
            user_id = magic_user(resource, name)
            yield answers(target(user_id), aggregate(user_id, **{key: value}), f"{strategy} {resource}: {name}")
    yield refuses(target(FAILS_THEN_HANGS), 502, FAILED, f"{strategy}: the first fails, the next hangs", slow=True)
    yield refuses(target(HANGS_THEN_FAILS), 504, LATE, f"{strategy}: the first hangs, the next fails", slow=True)
