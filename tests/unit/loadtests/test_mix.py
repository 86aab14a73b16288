"""A mix of requests, in Locust: what a server is sent, and what is recorded of it."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.model.requests import Asked, Expect, Feed, Login, Request
from loadtests.engine.arrivals import Closed, Open

from .in_locust import measured

USERS = 4
CSV = "user,pw,id,qty\nann,s-1,17,2\nbob,s-2,42,1\n"
LOGIN = Login(
    Request("login", "POST", "/token", form={"username": "{user}", "password": "{pw}"}), {"token": "json:access_token"}
)
AUTH = {"Authorization": "Bearer {token}"}
BUY = Request(
    "buy", "POST", "/orders", headers=AUTH, json={"id": "{id}", "qty": "{qty:int}"}, status=(201,),
    expect=Expect(json={"state": "new"}), weight=3,
)  # fmt: skip
LOOK = Request("look", "GET", "/orders/{id}", headers=AUTH, expect=Expect(regex="total"))


@dataclass
class Shop:
    """What a shop was sent: logins, and method, path, cookie and body of each request with a token."""

    logins: list[str] = field(default_factory=list)
    requests: list[tuple[str, str, str, Any]] = field(default_factory=list)
    refuses: bool = False
    token: str = "t-"


@contextmanager
def shop() -> Iterator[tuple[str, Shop]]:
    """The address of a shop, and what it was sent."""
    seen = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/token":
                seen.logins.append(body.decode())
                self.send(
                    401 if seen.refuses else 200, {"access_token": f"{seen.token}{len(seen.logins)}"}, "session=s"
                )
                return
            if not self.headers.get("Authorization", "").startswith("Bearer t-"):
                self.send(401, {})
                return
            given = json.loads(body) if body[:1] == b"{" else len(body)
            seen.requests.append((self.command, self.path, self.headers.get("Cookie", ""), given))
            self.send(201 if self.command == "POST" else 200, {"state": "new", "total": 3})

        def send(self, status: int, value: Any, cookie: str = "") -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")

        do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    (tmp_path / "rows.csv").write_text(CSV, encoding="utf-8")
    feed = Feed(str(tmp_path / "rows.csv"), "sequential", ("user", "pw", "id", "qty"), "")
    return Asked((BUY, LOOK), feed, LOGIN, cookies=True)


@pytest.mark.parametrize(
    "load",
    [Closed(users=USERS), Open(rate_rps=100.0, arrivals="fixed", max_in_flight=50, seed=1)],
    ids=["closed", "open"],
)
def test_each_user_logs_in_once_and_sends_the_mix_with_its_token_its_cookie_and_the_rows(
    tmp_path: Path, asked: Asked, load: Closed | Open
) -> None:
    with shop() as (url, seen):
        ran = measured(tmp_path, url, load, asked=asked)
    rows = ["username=ann&password=s-1", "username=bob&password=s-2"]
    assert sorted(seen.logins) == (sorted(rows * 2) if isinstance(load, Closed) else rows[:1])
    assert len(ran.raw["status"]) == len(seen.requests) > 30
    assert [set(ran.raw["status"][ran.raw["route"] == route].tolist()) for route in (0, 1)] == [{201}, {200}]
    sent = Counter((method, path) for method, path, _, _ in seen.requests)
    assert sent["POST", "/orders"] == int((ran.raw["route"] == 0).sum())
    assert {path for _, path in sent} == {"/orders", "/orders/17", "/orders/42"}
    share = np.mean(ran.raw["route"] == 0)
    assert abs(share - 0.75) < 5 * (0.75 * 0.25 / len(seen.requests)) ** 0.5
    assert {cookie for _, _, cookie, _ in seen.requests} == {"session=s"}
    bodies = [given for method, _, _, given in seen.requests if method == "POST"]
    assert {(one["id"], one["qty"]) for one in bodies} == {("17", 2), ("42", 1)}


def test_a_login_that_fails_ends_the_run_with_what_was_answered(tmp_path: Path, asked: Asked) -> None:
    with shop() as (url, seen):
        seen.refuses = True
        with pytest.raises(AssertionError) as failed:
            measured(tmp_path, url, Closed(users=USERS), asked=asked)
    assert "the login failed: POST login: status 401 instead of status 200: " in str(failed.value)
    assert "Traceback" not in str(failed.value)


def test_a_token_that_no_header_can_hold_ends_the_run_before_the_load(tmp_path: Path, asked: Asked) -> None:
    with shop() as (url, seen):
        seen.token = "t-\n"
        with pytest.raises(AssertionError) as failed:
            measured(tmp_path, url, Closed(users=USERS), asked=asked)
    assert "the login failed: POST login: 't-\\n" in str(failed.value)
    assert "cannot stand in a header" in str(failed.value)
    assert seen.requests == []


def test_an_answer_without_a_body_whose_head_gives_its_length_is_read(tmp_path: Path) -> None:
    head = Asked((Request("head", "HEAD", "/orders/1", headers={"Authorization": "Bearer t-"}),))
    with shop() as (url, _):
        ran = measured(tmp_path, url, Closed(users=2), window_s=0.4, window_limit_s=0.4, asked=head)
    assert set(ran.raw["status"].tolist()) == {200}
    assert set(ran.raw["bytes"].tolist()) == {0}
    assert ran.raw["new_connection"].sum() == 2


def test_every_method_is_sent_with_its_body_and_a_body_may_have_ten_megabytes(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"x" * 10_000_000)
    auth = {"Authorization": "Bearer t-"}
    requests = (
        Request("put", "PUT", "/large", headers=auth, body_file=str(tmp_path / "body")),
        Request("patch", "PATCH", "/some", headers=auth, form={"a": "b"}),
        Request("delete", "DELETE", "/all", headers=auth),
    )
    with shop() as (url, seen):
        ran = measured(tmp_path, url, Closed(users=2), window_s=1.5, window_limit_s=1.5, asked=Asked(requests))
    assert {one[:2] + one[3:] for one in seen.requests} == {
        ("PUT", "/large", 10_000_000), ("PATCH", "/some", 3), ("DELETE", "/all", 0),
    }  # fmt: skip
    assert set(ran.raw["status"].tolist()) == {200}
    assert set(ran.raw["route"].tolist()) == {0, 1, 2}
