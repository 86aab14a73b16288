"""Locust in a process of its own: a measured run, as the harness orders it, or one by hand."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.requests import Asked, Expect, Request
from loadtests.engine.arrivals import Closed, Open, offsets_s

ROOT = Path(__file__).parents[3]
LONG_S = 60
WARMUP_S = 0.5


def locust(url: str, *arguments: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Locust run by hand, without the web UI, once it has ended."""
    return locust_file(ROOT / "loadtests" / "mix.py", url, *arguments, env=env)


def locust_file(
    file: Path, url: str, *arguments: str, env: dict[str, str] | None = None, program: str = "locust"
) -> "subprocess.CompletedProcess[str]":
    """As `locust`, with another locustfile; `program`: `loadtests.engine` is Locust as the harness runs it."""
    argv = (sys.executable, "-m", program, "-f", str(file), "--host", url, "--headless", *arguments)
    clean = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.run(argv, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=LONG_S, check=False)


@dataclass
class Ran:
    """What a measured run reported and wrote."""

    events: list[dict[str, Any]]
    raw: dict[str, NDArray[Any]]

    def event(self, name: str) -> dict[str, Any]:
        """The only event of this name."""
        (found,) = [each for each in self.events if each["event"] == name]
        return found

    @property
    def window(self) -> NDArray[np.bool_]:
        """Which rows were scheduled in the window."""
        scheduled_s = self.raw["scheduled_s"]
        window: NDArray[np.bool_] = (scheduled_s >= self.event("window")["start_s"]) & (
            scheduled_s < self.event("drain")["end_s"]
        )
        return window

    def scheduled(self, load: Open, warmup_s: float) -> list[float]:
        """The arrivals that the window must hold."""
        begun_s, start_s, end_s = (
            self.event("begin")["warmup_s"], self.event("window")["start_s"], self.event("drain")["end_s"],
        )  # fmt: skip
        arrivals = (begun_s + offset_s for offset_s in offsets_s(load, 0.6 * warmup_s))
        return [each for each in takewhile(lambda each: each < end_s, arrivals) if each >= start_s]


HELLO = Asked((Request("hello", "GET", "/", expect=Expect(text="hello")),))


def measured(
    folder: Path,
    url: str,
    load: Closed | Open,
    window_s: float = 1.0,
    window_limit_s: float = 1.0,
    asked: Asked = HELLO,
    *,
    reconnects: bool = False,
) -> Ran:
    """A measured run of `loadtests/mix.py` with this load; the right answer is `hello`, unless others are asked for."""
    model = "closed" if isinstance(load, Closed) else "open"
    plan = {
        "hosts": [url], "load": {"model": model, **asdict(load)},
        "timeout_s": 5.0, "warmup_s": WARMUP_S, "window_s": window_s, "window_limit_s": window_limit_s,
        "output": str(folder / "requests.npz"), "seed": 1, "asked": asdict(asked), "reconnects": reconnects,
    }  # fmt: skip
    (folder / "load.json").write_text(json.dumps(plan))
    users = str(load.users) if isinstance(load, Closed) else "1"
    done = locust(
        url, "--users", users, "--spawn-rate", users, "--only-summary", "--loglevel", "ERROR",
        "--exit-code-on-error", "0", env={"LOAD_PLAN": str(folder / "load.json")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"event"')]
    with np.load(folder / "requests.npz", allow_pickle=False) as arrays:
        return Ran(events, dict(arrays))
