import gzip
import zlib

import pytest

from loadtests.engine.answers import decoded

BODY = b'{"text": "hello"}'


def received(encoding: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("X-GZIP", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
    ],
)
def test_a_compressed_body_is_checked_as_it_was(encoding: str, body: bytes) -> None:
    assert decoded(received(encoding), body) == BODY


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY, mtime=0)[:2] + b"damaged"),
        ("gzip", b"xyz"),
        ("gzip", b""),
        ("gzip", BODY),
    ],
)
def test_any_other_body_and_a_damaged_one_stay_as_they_came(encoding: str, body: bytes) -> None:
    assert decoded(received(encoding), body) == body
