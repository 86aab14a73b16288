"""The pilots of an A/B: a short cell of each stack on either side, before anything is compared."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError
from bench.judge.cell.wrong_answers import described
from bench.model.cell import SIDES, Cell, CellKey
from bench.model.config import Closed, Companion, Plan, Profile, Stack
from bench.model.loads import load_name
from bench.model.run import Run
from bench.plan.duration import VISIT_S
from bench.run.cell.visit import Visit, run_visit
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.testbed.revisions import Checkout, digest
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start

PILOT_S, PILOT_LIMIT_S = 2.5, 10.0
"""The window of a pilot, which is shorter than the others: to find that nothing changed takes half a minute."""


def take_pilots(
    run: Run, sides: Mapping[str, Checkout], folder: Path, setting: Callable[[Recorder], Setting]
) -> tuple[tuple[Cell, ...], Mapping[str, Mapping[str, str]]]:
    """A cell of base for each stack, and for each side and stack a digest of the files that it ran or read.

    Raises BenchError where a side does not serve, or runs other code than its own.
    """
    profile = run.config.profile
    pairs = [(stack, scenario) for scenario in profile.loads for stack in profile.stacks]
    turns = [
        (CellKey(stack, scenario, closed_load(profile, scenario), 0, 2 * number + place), name)
        for number, (stack, scenario) in enumerate(pairs)
        for place, name in enumerate(SIDES)
    ]
    pilots, code = list[Cell](), {name: dict[str, str]() for name in SIDES}
    pilot_s = VISIT_S + profile.timing.warmup_s + PILOT_S
    with RunProgress((key, pilot_s) for key, _ in turns) as progress:
        progress.say("pilots: which code each side runs, how long an answer takes, and what limits each stack")
        recorder = Recorder(run, folder, progress)
        place = _shorter(setting(recorder))
        for key, name in turns:
            side, stack = sides[name], run.config.stacks[key.stack]
            side.forget_what_ran()
            cell = _pilot(key, name, side, replace(place, logs=folder / f"pilot-{name}"))
            recorder.progress.finish(cell, key)
            code[name][key.stack] = _proof(side, stack)
            if name == SIDES[0]:
                pilots.append(cell)
    for side in sides.values():
        side.compile(run.config.stacks.values())
    return tuple(pilots), code


def companions_on(side: Checkout, plan: Plan, stack: Stack) -> tuple[Companion, ...]:
    """The companions of a stack as a side runs them."""
    return tuple(side.companion(one) for one in plan.companions_of(stack))


def _shorter(place: Setting) -> Setting:
    """The setting with the windows of pilots."""
    profile = place.plan.profile
    limit_s = max(PILOT_LIMIT_S, profile.timing.window_limit_s)
    timing = replace(profile.timing, window_s=PILOT_S, window_limit_s=limit_s)
    return replace(place, plan=replace(place.plan, profile=replace(profile, timing=timing)))


def _pilot(key: CellKey, name: str, side: Checkout, place: Setting) -> Cell:
    stack = place.plan.stacks[key.stack]
    start = Start("server", side.stack(stack), side.environment, companions_on(side, place.plan, stack))
    try:
        with closing(run_visit(Visit((key,), (start,)), place)) as measured:
            cell, _ = next(measured)
    except BenchError as error:
        lacks = f"; {side.lacks}" if side.lacks is not None else ""
        raise BenchError(f"{name} ({side.revision.ref}): {error}{lacks}") from error
    one = cell.measurement
    if not one.requests or not one.requests.ok or one.latency_s is None:
        said = "".join(f"; first {described(wrong)}" for wrong in one.wrong_answers[:1])
        raise BenchError(f"{name} ({side.revision.ref}): {key.stack} serves nothing; its log is in {place.logs}{said}")
    return cell


def _proof(side: Checkout, stack: Stack) -> str:
    if not side.imported(stack):
        raise BenchError(
            f"{stack.name} imported nothing from {side.folder}, where {side.revision.ref} is checked out: its code "
            f"comes from elsewhere (installed into the environment? PYTHONPATH?), so both sides would be the same"
        )
    return digest(side.ran(stack))


def closed_load(profile: Profile, scenario: str) -> Closed:
    """The closed-loop load that an A/B measures. BenchError where the profile has none, or several."""
    found = [load for load in profile.loads[scenario] if isinstance(load, Closed)]
    if len(found) != 1 or len(profile.loads[scenario]) != 1:
        have = ", ".join(load_name(load) for load in profile.loads[scenario]) or "none"
        raise BenchError(
            f"an A/B measures one closed-loop load of {scenario}, and derives its open-loop load from it; "
            f"the profile {profile.name} has {have}: give one number to --users"
        )
    return found[0]
