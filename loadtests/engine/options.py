"""What people give Locust by hand: the host, and the options of open-loop loads."""

import argparse
import math
from urllib.parse import SplitResult, urlsplit

from loadtests.engine.arrivals import ARRIVALS, Open


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of open-loop loads to Locust's own."""
    group = parser.add_argument_group("Open-loop load", "Requests on a schedule, whatever the server does.")
    group.add_argument(
        "--rate", metavar="RPS", type=float, help="requests a second; without it the load is closed-loop"
    )
    group.add_argument("--arrivals", choices=tuple(ARRIVALS), default="fixed", help="how they are spaced (fixed)")
    group.add_argument(
        "--max-in-flight", metavar="N", type=int, default=500, help="arrivals beyond so many are dropped (500)"
    )
    group.add_argument("--arrival-seed", metavar="N", type=int, default=1, help="chooses the Poisson schedule (1)")


def open_load(options: argparse.Namespace | None) -> Open | None:
    """The open-loop load that the options describe; None without --rate.

    Raises ValueError, saying what to write, where a value makes no sense.
    """
    rate_rps = getattr(options, "rate", None)
    if options is None or rate_rps is None:
        return None
    if not (math.isfinite(rate_rps) and rate_rps > 0):
        raise ValueError(f"--rate {rate_rps:g}: write a number of requests a second above 0")
    if options.max_in_flight < 1:
        raise ValueError(f"--max-in-flight {options.max_in_flight}: write a whole number from 1 on")
    return Open(rate_rps, options.arrivals, options.max_in_flight, options.arrival_seed)


def parsed_host(host: str | None) -> SplitResult:
    """The parts of `--host`. Raises ValueError, saying what to write, where it is none."""
    url = urlsplit(host or "")
    if url.scheme != "http" or url.hostname is None or url.port == 0:  # reading a bad port raises ValueError too
        raise ValueError(f"--host {host}: write http://HOST:PORT")
    return url
