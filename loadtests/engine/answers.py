"""What the first bytes of an answer say of it: its headers, and how its body is compressed."""

import zlib
from collections.abc import Iterator

ENCODED = b"\x1f\x78"
"""How bodies in gzip and in zlib's format (deflate) begin."""

LARGEST_BYTES = 100_000_000
"""No body is decoded beyond this."""


def decoded(received: bytes, body: bytes) -> bytes:
    """The body before the service compressed it by gzip or deflate; any other, and a damaged one, as it came."""
    if body[:1] not in ENCODED or not body:
        return body
    if {one.lower() for one in headers(received, "content-encoding")} & {"gzip", "x-gzip", "deflate"}:
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either format, by its begin
        try:
            return decoder.decompress(body, LARGEST_BYTES)
        except zlib.error:
            return body
    return body


def headers(received: bytes, name: str) -> list[str]:
    """The values of the headers of that name in the head of the last answer that begins in `received`."""
    found: list[str] = []
    for head in _heads(received):
        found = [
            value.strip().decode("latin-1")
            for key, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
            if key.strip().lower() == name.encode()
        ]
    return found


def _heads(received: bytes) -> Iterator[bytes]:
    """The heads of the interim answers, and of the answer after them."""
    rest = received
    while rest.startswith(b"HTTP/"):
        head, _, rest = rest.partition(b"\r\n\r\n")
        yield head
