"""The command line: `UPSTREAM_TOKEN=secret python -m upstream --port 9000 --control-port 9001`."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from contextlib import suppress

from upstream.delays import Delay, parse_delay
from upstream.server import DEFAULT_DELAYS, serve


def _delay(text: str) -> tuple[str, Delay]:
    route, _, delay = text.partition("=")
    if route not in DEFAULT_DELAYS:
        raise argparse.ArgumentTypeError(f"{text!r} names no route: the routes are {', '.join(DEFAULT_DELAYS)}")
    try:
        return route, parse_delay(delay)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _serve_until_stopped(arguments: argparse.Namespace, token: str) -> None:
    serving = asyncio.ensure_future(
        serve(arguments.host, arguments.port, arguments.control_port, token, arguments.seed, dict(arguments.delay))
    )
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


def main(argv: list[str] | None = None) -> int:
    """0 after a signal; 1 if a port is taken; argparse exits with 2 for bad arguments."""
    parser = argparse.ArgumentParser(prog="python -m upstream", description=__doc__, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--control-port", type=int, default=9001)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--delay",
        type=_delay,
        action="append",
        default=[],
        metavar="ROUTE=DELAY",
        help="seconds (weather=0.1) or lognormal:MEDIAN_S:SIGMA (weather=lognormal:0.1:0.5); may be repeated",
    )
    arguments = parser.parse_args(argv)
    token = os.environ.get("UPSTREAM_TOKEN", "")
    if not token:
        parser.error("set the environment variable UPSTREAM_TOKEN to the token for the control port")
    gc.freeze()  # none of this is garbage, and a full collection during a run would delay answers
    try:
        asyncio.run(_serve_until_stopped(arguments, token))
    except OSError as error:
        print(f"upstream: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
