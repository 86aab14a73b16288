"""Formatting of numbers, in one place: base units in, text for people out."""

import math
from dataclasses import dataclass

NOTHING = "-"


def significant(value: float, digits: int = 3) -> str:
    """`value` with so many significant digits and no exponent: 12345.6 -> 12300, 0.01234 -> 0.0123."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    # Rounding may carry into a new digit (9.999 -> 10.0); one decimal fewer then says the same.
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:.{max(decimals, 0)}f}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How figures are written: multiplied by `factor`, with `suffix` after them; `axis` names the unit on a chart."""

    factor: float
    suffix: str
    axis: str

    def number(self, value: float) -> str:
        """Three significant digits of the figure on this scale, without its suffix."""
        return significant(value * self.factor)

    def text(self, value: float) -> str:
        """The figure on this scale, with its suffix."""
        return self.number(value) + self.suffix


SECONDS = Scale(1.0, " s", "s")
MILLISECONDS = Scale(1e3, " ms", "ms")
MICROSECONDS = Scale(1e6, " us", "us")
MEGABYTES = Scale(1e-6, " MB", "MB")
RATE = Scale(1.0, "/s", "requests/s")


def scale(unit: str, value: float) -> Scale:
    """How a figure as large as `value` is best written. Units: requests/s, s, bytes."""
    if unit == "s":
        # Three digits of 0.9996 s are 1.00 s, not 1000 ms.
        size = abs(float(significant(value)))
        return SECONDS if size >= 1 or size == 0 else MILLISECONDS if size >= 1e-3 else MICROSECONDS
    return {"bytes": MEGABYTES, "requests/s": RATE}[unit]


def figure(value: float | None, unit: str) -> str:
    """A figure in its base unit, for people."""
    return NOTHING if value is None else scale(unit, value).text(value)


def interval(mean: float, low: float | None, high: float | None, unit: str) -> tuple[str, str]:
    """A figure, and its interval on the same scale in brackets; no brackets where there is no interval."""
    chosen = scale(unit, mean)
    if low is None or high is None:
        return chosen.text(mean), ""
    return chosen.text(mean), f"({chosen.number(low)}\u2013{chosen.number(high)})"


def seconds(value: float | None) -> str:
    """A duration in s, ms or us, three significant digits."""
    return figure(value, "s")


def megabytes(value: float | None) -> str:
    """Bytes as MB of a million."""
    return figure(value, "bytes")


def rate(value: float | None) -> str:
    """Requests per second."""
    return figure(value, "requests/s")


def tick(value: float) -> str:
    """The number at a tick of an axis: no needless digits, no exponent, thin groups of three from 10 000 on."""
    if abs(value) >= 10_000:
        return count(round(value))
    return f"{value:.6f}".rstrip("0").rstrip(".") if value else "0"


def percent(fraction: float | None) -> str:
    """A fraction of 1 as per cent."""
    return NOTHING if fraction is None else f"{significant(fraction * 100)} %"


def threshold(fraction: float) -> str:
    """A limit that is a fraction of 1, as per cent without needless digits: 0.03 -> 3 %."""
    return f"{tick(fraction * 100)} %"


def ratio(mean: float, low: float | None, high: float | None) -> str:
    """A ratio and its interval in brackets, to the hundredth where it is near 1: \u00d70.55 (0.49\u20130.61)."""
    around = "" if low is None or high is None else f" ({_times(low)}\u2013{_times(high)})"
    return f"\u00d7{_times(mean)}{around}"


def _times(value: float) -> str:
    # A hundredth of 0.02 is half of it, and one of 50 is nothing.
    return f"{value:.2f}" if 0.1 <= round(value, 2) < 10 else significant(value, 2 if value < 1 else 3)


def count(value: int) -> str:
    """A whole number with thin groups of three: 12 345."""
    return f"{value:,}".replace(",", "\u202f")


def clock(value: float) -> str:
    """A length of time as m:ss."""
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}:{rest:02d}"


def offered(rate_rps: float) -> str:
    """An arrival rate: 100/s."""
    return f"{tick(rate_rps)}/s"


def users(number: int) -> str:
    """So many users: 1 user, 1000 users."""
    return f"{tick(number)} user{'' if number == 1 else 's'}"
