"""How long a run will take: estimated from the plan at first, then also from the cells that are finished."""

from collections.abc import Iterable, Sequence

from bench.model.cell import CellKey
from bench.model.config import Closed, Load, Plan, Scenario, Sought, Stack
from bench.model.search import Key

VISIT_S = 2.3
LOAD_S = 0.7
"""Seconds to start and settle a server and its upstream, and to start the load of another cell; both are estimates."""

LOOK_S = 1.0
"""After its window the load goes on for so long, and the harness looks at the server."""

WINDOW_P95S = 3.3
"""A window grows until it is this many times as long as the P95."""

SEARCH_S = 42.0
"""What a search takes; an estimate."""

Kind = tuple[str, str, Load | Sought]


def expected(visits: Iterable[Sequence[CellKey]], plan: Plan) -> list[tuple[CellKey, float]]:
    """Every cell in its order with the seconds that it should take, from its slots, service time and timing."""
    return [
        (key, (LOAD_S if place else VISIT_S) + _loaded_s(key, plan))
        for visit in visits
        for place, key in enumerate(visit)
    ]


def _loaded_s(key: CellKey, plan: Plan) -> float:
    """Seconds of warm-up, window, looks and drain; all but the looks are longer where requests queue for slots."""
    timing = plan.profile.timing
    wait_s = _latency_s(plan.stacks[key.stack], plan.scenarios[key.scenario], key.load)
    warmup_s = timing.warmup_s * (2 if wait_s > timing.warmup_s else 1)
    window_s = min(max(timing.window_s, WINDOW_P95S * wait_s), timing.window_limit_s)
    return warmup_s + window_s + LOOK_S + wait_s


def _latency_s(stack: Stack, scenario: Scenario, load: Load) -> float:
    if isinstance(load, Closed) and stack.slots is not None and load.users > stack.slots:
        return scenario.hold_s * load.users / stack.slots
    return scenario.hold_s


class TimeLeft:
    """The seconds that a run still takes, while its cells finish one by one.

    A cell is estimated by the mean of the finished cells of its stack, scenario and load. Without such cells it is
    estimated by its expected time, times the ratio of actual to expected time of all finished cells.
    """

    def __init__(self, cells: Iterable[tuple[Key, float]]) -> None:
        self._left = dict(cells)
        self._took: dict[Kind, list[float]] = {}
        self._expected_s = self._took_s = 0.0

    def finish(self, key: Key, took_s: float) -> None:
        """Note that a cell is finished and how many seconds it took."""
        self._expected_s += self._left.pop(key)
        self._took_s += took_s
        self._took.setdefault(_kind(key), []).append(took_s)

    @property
    def total_s(self) -> float:
        """Seconds that the remaining cells should take."""
        return sum(self._cell_s(key, expected_s) for key, expected_s in self._left.items())

    def _cell_s(self, key: Key, expected_s: float) -> float:
        took = self._took.get(_kind(key))
        if took is not None:
            return sum(took) / len(took)
        return expected_s * (self._took_s / self._expected_s if self._expected_s else 1.0)


def _kind(key: Key) -> Kind:
    return key.stack, key.scenario, key.load if isinstance(key, CellKey) else key.sought
