"""Made-up runs, night after night: two stacks, of which `level` moves both and `ratio` the second."""

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from bench.model.run import Run
from tests.unit.builders import FASTAPI, FLASK, cell, plan, run_of
from tests.unit.judge.capacity.test_rows import SOUGHT, search

FLAT = (1.0,) * 12
STEP = (1.0,) * 6 + (0.8,) * 6
NOISE = 0.02


def night(number: int, *, level: float = 1.0, ratio: float = 1.0, **machine: Any) -> Run:
    """The run of one night: flask answers 100/s and carries 500/s at level 1, fastapi so many times that."""
    planned = plan({"flask": FLASK, "fastapi": FASTAPI}, {"weather": (10,)}, rounds=2)
    run = run_of(replace(planned, profile=replace(planned.profile, sought={"weather": SOUGHT})))
    speeds = {"flask": level, "fastapi": level * ratio}
    rounds = [(stack, speed, one) for stack, speed in speeds.items() for one in (1, 2)]
    return replace(
        run,
        id=f"night-{number:02d}",
        started=f"2026-02-{number:02d}T03:00:00+00:00",
        commit=f"{number:040d}"[::-1],
        machine=replace(run.machine, **machine),
        cells=tuple(cell(stack, 10, one, throughput_rps=100 * speed * (1 + one / 50)) for stack, speed, one in rounds),
        searches=tuple(search(stack, one, 500 * speed * (1 + one / 50)) for stack, speed, one in rounds),
    )


def nights(
    ratios: Sequence[float] = FLAT,
    levels: Sequence[float] = FLAT,
    *,
    other_from: int | None = None,
    noise: float = NOISE,
    seed: int = 1,
) -> list[Run]:
    """A run for each of these ratios and levels, with noise in both; from a place on with another CPU."""
    random = Random(seed)
    return [
        night(
            place + 1,
            ratio=ratio * math.exp(random.gauss(0, noise)),
            level=level * math.exp(random.gauss(0, noise)),
            **({"cpu_model": "Other CPU"} if other_from is not None and place >= other_from else {}),
        )
        for place, (ratio, level) in enumerate(zip(ratios, levels, strict=True))
    ]
