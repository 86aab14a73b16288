"""Servers that an overload leaves unable to carry what they carried before.

As long as windows fail after an overload, it is not known whether the rate is too high or the server was harmed. So
once a rate fails that lies SOUND places below one that had held, or the lowest of all, the server is started anew and
that rate is checked. Where it holds now, the overload had harmed the server: of the windows since a window held, only
that with the overload itself counts.
"""

from collections.abc import Sequence
from itertools import takewhile

from bench.judge.capacity.grid import LOWEST, Ask, ask_at, level_of
from bench.model.search import Step

SOUND = 6
"""At a rate so far below one that had held, by 21 %, a healthy server fails hardly ever by chance."""

MOST_HARMED = 6
"""A search in which an overload harmed the server more often has no result."""


def counted(steps: Sequence[Step]) -> Sequence[Step]:
    """The windows that tell how much the server carries."""
    kept: list[Step] = []
    since = 0  # the place of the first window after one that held
    for step in steps:
        if step.part != "check":
            kept.append(step)
        elif step.verdict == "held":
            later = range(since, len(kept))
            overload = next((place for place in later if kept[place].verdict == "exceeded"), len(kept))
            del kept[overload + 1 :]
        if step.verdict == "held":
            since = len(kept)
    return kept


def harmed(steps: Sequence[Step]) -> Sequence[Step]:
    """The windows that held on a server that was started anew, at a rate at which it had just failed."""
    return [step for step in steps if step.part == "check" and step.verdict == "held"]


def check(steps: Sequence[Step]) -> Ask | None:
    """The window that a server started anew is to be checked with; None where there is no need."""
    failed = [*takewhile(lambda step: step.verdict != "held", reversed(steps))]
    if sum(step.verdict == "exceeded" for step in failed) < 2 or steps[-1].verdict != "exceeded":
        return None
    held = [level_of(step.rate_rps) for step in counted(steps) if step.verdict == "held"]
    level = level_of(steps[-1].rate_rps)
    sound = level <= max((place - SOUND for place in held), default=LOWEST)
    return ask_at(level, "check") if sound and all(step.part != "check" for step in failed) else None
