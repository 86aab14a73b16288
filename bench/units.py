"""Formatting of numbers, in one place: base units in, text for people out."""

import math
import re
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
KILOBYTES = Scale(1e-3, " kB", "kB")
RATE = Scale(1.0, "/s", "requests/s")
SHARE = Scale(1e2, " %", "%")
CORES = Scale(1.0, "", "cores")
THOUSANDS = Scale(1e-3, " k", "thousand instructions")
MILLIONS = Scale(1e-6, " M", "million instructions")
RATIO = Scale(1.0, "\u00d7", "ratio")


def scale(unit: str, value: float) -> Scale:
    """How a figure as large as `value` is best written.

    Units: requests/s, s, bytes, cores, instructions, 1 for a share.
    """
    if unit == "s":
        # Three digits of 0.9996 s are 1.00 s, not 1000 ms.
        size = abs(float(significant(value)))
        return SECONDS if size >= 1 or size == 0 else MILLISECONDS if size >= 1e-3 else MICROSECONDS
    if unit == "instructions":
        return MILLIONS if float(significant(value)) >= 1e6 else THOUSANDS
    return {"bytes": MEGABYTES, "requests/s": RATE, "cores": CORES, "1": SHARE}[unit]


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


def memory(value: float) -> str:
    """Bytes as MB of a million, or below 0.1 MB as kB of a thousand: 1.02 MB, 10.3 kB."""
    return (MEGABYTES if abs(value) >= 1e5 else KILOBYTES).text(value)


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


def threshold_points(difference: float) -> str:
    """A limit that is a difference of two shares, in points of per cent: 0.001 -> 0.1 points, 0.01 -> 1 point."""
    text = tick(difference * 100)
    return f"{text} point" if text == "1" else f"{text} points"


def fraction(text: str) -> float:
    """The fraction of 1 that a percentage is, with or without its sign: `10%`, `10 %` and `10` are 0.1.

    Raises ValueError for anything else, and for more than 1000 %.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%?", text.strip())
    value = float(found[1]) if found else math.inf
    if value > 1000:
        raise ValueError(f"{text!r}: write a percentage from 0 to 1000, such as 10%")
    return value / 100


def probability(value: float) -> str:
    """A p-value to three decimals."""
    return "<.001" if value < 0.0005 else f"{value:.3f}"


def change(mean: float, low: float | None, high: float | None) -> tuple[str, str]:
    """A relative change, a fraction of 1, as per cent; and its interval, or nothing: +10.2 %, +9.1 to +11.4."""
    return _signed(mean, low, high, " %")


def signed_percent(fraction: float) -> str:
    """A relative change as per cent, to the hundredth: +2.31 %, 0.00 %."""
    value = round(100 * fraction, 2)
    return f"{value:+.2f} %" if value else "0.00 %"


def points(mean: float, low: float | None, high: float | None) -> tuple[str, str]:
    """A difference of two shares in points of per cent; and its interval, or nothing: +0.52 points, +0.30 to +0.74."""
    return _signed(mean, low, high, " points")


def _signed(mean: float, low: float | None, high: float | None, suffix: str) -> tuple[str, str]:
    """To the tenth; to the hundredth where the interval is narrow, to the whole where a figure is large."""
    values = [100 * value for value in (mean, low, high) if value is not None]
    narrow = len(values) == 3 and values[2] - values[1] < 1
    decimals = 0 if max(map(abs, values)) >= 1000 else 2 if narrow else 1
    # Nothing has no sign, whichever side it was rounded from.
    texts = [f"{value:+.{decimals}f}" if round(value, decimals) else f"{0:.{decimals}f}" for value in values]
    return texts[0] + suffix, f"{texts[1]} to {texts[2]}" if len(texts) == 3 else ""


def ratio(mean: float, low: float | None, high: float | None) -> str:
    """A ratio and its interval in brackets, to the hundredth where it is near 1: 0.55\u00d7 (0.49\u20130.61)."""
    around = "" if low is None or high is None else f" ({_times(low)}\u2013{_times(high)})"
    return f"{_times(mean)}\u00d7{around}"


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
