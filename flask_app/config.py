"""The settings of one process, from the environment."""

import math
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

# gunicorn and uvicorn end at this exit code. After any other, gunicorn restarts the worker again and again.
BOOT_FAILURE = 3

CLIENTS = {
    "requests": "flask_app.upstream",
    "requests-per-call": "flask_app.clients.per_call",
    "urllib3": "flask_app.clients.plain_urllib3",
    "httpx": "flask_app.clients.sync_httpx",
    "aiohttp": "flask_app.coroutines.upstream",
}
"""The clients of the upstream, by name, and the module of each."""

VARIANTS = ("plain", "pydantic")
CALLS_PER_REQUEST = 3

T = TypeVar("T")

_URL = re.compile(
    r"http://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?"
)
_INTEGER = re.compile(r"[0-9]{1,7}")


def http_url(text: str) -> str:
    """`text` without a trailing slash; ValueError if it is not http://HOST[:PORT][/PREFIX]."""
    match = _URL.fullmatch(text)
    if match is None or not 1 <= int(match["port"] or 80) <= 65535:
        raise ValueError(text)
    return text.removesuffix("/")


def one_of(names: Collection[str], text: str) -> str:
    """`text`; ValueError if it is none of the names."""
    if text not in names:
        raise ValueError(text)
    return text


def seconds(text: str) -> float:
    """`text` as seconds; ValueError outside ]0, 300]."""
    value = float(text)
    if not (math.isfinite(value) and 0 < value <= 300):
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """`text` as a count; ValueError outside [1, 100000]."""
    if _INTEGER.fullmatch(text) is None or not 1 <= int(text) <= 100_000:
        raise ValueError(text)
    return int(text)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings: addresses, seconds, and counts for one process."""

    upstream_url: str
    upstream_client: str
    upstream_timeout_s: float
    max_in_flight: int
    request_threads: int
    variant: str

    @property
    def upstream_connections(self) -> int:
        """Connections in the upstream pool: one for each call of as many requests as can be in flight."""
        return CALLS_PER_REQUEST * self.max_in_flight

    @property
    def fan_out_threads(self) -> int:
        """Threads for upstream calls: enough for every request thread to make its calls in parallel."""
        return CALLS_PER_REQUEST * self.request_threads


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`, with defaults; a bad one ends the process with one line on stderr."""

    def read(name: str, default: str, parse: Callable[[str], T], allowed: str) -> T:
        text = environ.get(name, default)
        try:
            return parse(text)
        except ValueError:
            print(f"{name}={text!r}: must be {allowed}", file=sys.stderr, flush=True)
            sys.exit(BOOT_FAILURE)

    return Settings(
        upstream_url=read("UPSTREAM_URL", "http://127.0.0.1:9000", http_url, "http://HOST[:PORT][/PREFIX]"),
        upstream_client=read("UPSTREAM_CLIENT", "requests", partial(one_of, CLIENTS), f"one of {', '.join(CLIENTS)}"),
        upstream_timeout_s=read("UPSTREAM_TIMEOUT_S", "10", seconds, "a number over 0 and at most 300"),
        max_in_flight=read("MAX_IN_FLIGHT", "1000", count, "an integer from 1 to 100000"),
        request_threads=read("REQUEST_THREADS", "40", count, "an integer from 1 to 100000"),
        variant=read("VARIANT", VARIANTS[0], partial(one_of, VARIANTS), f"one of {', '.join(VARIANTS)}"),
    )
