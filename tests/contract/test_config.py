"""A bad setting ends the server with one line: the setting, its value and what is allowed."""

from pathlib import Path
from types import ModuleType

import pytest

import fastapi_app.config
import flask_app.config
from bench.run.host.ports import free_port

from .servers import KINDS, MORE_KINDS, STACKS, start, stop

SERVICES = (flask_app.config, fastapi_app.config)
EVERY_KIND = {**{name: STACKS[name] for name in KINDS}, **MORE_KINDS}

URL = "http://HOST[:PORT][/PREFIX]"
SECONDS = "a number over 0 and at most 300"
COUNT = "an integer from 1 to 100000"
BAD = (
    *(
        ("UPSTREAM_URL", value, URL)
        for value in (
            "", "127.0.0.1:9000", "https://127.0.0.1", "HTTP://127.0.0.1", "ftp://x", "http://", "http://:80",
            "http://a b", "http://a/b?c", "http://a/#b", "http://u@a", "http://a:0", "http://a:65536", "http://a:x",
            "http://a//b", "http://a/../b", "http://ä", "http://a\n",
        )
    ),
    *(
        ("UPSTREAM_TIMEOUT_S", value, SECONDS)
        for value in ("", "0", "-1", "300.1", "nan", "inf", "1e999", "ten", "1s")
    ),
    *(
        (name, value, COUNT)
        for name in ("MAX_IN_FLIGHT", "REQUEST_THREADS")
        for value in ("", "0", "-1", "100001", "1.0", "+1", " 1", "1_0", "\u0661", "1e3", "99999999", "9" * 5000)
    ),
)  # fmt: skip


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
@pytest.mark.parametrize(("name", "value", "allowed"), BAD)
def test_the_line_names_the_setting_its_value_and_what_is_allowed(
    service: ModuleType, name: str, value: str, allowed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        service.load_settings({name: value, "UNRELATED": "x"})
    assert ended.value.code == 3
    assert capsys.readouterr() == ("", f"{name}={value!r}: must be {allowed}\n")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
@pytest.mark.parametrize("value", ["", "foo", "Requests", "requests ", "httpx2"])
def test_the_line_for_an_unknown_client_lists_the_known_ones(
    service: ModuleType, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        service.load_settings({"UPSTREAM_CLIENT": value})
    known = {
        "flask_app.config": "requests, requests-per-call, urllib3, httpx, aiohttp",
        "fastapi_app.config": (
            "httpx, httpx-default, httpx-kept, httpx-per-call, aiohttp, aiohttp-plain, requests, requests-blocking"
        ),
    }[service.__name__]
    assert capsys.readouterr().err == f"UPSTREAM_CLIENT={value!r}: must be one of {known}\n"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
def test_the_line_for_an_unknown_variant_lists_the_known_ones(
    service: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        service.load_settings({"VARIANT": "foo"})
    known = {
        "flask_app.config": "plain, pydantic",
        "fastapi_app.config": "plain, sleep, middleware, dependency, dict, response",
    }
    assert capsys.readouterr().err == f"VARIANT='foo': must be one of {known[service.__name__]}\n"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
def test_the_line_names_the_first_of_several_bad_values_in_the_order_of_the_manual(
    service: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        service.load_settings({"REQUEST_THREADS": "x", "MAX_IN_FLIGHT": "x", "UPSTREAM_TIMEOUT_S": "x"})
    assert capsys.readouterr().err == f"UPSTREAM_TIMEOUT_S='x': must be {SECONDS}\n"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
def test_a_setting_that_is_not_given_has_its_default(service: ModuleType) -> None:
    settings = service.load_settings({})
    assert settings.upstream_url == "http://127.0.0.1:9000"
    assert settings.upstream_client == {"flask_app.config": "requests", "fastapi_app.config": "httpx"}[service.__name__]
    assert (settings.upstream_timeout_s, settings.max_in_flight, settings.request_threads) == (10.0, 1000, 40)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
def test_a_setting_that_is_given_is_used(service: ModuleType) -> None:
    environ = {
        "UPSTREAM_URL": "http://[::1]:81/a/b-1/",
        "UPSTREAM_CLIENT": "requests",
        "UPSTREAM_TIMEOUT_S": "0.5",
        "MAX_IN_FLIGHT": "100000",
        "REQUEST_THREADS": "7",
    }
    settings = service.load_settings(environ)
    assert settings.upstream_url == "http://[::1]:81/a/b-1"
    assert settings.upstream_client == "requests"
    assert settings.upstream_timeout_s == 0.5
    assert settings.upstream_connections == 300_000
    assert settings.fan_out_threads == 21


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_bad_setting_ends_the_server_with_one_line_and_no_traceback(kind: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(EVERY_KIND[kind], free_port(), {"MAX_IN_FLIGHT": "many"}, log)
    try:
        assert process.wait(20) != 0 or kind == "fastapi-two-workers"  # uvicorn's parent process ends with 0
    finally:
        stop(process)
    output = log.read_text()
    ours = [line for line in output.splitlines() if "MAX_IN_FLIGHT" in line]
    assert set(ours) == {"MAX_IN_FLIGHT='many': must be an integer from 1 to 100000"}
    # With two workers each prints the line, and gunicorn, which stops twice, adds a traceback.
    if "two-workers" not in kind:
        assert len(ours) == 1
        assert "Traceback" not in output
