"""What the generator costs: the lean user beside those of Locust and wrk, on one core, against the same upstream.

    python -m tests.speed.generator [ROUNDS]

The upstream answers without delay from a core of its own. The kinds take turns, so that drift of the machine falls on
all alike; each has its samples recorded and Locust's request event fired, but wrk, which does neither. Users of
Locust's own kinds are recorded as those of any locustfile.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench import units
from bench.judge.cell import figures
from bench.model.cell import Distribution, Window
from bench.model.config import Closed, Load, Open, Scenario, Timing, UpstreamCall
from bench.model.requests import MIX, Asked, Expect, Feed, Request
from bench.run.cell.load import Order, running_load
from bench.run.cell.samples import join_samples
from bench.run.host.cpus import cpu_sets, pinned
from bench.run.host.signals import StopRequest, stop_on_signals
from bench.run.host.tree import OneProcess
from bench.run.testbed.upstream import Upstream, running_upstream

USERS = 50
RATE_RPS = 3000.0
TIMING = Timing(warmup_s=1.0, window_s=4.0, window_limit_s=4.0)
SHORT = Timing(warmup_s=1.0, window_s=2.0, window_limit_s=2.0)
LEAN = Scenario(
    "lean",
    "Lean",
    MIX,
    {"weather": UpstreamCall(1, 0.0)},
    hold_s=0.0,
    timeout_s=10.0,
    asked=Asked((Request("weather", "GET", "/weather/X"),)),
)
POST = replace(
    LEAN, name="post", asked=Asked((Request("post", "POST", "/weather/X", json={"text": "x" * 1000}, status=(404,)),))
)
"""To the generator an answer is an answer: that the upstream has no such route costs it nothing."""

FAST = replace(LEAN, name="fast", locustfile="tests/speed/fast_http_user.py", client="locust")
USUAL = replace(LEAN, name="usual", locustfile="tests/speed/http_user.py", client="locust")


def five(folder: Path) -> Scenario:
    """A mix of five requests with values of a feed."""
    feed = folder / "rows.csv"
    feed.write_text("city,id\n" + "".join(f"City-{number},{number}\n" for number in range(1000)), encoding="utf-8")
    requests = (
        Request("plain", "GET", "/weather/{city}"),
        Request("json", "GET", "/weather/{city}", expect=Expect(json={})),
        Request("regex", "GET", "/weather/{city}?id={id}", headers={"X-City": "{city}"}, expect=Expect(regex="temp_c")),
        Request("post", "POST", "/weather/{city}", json={"id": "{id:int}", "city": "{city}"}, status=(404,)),
        Request("form", "PUT", "/weather/{city}", form={"id": "{id}", "city": "{city}"}, status=(404,)),
    )
    asked = Asked(requests, Feed(str(feed), "random", ("city", "id"), ""))
    return replace(LEAN, name="mix", asked=asked)


@contextmanager
def upstream_alone(folder: Path, stop: StopRequest) -> Iterator[Upstream]:
    """The upstream without delay, on the cores that a server would have."""
    with running_upstream(LEAN, 1, cpu_sets(1).server, folder / "upstream.log", stop) as upstream:
        yield upstream


def trial(scenario: Scenario, load: Load, url: str, folder: Path, stop: StopRequest) -> tuple[float, Distribution]:
    """(right answers per second, send delay in seconds) of one load from the generator's core."""
    cores, window = cpu_sets(1).generator, None
    order = Order(scenario, load, TIMING, 1, (url,))
    with running_load(order, cores, folder, folder / f"{scenario.name}.log") as generator:
        for event in generator.events(stop, []):
            if event["event"] == "window":
                window = Window(0.0, event["start_s"], event["end_s"])
        samples = join_samples([generator.output], [], [], [], {})
    assert window is not None
    send_delay_s = figures.send_delay_s(samples, window)
    assert send_delay_s is not None
    return figures.throughput_rps(samples, window), send_delay_s


