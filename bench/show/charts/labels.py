"""Words beside the points of a panel, each only where it fits; the legend or the notes have the others."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from matplotlib.axes import Axes

from bench.show.charts.style import INK, VALUE_POINTS, width_in

MARK_IN = 0.07
"""Half the size of a usual mark."""

DOT_IN = 0.03
GAP_IN = 0.05
PAD_IN = 0.02
LINE_EMS = 1.25
TRACE_IN = 0.1
BESIDE_IN = 0.2

Size = tuple[float, float]
"""Width and height of a panel in inches."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a panel, in inches from its lower left corner."""

    left: float
    low: float
    right: float
    high: float

    def touches(self, other: "Box") -> bool:
        """Whether they overlap."""
        return self.left < other.right and other.left < self.right and self.low < other.high and other.low < self.high


@dataclass(frozen=True, slots=True)
class Label:
    """Words beside a point of the panel. `reach_in`: half the size of the point's mark."""

    x: float
    y: float
    text: str
    reach_in: float = MARK_IN


@dataclass(frozen=True, slots=True)
class _Side:
    """A side of a point: its direction, and how words there are aligned."""

    across: int
    up: int
    ha: Literal["left", "center", "right"]
    va: Literal["bottom", "center", "top"]


_SIDES = (
    _Side(1, 0, "left", "center"),
    _Side(-1, 0, "right", "center"),
    _Side(0, 1, "center", "bottom"),
    _Side(0, -1, "center", "top"),
)


def place_labels(
    axes: Axes,
    labels: Sequence[Label],
    taken: Iterable[Box],
    size_in: Size,
    *,
    apart_in: float = 0.0,
    avoided: Sequence[Box] = (),
) -> tuple[Label, ...]:
    """The labels that are now drawn: to the right of their point if there is room, else left of, above or below it.

    None touches another, what is `taken`, or the edge of the panel, nor what is `avoided` if there is room elsewhere. A
    label is left out where it would be ambiguous: if its point is within `apart_in` of another's, or it would stand
    beside another's. The axes must have their ends already.
    """
    taken = list(taken)
    points = [place_in(axes, label.x, label.y, size_in) for label in labels]
    placed = []
    for number, label in enumerate(labels):
        others = [point for place, point in enumerate(points) if place != number]
        if any(math.dist(points[number], point) < apart_in for point in others):
            continue
        free = [
            (side, box)
            for side, box in _around(label, points[number])
            if _free(box, taken, size_in) and not any(_beside(box, point) for point in others)
        ]
        clear = (one for one in free if not any(one[1].touches(other) for other in avoided))
        found = next(clear, free[0] if free else None)
        if found is not None:
            side, box = found
            away = 72 * (label.reach_in + GAP_IN)
            axes.annotate(
                label.text,
                (label.x, label.y),
                xytext=(side.across * away, side.up * away),
                textcoords="offset points",
                ha=side.ha,
                va=side.va,
                fontsize=VALUE_POINTS,
                color=INK,
                annotation_clip=False,
                zorder=6,
                gid="label",
            )
            taken.append(box)
            placed.append(label)
    return tuple(placed)


def place_in(axes: Axes, x: float, y: float, size_in: Size) -> tuple[float, float]:
    """Where a point of the panel is, in inches from the panel's lower left corner."""
    across, up = axes.transLimits.transform(axes.transScale.transform((x, y)))
    return float(across) * size_in[0], float(up) * size_in[1]


def around(axes: Axes, x: float, y: float, size_in: Size, reach_in: float = MARK_IN) -> Box:
    """The space that a mark at a point of the panel takes."""
    across, up = place_in(axes, x, y, size_in)
    return Box(across - reach_in, up - reach_in, across + reach_in, up + reach_in)


def trace(axes: Axes, xs: Sequence[float], ys: Sequence[float], size_in: Size) -> Iterator[Box]:
    """The space that a line through these points takes; it is broken where one of them is not a number."""
    for (x, y), (other_x, other_y) in pairwise(zip(xs, ys, strict=True)):
        if any(map(math.isnan, (x, y, other_x, other_y))):
            continue
        first, last = place_in(axes, x, y, size_in), place_in(axes, other_x, other_y, size_in)
        steps = max(math.ceil(math.dist(first, last) / TRACE_IN), 1)
        for step in range(steps + 1):
            across, up = (start + (end - start) * step / steps for start, end in zip(first, last, strict=True))
            yield Box(across - DOT_IN, up - DOT_IN, across + DOT_IN, up + DOT_IN)


def _around(label: Label, at: tuple[float, float]) -> Iterator[tuple[_Side, Box]]:
    """The sides where a label may be, and the space that it would take there."""
    wide, tall = width_in(label.text, VALUE_POINTS), LINE_EMS * VALUE_POINTS / 72
    for side in _SIDES:
        across = at[0] + side.across * (label.reach_in + GAP_IN + wide / 2)
        up = at[1] + side.up * (label.reach_in + GAP_IN + tall / 2)
        yield (
            side,
            Box(across - wide / 2 - PAD_IN, up - tall / 2 - PAD_IN, across + wide / 2 + PAD_IN, up + tall / 2 + PAD_IN),
        )


def _beside(box: Box, point: tuple[float, float]) -> bool:
    """Whether the words would be taken for those of this point, which is at one of their ends."""
    return box.left - BESIDE_IN < point[0] < box.right + BESIDE_IN and box.low < point[1] < box.high


def _free(box: Box, taken: Iterable[Box], size_in: Size) -> bool:
    inside = box.left >= 0 and box.low >= 0 and box.right <= size_in[0] and box.high <= size_in[1]
    return inside and not any(box.touches(other) for other in taken)
