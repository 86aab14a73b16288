import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.model.requests import Request
from loadtests.engine.answers import headers
from loadtests.engine.draws import Draws, Jar, Rows, taken
from loadtests.engine.requests import request_of

CSV = "\ufeffid,qty\n17,2\n42,1\n\n5,9\n"
HEAD = (
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nSET-COOKIE: a=1; Path=/\r\nSet-Cookie: b=2\r\nX-Id: 7\r\n\r\n"
)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(CSV, encoding="utf-8")
    return tmp_path / "rows.csv"


def ids(rows: Rows, count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return [rows.next(chance)["id"] for _ in range(count)]


def mix(*weights: float) -> Sequence[object]:
    return [
        request_of(asdict(Request(str(place), "GET", "/", weight=weight)), (), place)
        for place, weight in enumerate(weights)
    ]


def drawn(seed: str, count: int, *weights: float) -> list[str]:
    draws = Draws(mix(*weights), None, seed)  # type: ignore[arg-type]
    return [draws.next()[0].name for _ in range(count)]


def test_rows_are_taken_in_their_order_again_and_again(feed: Path) -> None:
    assert ids(Rows(feed, shuffled=False), 7) == ["17", "42", "5", "17", "42", "5", "17"]


def test_rows_are_drawn_by_the_seed_and_all_of_them(feed: Path) -> None:
    first, again, other = (ids(Rows(feed, shuffled=True), 60, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert set(first) == {"17", "42", "5"}


def test_a_user_has_the_same_row_at_each_login(feed: Path) -> None:
    rows = Rows(feed, shuffled=True)
    assert [rows.of(number)["id"] for number in (0, 1, 2, 3, 0)] == ["17", "42", "5", "17", "17"]


def test_a_mix_is_drawn_by_its_weights_and_its_seed() -> None:
    names = drawn("1/0", 4000, 3, 1)
    assert names == drawn("1/0", 4000, 3, 1) != drawn("1/1", 4000, 3, 1)
    assert Counter(names)["0"] == pytest.approx(3000, abs=5 * (4000 * 0.75 * 0.25) ** 0.5)


def test_what_is_drawn_does_not_depend_on_how_many_rows_there_are() -> None:
    assert set(drawn("1/0", 100, 1e-9, 1)) == {"1"}


def test_headers_are_those_of_the_answer_after_the_interim_ones() -> None:
    assert headers(HEAD + b"Set-Cookie: not=a header", "set-cookie") == ["a=1; Path=/", "b=2"]
    assert headers(HEAD, "link") == []
    assert headers(b"garbled", "link") == []


def test_cookies_are_sent_back_until_they_expire() -> None:
    jar = Jar()
    assert jar.header() == ""
    jar.keep(HEAD)
    assert jar.header() == "a=1; b=2"
    jar.keep(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=3\r\nSet-Cookie: b=; Max-Age=0\r\nSet-Cookie: odd\r\n\r\n")
    assert jar.header() == "a=3"


def test_values_are_taken_from_json_headers_and_by_an_expression() -> None:
    body = b'{"user": {"ids": [7, 8], "ok": true}, "token": "t-\\u00fc"}'
    places = {
        "token": "json:token", "id": "json:user.ids.1", "ok": "json:user.ok", "header": "header:x-ID",
        "first": r"regex:ids.: \[(\d)", "whole": "regex:us.r",
    }  # fmt: skip
    assert taken(places, HEAD, body) == {
        "token": "t-ü", "id": "8", "ok": "true", "header": "7", "first": "7", "whole": "user",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("json:token", b"{}"), ("json:a.b", b'{"a": 1}'), ("json:a", b'{"a": {}}'), ("json:0", b"[]"),
        ("json:a", b"no JSON"), ("header:X-Token", b""), ("regex:token", b"none"), ("regex:t", b"\xff"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_there_is_told_with_where_it_should_be(where: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=f"the answer has no token at {where}"):
        taken({"token": where}, HEAD, body)
