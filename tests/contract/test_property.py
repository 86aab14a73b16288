"""All servers give the same answer to every request within the contract.

CONTRACT_EXAMPLES=20000 sends that many requests instead of 1000.
"""

import os
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .cases import NO_INTEGERS, PATHS, REFUSED_METHODS
from .client import Answer, Connection, Request
from .servers import REFERENCE
from .test_contract import ask_all, sizes_agree, sorted_keys
from .upstream import RESOURCES, UNUSUAL, WRONG, accepted, faults, magic_user, oddities, refused

T = TypeVar("T")

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "1000"))
LONGEST_TARGET = 4000
LEGAL = "abcXYZ019-._~!$&'()*+,;=:@/?"

# What a path or a query may contain: legal characters, encoded bytes of every kind, and broken encodings.
legal = st.text(LEGAL, max_size=8)
encoded_byte = st.integers(0, 255).map(lambda byte: f"%{byte:02X}") | st.integers(0, 255).map(
    lambda byte: f"%{byte:02x}"
)
encoded_text = st.text(st.characters(codec="utf-8"), max_size=8).map(lambda text: quote(text, safe=""))
broken = st.sampled_from(
    ["%", "%%", "%2", "%zz", "%C3", "%ED%A0%80", "%F4%90%80%80", "%C0%AF", "%00", "%0A", "%0D%0A", "%20"]
)
odd = st.one_of(legal, encoded_byte, encoded_text, broken)


@st.composite
def recoded(draw: st.DrawFn, text: st.SearchStrategy[str]) -> str:
    """The same text with some of its characters percent-encoded."""
    plain = draw(text)
    chosen = draw(st.sets(st.integers(0, max(0, len(plain) - 1)), max_size=3))
    return "".join(
        quote(char, safe="") if index not in chosen or ord(char) > 127 else f"%{ord(char):02X}"
        for index, char in enumerate(plain)
    )


