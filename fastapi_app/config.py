"""The settings of one process, from the environment."""

import re
import sys
from collections.abc import Collection, Mapping
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

# gunicorn and uvicorn end at this exit code. After any other, gunicorn restarts the worker again and again.
BOOT_FAILURE = 3

CLIENTS = {
    "httpx": "fastapi_app.upstream",
    "httpx-default": "fastapi_app.upstream",
    "httpx-kept": "fastapi_app.upstream",
    "httpx-per-call": "fastapi_app.clients.per_call",
    "aiohttp": "fastapi_app.upstream",
    "aiohttp-plain": "fastapi_app.clients.plain_aiohttp",
    "requests": "fastapi_app.threads.upstream",
    "requests-blocking": "fastapi_app.clients.blocking",
}
"""The clients of the upstream, by name, and the module of each."""

VARIANTS = ("plain", "sleep", "middleware", "dependency", "dict", "response")
CALLS_PER_REQUEST = 3

# Less than the 75 s after which a server may close an idle connection.
KEEPALIVE_S = 60

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
    """`text` as seconds; ValueError if it is not a number."""
    return float(text)


def count(text: str) -> int:
    """`text` as a count; ValueError if it is not one to seven ASCII digits."""
    if _INTEGER.fullmatch(text) is None:
        raise ValueError(text)
    return int(text)


HttpUrl = Annotated[str, AfterValidator(http_url)]
Client = Annotated[str, AfterValidator(partial(one_of, CLIENTS))]
Variant = Annotated[str, AfterValidator(partial(one_of, VARIANTS))]
Seconds = Annotated[float, BeforeValidator(seconds), Field(gt=0, le=300, allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(count), Field(ge=1, le=100_000)]


class Settings(BaseModel):
    """The settings: addresses, seconds, and counts for one process.

    A field's alias names its environment variable; its description says what is allowed.
    """

    model_config = ConfigDict(frozen=True)

    upstream_url: HttpUrl = Field(
        default="http://127.0.0.1:9000", alias="UPSTREAM_URL", description="http://HOST[:PORT][/PREFIX]"
    )
    upstream_client: Client = Field(
        default="httpx", alias="UPSTREAM_CLIENT", description=f"one of {', '.join(CLIENTS)}"
    )
    upstream_timeout_s: Seconds = Field(
        default=10.0, alias="UPSTREAM_TIMEOUT_S", description="a number over 0 and at most 300"
    )
    max_in_flight: Count = Field(default=1000, alias="MAX_IN_FLIGHT", description="an integer from 1 to 100000")
    request_threads: Count = Field(default=40, alias="REQUEST_THREADS", description="an integer from 1 to 100000")
    variant: Variant = Field(default=VARIANTS[0], alias="VARIANT", description=f"one of {', '.join(VARIANTS)}")

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
    try:
        return Settings.model_validate(environ)
    except ValidationError as error:
        name = error.errors()[0]["loc"][0]
        allowed = next(field.description for field in Settings.model_fields.values() if field.alias == name)
        print(f"{name}={environ[str(name)]!r}: must be {allowed}", file=sys.stderr, flush=True)
        sys.exit(BOOT_FAILURE)
