"""A FastAPI app in which each path runs into another limit."""

import os
import time

import requests
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

UPSTREAM = os.environ.get("UPSTREAM_URL", "")
WAIT_S = 0.1
BURN_S = 0.005

app = FastAPI(openapi_url=None, default_response_class=PlainTextResponse)
session = requests.Session()
session.trust_env = False


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


@app.get("/burns")
async def burns() -> str:
    """Computes for 5 ms of CPU time, however busy the machine is."""
    end_s = time.thread_time() + BURN_S
    while time.thread_time() < end_s:
        pass
    return "hello"
