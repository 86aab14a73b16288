"""Counts of changed copies of the services, against the count of an unchanged one."""

import json
import random
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import Template
from typing import Literal, get_args

from pydantic import TypeAdapter

from bench.judge.instructions.changes import Counts, compared
from bench.model.config import Plan, Stack
from bench.model.instructions import Counted
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest, stop_on_signals
from bench.run.session.counting import cases, counting

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "results/reference/instructions/repeats.json"

Kind = Literal["same", "neutral", "loop"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The same code again; code with functions that nobody calls; those, and a loop in each request."""

LOOPS = {
    "flask_app": Template(
        '''

_plain_create_app = create_app


def create_app():
    """The application, with a loop in each request."""
    app = _plain_create_app()

    def loop():
        for _ in range($steps):
            pass

    app.before_request(loop)
    return app
'''
    ),
    "fastapi_app": Template(
        '''

_plain_create_app = create_app


def create_app():
    """The application, with a loop in each request."""
    app = _plain_create_app()

    async def looping(scope, receive, send):
        if scope["type"] == "http":
            for _ in range($steps):
                pass
        await app(scope, receive, send)

    return looping
'''
    ),
}
"""By the package of a service, what is added to its app.py."""

PROBED_STEPS = 2000
"""The loop from which the cost of a step is found first."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The changes of the copies of one kind; `size`: the injected share of the instructions, 0 where there is none."""

    kind: Kind
    size: float
    stack: str
    scenario: str
    users: int
    gate: float
    changes: tuple[float, ...]
    regressed: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the services."""

    folder: Path
    environment: Path | None = None

    def stack(self, stack: Stack) -> Stack:
        """The stack as it runs there."""
        return replace(stack, cwd=str(self.folder))


def measure(number: int, size: float, stacks: Sequence[str], scenario: str, users: int) -> list[Repeats]:
    """So many copies of each kind, of one scenario; the loop is worth `size` of the instructions of base."""
    config = load_config([DEFAULT_CONFIG])
    found: list[Repeats] = []
    with stop_on_signals() as stop:
        for stack in stacks:
            plan = make_plan(config, "instructions", stacks=[stack], scenarios=[scenario], users=[users])
            found += _measured(plan, number, size, stop)
    return found


def keep(found: Sequence[Repeats]) -> None:
    """Put them in the place of those of the same stack, scenario and users."""
    places = {(one.stack, one.scenario, one.users) for one in found}
    others = [one for one in kept() if (one.stack, one.scenario, one.users) not in places] if KEPT.exists() else []
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps([asdict(one) for one in (*others, *found)], indent=1) + "\n", encoding="utf-8")


def kept() -> list[Repeats]:
    """Those of the file."""
    return TypeAdapter(list[Repeats]).validate_json(KEPT.read_bytes())


def _measured(plan: Plan, number: int, size: float, stop: StopRequest) -> Iterator[Repeats]:
    with scratch_folder() as top:
        (base,) = _counted(plan, {"base": _copy(top / "base")}, stop)
        steps = PROBED_STEPS
        for probe in ("prb1", "prb2"):  # a step of a short loop is cheaper: small numbers are made already
            (slower,) = _counted(plan, {probe: _copy(top / probe, steps=steps)}, stop)
            steps = round(size * base.per_request * steps / (slower.per_request - base.per_request))
        copies = {
            f"{kind[0]}{one:03d}": _copy(
                top / f"{kind[0]}{one:03d}",
                seed=None if kind == "same" else one,
                steps=steps if kind == "loop" else 0,
            )
            for kind in KINDS
            for one in range(number)
        }
        counted = _counted(plan, copies, stop)
    for place, kind in enumerate(KINDS):
        changes = [
            compared(Counts(None, (base,)), Counts(None, (one,))).changes[0]
            for one in counted[place * number : (place + 1) * number]
        ]
        yield Repeats(
            kind, size if kind == "loop" else 0.0, base.stack, base.scenario, base.users, changes[0].gate,
            tuple(round(one.relative, 8) for one in changes), sum(one.verdict == "regressed" for one in changes),
        )  # fmt: skip


def _counted(plan: Plan, copies: Mapping[str, Copy], stop: StopRequest) -> list[Counted]:
    with counting(plan, copies, (), stop, lambda line: print(line, file=sys.stderr, flush=True)) as session:
        return session.count([case for name in copies for case in cases(plan, name)])


def _copy(folder: Path, *, seed: int | None = None, steps: int = 0) -> Copy:
    """Both services in a new folder; with a seed, functions that nobody calls; with steps, a loop in each request."""
    for name, loop in LOOPS.items():
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        with (folder / name / "app.py").open("a", encoding="utf-8") as file:
            file.write("".join(_unused(random.Random(seed))) if seed is not None else "")
            file.write(loop.substitute(steps=steps) if steps else "")
    return Copy(folder)


def _unused(draw: random.Random) -> Iterator[str]:
    for number in range(draw.randrange(1, 20)):
        lines = [f"    local_{line} = {draw.randrange(10**6)}" for line in range(draw.randrange(1, 30))]
        yield f'\n\ndef unused_{number}(one={draw.random()}):\n    """{"word " * draw.randrange(1, 200)}"""\n'
        yield "\n".join(lines) + f"\n    return [{', '.join(str(draw.random()) for _ in range(20))}]\n"
