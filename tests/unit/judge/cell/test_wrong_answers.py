from dataclasses import replace

import pytest

from bench.judge.cell.figures import ERROR_NAMES, WRONG_BODY, error_name
from bench.judge.cell.wrong_answers import described
from bench.model.wrong_answer import WrongAnswer

PLAIN = ("Content-Type: text/plain", "Content-Length: 4")
BODY = WrongAnswer(error_name(WRONG_BODY), 200, PLAIN, "oops", 4, "a body of 5 bytes: hello")
STATUS = WrongAnswer("status 502", 502, PLAIN, "oops", 4, "status 200")
ENCODED = (
    "the body is encoded (Content-Encoding: br), and the load generator decodes gzip and deflate only: "
    "switch compression off in the service"
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            BODY,
            "wrong body: expected a body of 5 bytes: hello, status 200, "
            "headers Content-Type: text/plain; Content-Length: 4, body of 4 bytes: oops",
        ),
        (
            STATUS,
            "status 502: expected status 200, headers Content-Type: text/plain; Content-Length: 4, "
            "body of 4 bytes: oops",
        ),
        (replace(STATUS, headers=(), body="", body_bytes=0), "status 502: expected status 200, no body"),
        (
            WrongAnswer(ERROR_NAMES[-4], None, (), r"\x00 nonsense", 10, "one HTTP/1.1 answer"),
            r"garbled answer: expected one HTTP/1.1 answer, body of 10 bytes: \x00 nonsense",
        ),
    ],
)
def test_a_wrong_answer_is_told_with_what_was_expected_and_what_came(answer: WrongAnswer, words: str) -> None:
    assert described(answer) == words


@pytest.mark.parametrize("header", ["Content-Encoding: br", "content-encoding:br", "CONTENT-ENCODING:  br "])
def test_a_wrong_body_that_is_encoded_is_said_to_be(header: str) -> None:
    assert described(replace(BODY, headers=(*PLAIN, header))).endswith(f"oops, {ENCODED}")


@pytest.mark.parametrize(
    "answer",
    [
        replace(BODY, headers=("Content-Encoding: identity",)),
        replace(BODY, headers=("Content-Encoding:",)),
        replace(BODY, headers=("X-Content-Encoding: br", "Vary: Content-Encoding")),
        replace(BODY, headers=("Content-Encoding: gzip",)),
        replace(STATUS, headers=("Content-Encoding: gzip",)),
    ],
)
def test_an_encoding_is_no_reason_where_there_is_none_or_the_status_is_wrong(answer: WrongAnswer) -> None:
    assert "the body is encoded" not in described(answer)
