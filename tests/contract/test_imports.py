"""A process imports only what its settings need."""

import os
import subprocess
import sys

import pytest

from .servers import ROOT

FASTAPI = """
import asyncio
from fastapi_app.app import create_app

async def start():
    app = create_app()
    async with app.router.lifespan_context(app):
        pass

asyncio.run(start())
"""
FLASK = "from flask_app.app import create_app; create_app()"
CLIENTS = {"aiohttp", "httpx", "requests", "urllib3"}


def imported(program: str, client: str = "requests") -> set[str]:
    """The top-level modules, apart from Python's own, that a program has imported when it ends."""
    done = subprocess.run(
        (sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"),
        cwd=ROOT,
        env={**os.environ, "UPSTREAM_CLIENT": client},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = {name.split(".")[0] for name in done.stdout.split()}
    return {name for name in names if name not in sys.stdlib_module_names and not name.startswith("__")}


REQUESTS = {"requests", "urllib3"}


@pytest.mark.parametrize(
    ("client", "clients"),
    [
        ("httpx", {"httpx"}),
        ("httpx-default", {"httpx"}),
        ("httpx-kept", {"httpx"}),
        ("httpx-per-call", {"httpx"}),
        ("aiohttp", {"httpx", "aiohttp"}),
        ("aiohttp-plain", {"aiohttp"}),
        ("requests", REQUESTS),
        ("requests-blocking", REQUESTS),
    ],
)
def test_fastapi_imports_only_the_client_that_is_set(client: str, clients: set[str]) -> None:
    assert imported(FASTAPI, client) & CLIENTS == clients


@pytest.mark.parametrize(
    ("client", "clients"),
    [
        ("requests", REQUESTS),
        ("requests-per-call", REQUESTS),
        ("urllib3", {"urllib3"}),
        ("httpx", {"httpx"}),
        ("aiohttp", {"aiohttp"}),
    ],
)
def test_flask_imports_only_the_client_that_is_set(client: str, clients: set[str]) -> None:
    assert imported(FLASK, client) & CLIENTS == clients


@pytest.mark.parametrize("service", ["flask_app", "fastapi_app"])
def test_a_process_that_computes_for_a_service_imports_nothing_but_the_standard_library(service: str) -> None:
    assert imported(f"import {service}.cpu") - imported("") == {service}
