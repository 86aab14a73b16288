import gzip
import json
from pathlib import Path

import pytest

from loadtests.engine.arrivals import Closed
from loadtests.engine.recording import DROPPED, GARBLED, LOST, NO_CONNECTION, NO_PORT, TIMED_OUT, UNSENT, WRONG_BODY
from loadtests.engine.wrong_answers import BODY_BYTES, HEADER_BYTES, HEADERS, KINDS, WrongAnswers, readable

from .in_locust import measured
from .scripted import answers, both, serving

HEAD = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\n"


def kept(wrong: WrongAnswers) -> list[tuple[int, int]]:
    return list(wrong.kept)


def test_the_first_answer_of_each_kind_is_kept_for_each_measurement() -> None:
    wrong = WrongAnswers()
    for measurement in (0, 1):
        for code in (-502, -404, WRONG_BODY, GARBLED):
            assert wrong.wants(measurement, code)
            wrong.keep(measurement, code, abs(code), HEAD, b"oops", "status 200")
            assert not wrong.wants(measurement, code)
    assert kept(wrong) == [(number, code) for number in (0, 1) for code in (-502, -404, WRONG_BODY, GARBLED)]


@pytest.mark.parametrize("code", [NO_CONNECTION, TIMED_OUT, LOST, DROPPED, UNSENT, NO_PORT])
def test_a_request_without_an_answer_leaves_nothing_to_keep(code: int) -> None:
    assert not WrongAnswers().wants(0, code)


def test_a_service_with_many_statuses_does_not_fill_the_memory() -> None:
    wrong = WrongAnswers()
    for status in range(300, 600):
        if wrong.wants(0, -status):
            wrong.keep(0, -status, status, HEAD, b"", "status 200")
    assert len(wrong.kept) == KINDS
    assert wrong.wants(1, -502)  # the other side of an A/B has its own


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"])
def test_an_answer_is_written_with_its_status_its_headers_and_what_was_expected(before: bytes, tmp_path: Path) -> None:
    wrong = WrongAnswers()
    wrong.keep(1, -502, 502, before + HEAD + b"oops", b"oops", "status 200")
    wrong.write(tmp_path / "wrong.json")
    assert json.loads((tmp_path / "wrong.json").read_text()) == [
        {
            "measurement": 1,
            "code": -502,
            "status": 502,
            "headers": ["Content-Type: text/plain", "Content-Length: 4"],
            "body": "oops",
            "body_bytes": 4,
            "expected": "status 200",
        }
    ]


def test_of_what_is_no_http_all_that_came_is_the_body() -> None:
    wrong = WrongAnswers()
    wrong.keep(0, GARBLED, GARBLED, b"\x00\xff nonsense\r\n", b"", "one HTTP/1.1 answer")
    (one,) = wrong.kept.values()
    assert (one["status"], one["headers"], one["body"], one["body_bytes"]) == (None, [], r"\x00\xff nonsense\r\n", 13)


def test_only_the_begin_of_a_long_answer_is_kept() -> None:
    wrong = WrongAnswers()
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"H%d: %b\r\n" % (number, b"v" * 1000) for number in range(100))
    wrong.keep(0, WRONG_BODY, 200, head + b"\r\n", b"x" * 10_000, "")
    (one,) = wrong.kept.values()
    assert (one["body"], one["body_bytes"]) == ("x" * BODY_BYTES, 10_000)
    assert len(one["headers"]) == HEADERS
    assert {len(line) for line in one["headers"]} == {HEADER_BYTES}


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b'{"a": 1}\n', '{"a": 1}\\n'),
        (b"\x1b[31mred", "\\x1b[31mred"),
        ("caf\u00e9 \u202e".encode(), "caf\u00e9 \\u202e"),
        (b"\x1f\x8b\x08\x00", "\\x1f\\x8b\\x08\\x00"),
        ("\u6771".encode()[:2], "\\xe6\\x9d"),
    ],
)
def test_bytes_become_text_that_can_command_nothing(data: bytes, shown: str) -> None:
    assert readable(data) == shown
    assert readable(data).isprintable()


def test_a_measured_run_leaves_the_first_wrong_answer_of_each_kind_beside_its_samples(tmp_path: Path) -> None:
    body = gzip.compress(b"other")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    turn = both(
        answers(head + body, pause_s=0.01), answers(HEAD + b"oops", pause_s=0.01), answers(b"\x01 no HTTP\r\n\r\n")
    )
    with serving(*[turn] * 100) as (port, _):
        ran = measured(tmp_path, f"http://127.0.0.1:{port}", Closed(users=1), window_s=0.3, window_limit_s=0.3)
    assert set(ran.raw["status"].tolist()) == {WRONG_BODY, -502, GARBLED}
    found = {one["code"]: one for one in json.loads((tmp_path / "requests.json").read_text())}
    assert found.keys() == {WRONG_BODY, -502, GARBLED}
    assert found[WRONG_BODY]["status"] == 200
    assert "Content-Encoding: gzip" in found[WRONG_BODY]["headers"]
    assert (found[WRONG_BODY]["expected"], found[WRONG_BODY]["body"]) == ("a body of 5 bytes: hello", "other")
    assert found[-502]["expected"] == "status 200"
    assert found[GARBLED]["body"].startswith(r"\x01 no HTTP")
