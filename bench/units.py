"""Formatting of numbers, in one place: base units in, text for people out."""

import math

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


def seconds(value: float | None) -> str:
    """A duration in s, ms or us, three significant digits."""
    if value is None:
        return NOTHING
    size = abs(value)
    if size >= 1 or value == 0:
        return f"{significant(value)} s"
    return f"{significant(value * 1e3)} ms" if size >= 1e-3 else f"{significant(value * 1e6)} us"


def megabytes(value: float | None) -> str:
    """Bytes as MB of a million."""
    return NOTHING if value is None else f"{significant(value / 1e6)} MB"


def rate(value: float | None) -> str:
    """Requests per second."""
    return NOTHING if value is None else f"{significant(value)}/s"


def cores(value: float | None) -> str:
    """Cores kept busy, to a hundredth."""
    return NOTHING if value is None else f"{value:.2f}"


def percent(fraction: float | None) -> str:
    """A fraction of 1 as per cent."""
    return NOTHING if fraction is None else f"{significant(fraction * 100)} %"


def count(value: int) -> str:
    """A whole number with thin groups of three: 12 345."""
    return f"{value:,}".replace(",", "\u202f")


def clock(value: float) -> str:
    """A length of time as m:ss."""
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}:{rest:02d}"
