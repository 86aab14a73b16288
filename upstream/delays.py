"""The delay of each answer, a function of seed, route and request number: every stack gets the same delays."""

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

_STANDARD_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Delay:
    """A distribution of delays: lognormal with this median, or always `median_s` if `sigma` is 0."""

    median_s: float
    sigma: float = 0.0

    def seconds(self, seed: int, route: str, number: int) -> float:
        """The delay in seconds of request `number` (from 0) to `route`: the same arguments give the same delay."""
        if self.sigma == 0.0:
            return self.median_s
        digest = hashlib.blake2b(f"{seed}/{route}/{number}".encode(), digest_size=8).digest()
        # 53 bits plus one half: a uniform number strictly between 0 and 1, where the quantile would be infinite.
        uniform = ((int.from_bytes(digest, "big") >> 11) + 0.5) / 2**53
        return self.median_s * math.exp(self.sigma * _STANDARD_NORMAL.inv_cdf(uniform))


def parse_delay(text: str) -> Delay:
    """The delay that a text describes: `0.1` (fixed, seconds) or `lognormal:0.1:0.5` (median in seconds, sigma).

    Raises ValueError, which says what is allowed, for any other text and for numbers below 0 or not finite.
    """
    kind, *figures = text.split(":") if text.startswith("lognormal:") else ("fixed", text)
    try:
        numbers = [float(figure) for figure in figures]
    except ValueError:
        numbers = []
    if len(numbers) != (2 if kind == "lognormal" else 1) or not all(0 <= number < math.inf for number in numbers):
        raise ValueError(
            f"{text!r} is not a delay: write seconds (0.1) or lognormal:MEDIAN_S:SIGMA (lognormal:0.1:0.5)"
        )
    return Delay(*numbers)
