"""How long each answer takes: a function of seed, route and request number, so every stack meets the same waits."""

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

_STANDARD_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Delay:
    """A distribution of delays: always `median_s` where `sigma` is 0, else lognormal around it."""

    median_s: float
    sigma: float = 0.0

    def seconds(self, seed: int, route: str, number: int) -> float:
        """Seconds that request `number` (from 0) to `route` waits: the same for the same three, whoever asks."""
        if self.sigma == 0.0:
            return self.median_s
        digest = hashlib.blake2b(f"{seed}/{route}/{number}".encode(), digest_size=8).digest()
        # 53 bits, shifted by a half: a uniform that never reaches 0 or 1, where the quantile is infinite.
        uniform = ((int.from_bytes(digest, "big") >> 11) + 0.5) / 2**53
        return self.median_s * math.exp(self.sigma * _STANDARD_NORMAL.inv_cdf(uniform))


def parse_delay(text: str) -> Delay:
    """The delay that `0.1` (fixed, seconds) or `lognormal:0.1:0.5` (median in seconds, sigma) describes.

    Raises ValueError, saying what is allowed, for anything else, and for figures below 0 or not finite.
    """
    kind, *figures = text.split(":") if text.startswith("lognormal:") else ("fixed", text)
    try:
        numbers = [float(figure) for figure in figures]
    except ValueError:
        numbers = []
    if len(numbers) != (2 if kind == "lognormal" else 1) or not all(0 <= number < math.inf for number in numbers):
        raise ValueError(f"{text!r} is no delay: write seconds (0.1) or lognormal:MEDIAN_S:SIGMA (lognormal:0.1:0.5)")
    return Delay(*numbers)
