"""The plan of a measured run: a JSON file from the harness, named in the environment variable LOAD_PLAN."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.engine.arrivals import Closed, Open, load_of


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """A slice of `length_s` with load on host number `measurement` alone; the first `dropped_s` do not count."""

    measurement: int
    length_s: float
    dropped_s: float


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """A window of a search: so many requests a second arrive at host number `measurement`, as `seed` decides.

    `lead_s` pass under load before the `window_s` that count. It ends at once where more than `most_late` of its
    requests took longer than `late_s` or failed. `output`: the file for its samples.
    """

    number: int
    measurement: int
    rate_rps: float
    seed: int
    lead_s: float
    window_s: float
    late_s: float
    most_late: int
    output: str


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The load; seconds of timeout, warm-up, window and its limit; the file for the samples; what is asked.

    `reconnects`: each request opens a connection of its own.

    `client`: "lean" for the users of loadtests/engine/user.py, "locust" for any others.

    `asked`: what `asked_of` of loadtests/engine/asked.py takes; None where the locustfile has requests of its own.

    The load goes on for `look_s` after the window, for the harness to look at the server; that is not counted.

    `searches`: the harness says on stdin, window by window, at which rate which host is asked.

    With `slices` the load alternates between the hosts, and there is no window; users start spread over `spread_s`.
    """

    hosts: list[str]
    load: Closed | Open
    timeout_s: float
    warmup_s: float
    window_s: float
    window_limit_s: float
    output: str
    seed: int
    asked: dict[str, Any] | None
    slices: tuple[SlicePlan, ...] = ()
    spread_s: float = 0.0
    look_s: float = 0.0
    reconnects: bool = False
    client: str = "lean"
    searches: bool = False


def handed_plan() -> LoadPlan | None:
    """The plan of the harness, or None when people run Locust themselves. Raises TypeError where a key is unknown."""
    name = os.environ.get("LOAD_PLAN")
    if not name:
        return None
    handed = json.loads(Path(name).read_text(encoding="utf-8"))
    slices = tuple(SlicePlan(**one) for one in handed.pop("slices", ()))
    return LoadPlan(**{**handed, "load": load_of(handed["load"]), "slices": slices})
