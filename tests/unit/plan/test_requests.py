from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import Scenario
from bench.model.requests import MIX, Asked, Expect, Login, Request
from bench.plan import requests
from bench.plan.config import load_config, make_plan
from bench.record import parsed

REST = """
[stacks.one]
interface = "wsgi"
argv = ["serve", "{port}"]

[profiles.quick]
stacks = ["one"]
scenarios = ["orders"]
users = [1]
warmup_s = 1
window_s = 2.0
rounds = 1

[scenarios.orders]
"""
CSV = "user,pw,id,qty\nann,s-1,17,2\nbob,s-2,42,1\n"
FEED = 'feed = { file = "rows.csv" }\n'

Read = Callable[..., Scenario]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The scenario of a table with these lines; rows.csv is beside the file."""

    def scenario(lines: str, rows: str = CSV) -> Scenario:
        (tmp_path / "rows.csv").write_text(rows, encoding="utf-8")
        (tmp_path / "mine.toml").write_text(REST + lines, encoding="utf-8")
        return make_plan(load_config([tmp_path / "mine.toml"]), "quick").scenarios["orders"]

    return scenario


def asked(scenario: Scenario) -> Asked:
    assert scenario.locustfile == MIX
    assert scenario.asked is not None
    return scenario.asked


@pytest.mark.parametrize(
    ("lines", "request_"),
    [
        ("", Request("GET /", "GET", "/")),
        ('path = "/orders"', Request("GET /orders", "GET", "/orders")),
        ('path = "/orders"\nstatus = 404', Request("GET /orders", "GET", "/orders", status=(404,))),
    ],
)
def test_a_path_alone_is_one_get(read: Read, lines: str, request_: Request) -> None:
    assert asked(read(lines)) == Asked((request_,))


def test_a_whole_table(read: Read, tmp_path: Path) -> None:
    (tmp_path / "body.bin").write_bytes(b"x")
    found = asked(
        read(
            """
            feed = { file = "rows.csv", order = "random" }
            cookies = true
            headers = { Authorization = "Bearer {token}", Accept = "a" }
            [[scenarios.orders.requests]]
            name = "buy"
            weight = 3
            method = "POST"
            path = "/orders"
            json = { id = "{id}", n = ["{qty:int}"] }
            status = [201, 200, 201]
            expect = { json = { state = "new" } }
            headers = { accept = "b" }
            [[scenarios.orders.requests]]
            method = "PUT"
            path = "/orders/{id}"
            body_file = "body.bin"
            [scenarios.orders.login]
            method = "POST"
            path = "/token"
            form = { username = "{user}" }
            take = { token = "json:access_token" }
            """
        )
    )
    auth = {"Authorization": "Bearer {token}"}
    assert found.requests == (
        Request(
            "buy", "POST", "/orders", {**auth, "accept": "b"}, json={"id": "{id}", "n": ["{qty:int}"]},
            status=(201, 200), expect=Expect(json={"state": "new"}), weight=3,
        ),
        Request(
            "PUT /orders/{id}", "PUT", "/orders/{id}", {**auth, "Accept": "a"},
            body_file=str(tmp_path / "body.bin"), body_sha256=sha256(b"x").hexdigest(),
        ),
    )  # fmt: skip
    assert found.login == Login(
        Request("login", "POST", "/token", form={"username": "{user}"}), {"token": "json:access_token"}
    )
    assert found.feed is not None
    assert (found.feed.file, found.feed.order) == (str(tmp_path / "rows.csv"), "random")
    assert found.feed.columns == ("user", "pw", "id", "qty")
    assert len(found.feed.sha256) == 64
    assert found.cookies


ONE = "requests = [{{ path = '/', {} }}]"

WRONG = {
    "an old body": ('path = "/a"\nbody = "hello"', "`body` was what the answer must be, and is now `expect.text`"),
    "a path and requests": ('path = "/a"\nrequests = [{ path = "/" }]', "give one of path, requests, locustfile, not"),
    "no request": ("requests = []", "scenarios.orders.requests: List should have at least 1 item"),
    "status of no path": ("status = 201\nrequests = [{ path = '/' }]", "`status` belongs to `path`"),
    "an unknown key": (ONE.format("methd = 'PUT'"), "scenarios.orders.requests.0.methd: unknown key; known: method, "),
    "an unknown key of expect": (
        ONE.format("expect = { txt = 'a' }"),
        "scenarios.orders.requests.0.expect.txt: unknown key; known: text, json, regex",
    ),
    "an unknown method": (ONE.format("method = 'FETCH'"), "requests.0.method: Input should be 'GET', "),
    "two bodies": (ONE.format("json = 1, body = 'a'"), "give at most one of json, form, body, body_file"),
    "nothing expected": (ONE.format("expect = {}"), "give one of text, json, regex"),
    "a broken expression": (ONE.format("expect = { regex = '(' }"), "it is no regular expression: missing )"),
    "a body of HEAD": (ONE.format("method = 'HEAD', body = 'a'"), "HEAD has no body"),
    "a length": (ONE.format("headers = { content-length = '1' }"), "the load generator writes content-length itself"),
    "a header of two lines": (ONE.format('headers = { a = "b\\r\\nc: d" }'), "requests.0.headers.a: "),
    "a weight of nothing": (ONE.format("weight = 0"), "requests.0.weight: Input should be greater than 0"),
    "a date": (ONE.format("json = 2026-01-01"), "requests.0.json: "),
    "two of one name": ("requests = [{ path = '/' }, { path = '/' }]", "two requests have the name 'GET /'"),
    "too many": (
        "requests = [" + ",".join(f"{{ path = '/{number}' }}" for number in range(101)) + "]", "there are 101"
    ),
    "no number": (ONE.format("json = inf"), "scenarios.orders.requests: inf cannot be kept in run.json"),
    "too large a number": (ONE.format("expect = { json = [1e31] }"), "1e+31 cannot be kept in run.json: write it into"),
    "too much of a body": (ONE.format(f"body = '{',' * 200_000}'"), "at most 200,000 can be kept in run.json"),
    "no such body": (ONE.format("body_file = 'gone.bin'"), "requests.0.body_file: there is no file "),
    "no such feed": ("feed = { file = 'gone.csv' }", "scenarios.orders.feed.file: "),
    "a name without a feed": (
        "path = '/{id}'",
        "'/{id}' has braces that stand for no value; there is no feed, and no login that takes a value",
    ),
    "a misspelt name": (FEED + "path = '/{idd}'", "'/{idd}' has braces that stand for no value; known: user, pw"),
    "a lone brace": (FEED + "path = '/{id}{'", "'/{id}{' has braces that stand for no value"),
    "a misspelt name in a header": (FEED + ONE.format("headers = { a = '{tken}' }"), "requests.0.headers.a: '{tken}'"),
    "a login's own value in it": (
        "path = '/'\nlogin = { path = '/{token}', take = { token = 'json:t' } }", "login.path: '/{token}' has braces"
    ),
    "a taken name of a column": (
        FEED + "path = '/'\nlogin = { path = '/', take = { id = 'json:t' } }", "the feed has a column of that name"
    ),
    "an unknown way to take": (
        "path = '/'\nlogin = { path = '/', take = { t = 'xpath:t' } }", "scenarios.orders.login.take.t: "
    ),
    "a text for a number": (
        FEED + ONE.format("json = '{user:int}'"), "requests.0.json: 'ann' in row 1 of the feed cannot stand for"
    ),
    "a value in expect": (
        "feed = { file = 'rows.csv' }\nrequests = [{ path = '/', expect = { json = { a = ['{id}'] } } }]",
        "requests.0.expect: no value is put in the place of '{id}' there",
    ),
    "a locustfile with headers": (
        f"locustfile = '{Path('loadtests/weather.py').resolve()}'\nheaders = {{ a = 'b' }}",
        "a locustfile sends its own requests, and headers is for `requests`",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_a_table_is_said_with_its_place(read: Read, lines: str, words: str) -> None:
    with pytest.raises(BenchError) as caught:
        read(lines)
    assert words in str(caught.value)
    assert "scenarios.orders" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "a CSV file with a line of names"),
        ("id\n", "has no line of values"),
        ("id,id\n1,2\n", "has a column 'id'"),
        ("a b\n1\n", "has a column 'a b'"),
        ("id,n\n1,2\n3\n", "has 1 values in row 2, and 2 columns"),
        ('id\n"1\n', "cannot be read"),
    ],
)
def test_a_feed_that_cannot_be_used_is_refused(read: Read, rows: str, words: str) -> None:
    with pytest.raises(BenchError, match=r"scenarios\.orders\.feed\.file: .*rows\.csv") as caught:
        read(FEED + "path = '/'", rows)
    assert words in str(caught.value)


def test_what_a_plan_takes_for_a_number_can_be_read_from_run_json() -> None:
    assert requests.LARGEST == parsed.LARGEST


def test_a_scenario_says_whether_connections_are_used_again(read: Read) -> None:
    assert read("").connection == "keep-alive"
    assert read('connection = "close"').connection == "close"
    with pytest.raises(BenchError, match=r"connection: Input should be 'keep-alive' or 'close', not 'closed'"):
        read('connection = "closed"')


def test_braces_in_bodies_are_literal_unless_they_name_a_value(read: Read) -> None:
    found = asked(read(FEED + ONE.format("method = 'POST', body = '{other} {'")))
    assert found.requests[0].body == "{other} {"