def cost_s(scenario: Scenario, url: str, folder: Path, stop: StopRequest) -> tuple[float, float]:
    """(user, system) CPU seconds of the generator for each request that it sends from its core for a while."""
    folder.mkdir()
    order, used_s, at_s = Order(scenario, Closed(users=USERS), SHORT, 1, (url,)), [], []
    with running_load(order, cpu_sets(1).generator, folder, folder / "load.log") as generator:
        process = OneProcess(generator.program)
        for event in generator.events(stop, []):
            if event["event"] in {"window", "drain"}:
                used_s.append(process.use())
                at_s.append(time.monotonic())
        samples = join_samples([generator.output], [], [], [], {})
    (begin_s, end_s), (before, after) = at_s, used_s
    done = int(figures.done_in(samples, Window(0.0, begin_s, end_s)).sum())
    return (after.cpu_user_s - before.cpu_user_s) / done, (after.cpu_system_s - before.cpu_system_s) / done


def wrk_rps(url: str) -> float | None:
    """Requests/s of wrk with one thread on the generator's core; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    argv = (program, "-t1", f"-c{USERS}", f"-d{TIMING.window_s:g}s", f"{url}/weather/X")
    with pinned(cpu_sets(1).generator):
        said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    found = re.search(r"^Requests/sec:\s+([\d.]+)", said, re.MULTILINE)
    assert found, said
    return float(found[1])


Cost = tuple[float, float]


def beside_lean_s(one: Scenario, url: str, folder: Path, stop: StopRequest) -> tuple[Cost, Cost]:
    """`cost_s` of a kind and of the lean user, at the same time on the same core: its speed changes all the time."""
    with ThreadPoolExecutor() as both:
        own = both.submit(cost_s, one, url, folder / one.name, stop)
        lean = both.submit(cost_s, LEAN, url, folder / f"lean-{one.name}", stop)
        return own.result(), lean.result()


def main(rounds: int) -> int:
    """0 once the comparison is printed."""
    closed, arrivals = Closed(users=USERS), Open(rate_rps=RATE_RPS, arrivals="fixed", max_in_flight=500)
    rates: dict[str, list[float]] = {"lean user": [], "wrk": []}
    pairs: dict[str, list[tuple[Cost, Cost]]] = {}
    lags_s = []
    with (
        stop_on_signals() as stop,
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        upstream_alone(Path(name), stop) as upstream,
        pinned(cpu_sets(1).load),
    ):
        for number in range(1, rounds + 1):
            folder = Path(name) / str(number)
            folder.mkdir()
            rates["lean user"].append(trial(LEAN, closed, upstream.url, folder, stop)[0])
            outer_rps = wrk_rps(upstream.url)
            rates["wrk"] += [] if outer_rps is None else [outer_rps]
            kinds = {"POST of 1 kB": POST, "mix of five": five(folder), "FastHttpUser": FAST, "HttpUser": USUAL}
            for kind, one in kinds.items():
                pairs.setdefault(kind, []).append(beside_lean_s(one, upstream.url, folder, stop))
            lags_s.append(trial(LEAN, arrivals, upstream.url, folder, stop)[1].p99)
            print(f"round {number} of {rounds}", file=sys.stderr)
    print(f"{USERS} users, an upstream without delay, generator on one core; median of {rounds} (range)")
    for kind, rps in rates.items():
        said = _over(rps, "/s", 0) if rps else "not installed: apt install wrk"
        print(f"  {kind:<13} {said}")
    print("CPU of a request, user and system, and how much of it the lean user takes at the same time")
    _print_costs("lean user", [lean for found in pairs.values() for _, lean in found], [1.0])
    for kind, found in pairs.items():
        _print_costs(kind, [own for own, _ in found], [sum(lean) / sum(own) for own, lean in found])
    print(f"Open, {units.offered(RATE_RPS)}: lag P99 {_over([lag_s * 1e3 for lag_s in lags_s], ' ms', 2)}")
    return 0


def _print_costs(kind: str, costs: Sequence[Cost], shares: Sequence[float]) -> None:
    user_us, system_us = ([cost[part] * 1e6 for cost in costs] for part in (0, 1))
    print(f"  {kind:<13} {_over(user_us, ' us', 0):<20} {_over(system_us, ' us', 0):<18} {_over(shares, '', 2)}")


def _over(values: Sequence[float], unit: str, digits: int) -> str:
    """The median and the range."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f}{unit} ({low:.{digits}f}-{high:.{digits}f})"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
