"""GET /compute: 10,000 steps of pure Python that hold the GIL."""

import json

from loadtests.engine.user import ScenarioUser

N = 10_000


def _expected() -> int:
    result = 0
    for step in range(N):
        result = (result * 31 + step) % 1_000_003
    return result


class Compute(ScenarioUser):
    """Asks for work that computes."""

    path = f"/compute?n={N}"
    answer = {"n": N, "result": _expected()}  # noqa: RUF012 (never changed)

    @classmethod
    def accepts(cls, body: bytes) -> bool:
        """The number that the steps come to."""
        return bool(json.loads(body) == cls.answer)