@st.composite
def nearly(draw: st.DrawFn, text: st.SearchStrategy[str]) -> str:
    """The same text with something odd before, after or within it."""
    plain = draw(text)
    at = draw(st.sampled_from([0, len(plain), len(plain) // 2]))
    return plain[:at] + draw(odd) + plain[at:]


# one_of drops duplicates, so it cannot give one strategy more weight.
def weighted(*choices: tuple[int, st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """One of the strategies, chosen by weight."""
    return st.sampled_from([choice for weight, choice in choices for _ in range(weight)]).flatmap(lambda choice: choice)


def mostly(good: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mostly good texts, then near misses, then anything."""
    return weighted((5, good), (1, recoded(good)), (2, nearly(good)), (1, odd))


def integers(low: int, high: int) -> st.SearchStrategy[str]:
    inside = st.integers(low, high).map(str)
    padded = st.tuples(st.integers(low, high), st.integers(1, 8)).map(lambda pair: str(pair[0]).zfill(pair[1]))
    return weighted((4, mostly(inside)), (1, padded), (1, st.sampled_from(NO_INTEGERS)))


letters = st.text(st.characters(categories=["L"]) | st.sampled_from(" .'-"), min_size=1, max_size=12)
long_letters = st.tuples(st.characters(categories=["L"]), st.integers(78, 82)).map(lambda pair: pair[0] * pair[1])
replies = st.sampled_from(
    [*faults("weather"), *oddities("weather"), *refused(), *accepted(), *WRONG["weather"], *UNUSUAL["weather"]]
)
names = weighted((3, letters), (1, long_letters), (3, replies))
cities = mostly(names.map(lambda city: quote(city, safe="")))

magic_users = st.sampled_from(
    [
        magic_user(resource, name)
        for resource in RESOURCES
        for name in (*faults(resource), *oddities(resource), *WRONG[resource], *UNUSUAL[resource])
        if name != "hesitant"
    ]
)
user_ids = weighted((2, integers(0, 7_999_999)), (1, magic_users.map(str)))

# Delays and steps are small, which keeps the tests quick, or beyond a limit.
delays = integers(0, 3) | st.sampled_from(["10001", "9999999"])
steps = integers(1, 300) | st.sampled_from(["0", "1000001", "9999999"])

VALUES: dict[str, st.SearchStrategy[str]] = {
    "delay_ms": delays,
    "city": cities,
    "strategy": mostly(st.sampled_from(["parallel", "sequential", "Parallel", ""])),
    "n": steps,
    "offload": mostly(st.sampled_from(["none", "thread", "thread", "None", ""])),
}
PARAMETERS = {
    "/health": (),
    "/process": ("delay_ms",),
    "/weather": ("city",),
    "/aggregated-data/1": ("strategy",),
    "/compute": ("n", "offload"),
}


@st.composite
def queries(draw: st.DrawFn, path: str) -> str:
    """A query string: each parameter of the path once, or seldom not at all or twice, and others, in any order."""
    pairs: list[str] = []
    for name in PARAMETERS[path]:
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 1, 1, 1, 0, 2]))):
            key = draw(weighted((8, st.just(name)), (1, recoded(st.just(name))), (1, nearly(st.just(name)))))
            pairs.append(f"{key}={draw(VALUES[name])}")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        key = draw(odd | st.sampled_from([*VALUES, *(f"{name}[]" for name in VALUES), "user_id"]))
        pairs.append(key + draw(st.sampled_from(["", "=", "=="])) + draw(odd))
    text = draw(st.sampled_from(["&", "&", "&", "&&", ";"])).join(draw(st.permutations(pairs)))
    if path == "/process" and "delay_ms" not in text:
        return text + "&delay_ms=1"
    return text if not text else draw(st.sampled_from(["", "", "", "&", "?"])) + text


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request to a known path, or to one that differs a little."""
    known = draw(st.sampled_from(PATHS))
    path = known
    if known == "/aggregated-data/1":
        path = f"/aggregated-data/{draw(user_ids)}"
    path = draw(weighted((10, st.just(path)), (1, recoded_path(path)), (2, nearly_path(path))))
    query = draw(queries(known))
    target = path + (f"?{query}" if query or draw(st.booleans()) else "")
    method = draw(st.sampled_from(["GET"] * 30 + ["HEAD"] * 6 + list(REFUSED_METHODS)))
    body = draw(st.sampled_from([None] * 8 + [b"", b"city=Paris", b"{}"]))
    return Request(method, target[:LONGEST_TARGET], body)


def recoded_path(path: str) -> st.SearchStrategy[str]:
    return recoded(st.just(path[1:])).map(lambda rest: "/" + rest.replace("%25", "%"))


@st.composite
def nearly_path(draw: st.DrawFn, path: str) -> str:
    """A path that differs a little."""
    at = draw(st.integers(1, len(path)))
    addition = draw(st.one_of(st.sampled_from(["/", "//", "/.", "/..", "%0A", "%2F", "%00", "%20", ";", "."]), odd))
    changed = path[:at] + addition.replace("?", "%3F") + path[at:]
    return draw(st.sampled_from([changed, path.upper(), path[:-1] or "/", path + path, path[: at + 1]]))


def beyond_the_contract(target: str) -> bool:
    """Whether the target begins with two slashes, which the servers answer before the services can."""
    return target[1:2] == "/"


@pytest.fixture(scope="module")
def asked() -> Iterator[list[int]]:
    counter = [0]
    yield counter
    assert counter[0] >= EXAMPLES
    print(f"\n{counter[0]} requests, each to every server; all agreed")


@pytest.mark.slow
@given(request=requests().filter(lambda request: not beyond_the_contract(request.target)))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_all_servers_agree_on_every_request(
    request: Request, connections: dict[str, Connection], asked: list[int]
) -> None:
    asked[0] += 1
    answers = ask_all(connections, request)
    expected = answers[REFERENCE]
    event(f"status {expected.status}")
    assert {name: summary(answer) for name, answer in answers.items()} == dict.fromkeys(answers, summary(expected))
    assert sizes_agree(answers), {name: answer.length for name, answer in answers.items()}
    assert expected.status in {200, 404, 405, 422, 502}, expected


def summary(answer: Answer) -> tuple[object, ...]:
    """Everything that must agree, in a form that tells 1 from 1.0."""
    return answer.status, answer.content_type, answer.allow, answer.location, repr(sorted_keys(answer.parsed))
