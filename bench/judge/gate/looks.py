"""When an A/B is judged: after so many restarts, again and again until it is decided, with a share of alpha each time.

A session that may end at several looks has several chances of a false alarm, and of passing what is worse than the
tolerance. So each look gets its share. For regressions the shares add up to alpha (Bonferroni). Passing has no second
figure that could save it, and looks at the same restarts are much alike: its shares are those with which a change of
exactly the tolerance passes in fewer than one session of twenty, by simulation (tests/calibration/simulated.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LOOKS: Mapping[int, tuple[int, ...]] = {20: (10, 13, 16, 20), 12: (8, 10, 12)}
"""After how many restarts a session of so many at most is judged. One of any other number is judged at its end."""

MINUTES: Mapping[int, int] = {17: 20, 10: 12}
"""The most restarts for about so many minutes, with the stacks of the default profile."""

PASS_SHARES: Mapping[int, float] = {1: 1.0, 2: 0.6, 3: 0.48, 4: 0.36}
"""The share of alpha that each of so many looks may pass by."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What a p must not exceed at one look: to find a regression, adjusted for the family, and to pass."""

    regressed: float
    passed: float


def levels(looks: int, alpha: float) -> Levels:
    """Those of each of so many looks."""
    return Levels(alpha / looks, alpha * PASS_SHARES.get(looks, 1 / looks))


def looks_of(restarts: int) -> tuple[int, ...]:
    """After how many restarts a session of so many at most is judged."""
    return LOOKS.get(restarts, (restarts,))


def not_before(least: int, looks: Sequence[int]) -> tuple[int, ...]:
    """The looks, none of them before a regression can be found at all."""
    return tuple(dict.fromkeys(max(look, least) for look in looks))
