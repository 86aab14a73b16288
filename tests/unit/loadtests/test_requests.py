from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.model.requests import Expect, Request
from loadtests.engine.recording import GARBLED, WRONG_BODY
from loadtests.engine.requests import contains, request_of

HOST = urlsplit("http://127.0.0.1:8000")
NAMES = ("id", "token")


def message(
    request: Request, values: Mapping[str, str] = {}, cookie: str = ""
) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """The request line, the headers and the body that are sent."""
    head, _, body = request_of(asdict(request), NAMES).message(HOST).filled(values, cookie).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    assert len(headers) == len(lines)
    return first, headers, body


def test_a_plain_get_has_no_body_and_no_length_of_one() -> None:
    first, headers, body = message(Request("look", "GET", "/orders?n=1"))
    assert (first, body) == (b"GET /orders?n=1 HTTP/1.1", b"")
    assert headers == {b"Host": b"127.0.0.1:8000", b"Accept": b"*/*"}


def test_a_request_that_has_a_connection_of_its_own_says_so() -> None:
    one = request_of(asdict(Request("look", "GET", "/")), ())
    assert b"\r\nConnection: close\r\n" in one.message(HOST, reconnects=True).filled({})
    assert b"Connection" not in one.message(HOST).filled({})


def test_all_users_share_what_is_sent_to_a_host() -> None:
    one = request_of(asdict(Request("put", "PUT", "/", body="x" * 1_000_000)), ())
    assert one.message(HOST).filled({}) is one.message(urlsplit("http://127.0.0.1:8000")).filled({})


@pytest.mark.parametrize(
    ("body", "content_type", "sent"),
    [
        ({"json": {"id": "{id}"}}, b"application/json", b'{"id":"\\u00fc"}'),
        ({"json": []}, b"application/json", b"[]"),
        ({"form": {"id": "{id}"}}, b"application/x-www-form-urlencoded", b"id=%C3%BC"),
        ({"body": "<{id}>"}, None, "<ü>".encode()),
        ({}, None, b""),
    ],
    ids=["json", "empty list", "form", "body", "none"],
)
def test_a_body_goes_with_its_length_in_bytes_and_its_content_type(
    body: dict[str, Any], content_type: bytes | None, sent: bytes
) -> None:
    first, headers, found = message(Request("buy", "POST", "/orders", **body), {"id": "ü"})
    assert (first, found) == (b"POST /orders HTTP/1.1", sent)
    assert headers[b"Content-Length"] == str(len(sent)).encode()
    assert headers.get(b"Content-Type") == content_type


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\x00{id}\xff")
    _, headers, body = message(Request("put", "PUT", "/", body_file=str(tmp_path / "body")))
    assert (body, headers[b"Content-Length"]) == (b"\x00{id}\xff", b"6")


def test_headers_of_the_table_replace_those_that_are_sent_anyway() -> None:
    own = {
        "accept": "text/html",
        "HOST": "shop.example",
        "content-type": "application/vnd.x+json",
        "X-Token": "{token}",
    }
    _, headers, _ = message(Request("buy", "POST", "/", headers=own, json=1), {"token": "t"}, cookie="a=b")
    assert headers == {
        b"HOST": b"shop.example", b"accept": b"text/html", b"content-type": b"application/vnd.x+json", b"X-Token": b"t",
        b"Cookie": b"a=b", b"Content-Length": b"1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expect", "body", "right"),
    [
        (None, b"\xff", True),
        (Expect(text="hé"), "hé".encode(), True),
        (Expect(text="hé"), b"he", False),
        (Expect(json={"a": {"b": 1}}), b'{"a": {"b": 1.0, "c": 2}, "d": 3}', True),
        (Expect(json={"a": {"b": 1}}), b'{"a": {"b": true}}', False),
        (Expect(json={"a": {"b": 1}}), b"no JSON", False),
        (Expect(regex="tot.l"), b"the total", True),
        (Expect(regex="^total"), b"the total", False),
        (Expect(regex="t"), b"\xff", False),
    ],
)
def test_a_body_is_right_or_wrong(expect: Expect | None, body: bytes, right: bool) -> None:
    request = request_of(asdict(Request("look", "GET", "/", expect=expect)), ())
    assert request.checked(200, body) == (200 if right else WRONG_BODY)
    assert request.checked(200, body) == (200 if right else WRONG_BODY)  # one that was right is remembered
    assert request.checked(404, body) == -404


def test_what_is_right_is_said_in_words() -> None:
    request = request_of(asdict(Request("look", "GET", "/", status=(200, 304), expect=Expect(json={"a": 1}))), ())
    assert request.right(-500) == "status 200 or 304"
    assert request.right(GARBLED) == "one HTTP/1.1 answer"
    assert request.right(WRONG_BODY) == 'a JSON body with {"a": 1}'
    assert request.checked(304, b"oops") == WRONG_BODY
    assert request.right(WRONG_BODY).startswith('a JSON body with {"a": 1} (the check of look: JSONDecodeError: ')


@pytest.mark.parametrize(
    ("found", "wanted", "has"),
    [
        ({"a": [1, {"b": None, "c": 1}]}, {"a": [1, {"b": None}]}, True),
        ([1, 2], [1], False),
        ([], {}, False),
        (1, True, False),
        (False, 0, False),
        ("1", 1, False),
    ],
)
def test_json_has_all_that_is_wanted(found: Any, wanted: Any, has: bool) -> None:
    assert contains(found, wanted) is has
