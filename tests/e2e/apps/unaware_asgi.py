"""A FastAPI app in which each path runs into another limit, or only looks as if it did."""

import asyncio
import itertools
import os
import subprocess
import time

import httpx
import requests
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

UPSTREAM = os.environ.get("UPSTREAM_URL", "")
WAIT_S = 0.1
BURN_S = 0.005
POOL = 5

app = FastAPI(openapi_url=None, default_response_class=PlainTextResponse)
session = requests.Session()
session.trust_env = False
client = httpx.AsyncClient(trust_env=False, timeout=10.0)
lock = asyncio.Lock()
pool = asyncio.Semaphore(POOL)
numbers = itertools.count()


@app.get("/threads")
def threads() -> str:
    """Waits in one of AnyIO's threads, of which there are 40."""
    time.sleep(WAIT_S)
    return "hello"


@app.get("/blocks")
async def blocks() -> str:
    """Waits where nothing else can go on meanwhile."""
    time.sleep(WAIT_S)
    return "hello"


@app.get("/blocking-client")
async def blocking_client() -> str:
    """Calls the upstream where nothing else can go on meanwhile."""
    session.get(f"{UPSTREAM}/weather/London").raise_for_status()
    return "hello"


@app.get("/blocking-program")
async def blocking_program() -> str:
    """Waits for a program where nothing else can go on meanwhile."""
    subprocess.run(["sleep", str(WAIT_S)], check=True)
    return "hello"


@app.get("/burns")
async def burns() -> str:
    """Computes for 5 ms of CPU time, however busy the machine is."""
    burn()
    return "hello"


@app.get("/burns-in-threads")
def burns_in_threads() -> str:
    """Computes in AnyIO's threads."""
    burn()
    return "hello"


@app.get("/waits")
async def waits() -> str:
    """Waits and lets all others go on."""
    await asyncio.sleep(WAIT_S)
    return "hello"


@app.get("/at-once")
async def at_once() -> str:
    """Waits for nothing."""
    return "hello"


@app.get("/one-in-ten-at-once")
async def one_in_ten_at_once() -> str:
    """Waits for nothing, or for a while: the shortest time says nothing about the others."""
    await asyncio.sleep(0 if next(numbers) % 10 == 0 else 3 * WAIT_S)
    return "hello"


@app.get("/locked")
async def locked() -> str:
    """Waits while it holds the only lock."""
    async with lock:
        await asyncio.sleep(WAIT_S)
    return "hello"


@app.get("/pooled")
async def pooled() -> str:
    """Calls the upstream, of which there are never more than five calls at the same time."""
    async with pool:
        (await client.get(f"{UPSTREAM}/weather/London")).raise_for_status()
    return "hello"


def burn() -> None:
    """5 ms of this thread's CPU time."""
    end_s = time.thread_time() + BURN_S
    while time.thread_time() < end_s:
        pass
