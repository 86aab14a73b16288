"""All charts of a run, drawn and written as SVG and PNG."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from html import escape, unescape
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from bench.judge.cell.metrics import METRICS
from bench.judge.stacks.rows import Row
from bench.reading import JudgedRun
from bench.show.charts import capacity, frontier, in_flight, knee, percentiles, timeline
from bench.show.charts.against_load import against_load
from bench.show.charts.drawable import drawable
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled
from bench.show.text.document import Picture

DPI = 130
FORMATS = ("svg", "png")
# No date and no version of the drawing library, so that the same run gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
_DRAWN: dict[str, Callable[[JudgedRun, Sequence[Row]], Chart | None]] = {
    capacity.NAME: capacity.chart,
    **{name: partial(against_load, metric, name) for metric in METRICS for _, name in metric.charts},
    percentiles.NAME: percentiles.chart,
    knee.NAME: knee.chart,
    in_flight.NAME: in_flight.chart,
    frontier.NAME: frontier.chart,
    timeline.NAME: lambda reading, _: timeline.chart(reading),
}
_TOLD = re.compile(r"""<a xlink:href=(["'])(?!#)(.*?)\1[^>]*>""")
NAMES = tuple(_DRAWN)
"""The charts in the order of the page."""


def pictures(reading: JudgedRun, rows: Sequence[Row], names: Iterable[str] = NAMES) -> Iterator[Picture]:
    """The charts of these names, by default all, in the order of the page. A chart without data is left out.

    Of a run that is too large to draw they show a part, and say so.

    The same run gives the same bytes.
    """
    reading, rows, left_out = drawable(reading, rows)
    for draw in (_DRAWN[name] for name in names):
        # Not around the yield, or the caller would work with these settings of the drawing library.
        with styled():
            chart = draw(reading, rows)
            picture = None if chart is None else picture_of(chart, left_out)
        if picture is not None:
            yield picture


def save_pictures(pictures: Iterable[Picture], folder: Path, names: Iterable[str] = NAMES) -> tuple[Picture, ...]:
    """The pictures, now saved in the folder. Charts of these names that an earlier drawing left there are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = []
    for picture in pictures:
        for kind, data in zip(FORMATS, (picture.svg, picture.png), strict=True):
            path = folder / f"{picture.name}.{kind}"
            path.unlink(missing_ok=True)  # a link or a FIFO of this name is not written through
            path.write_bytes(data)
        saved.append(picture)
    for name in set(names) - {picture.name for picture in saved}:
        for kind in FORMATS:
            (folder / f"{name}.{kind}").unlink(missing_ok=True)
    return tuple(saved)


def picture_of(chart: Chart, left_out: str = "") -> Picture:
    """The chart as SVG and PNG. `left_out`: what it does not show."""
    svg, png = (_written(chart.figure, kind) for kind in FORMATS)
    caution = f"{chart.caution} {left_out}" if left_out else chart.caution
    return Picture(chart.name, chart.title, chart.finding, caution, own_ids(svg, chart.name), png)


def _written(figure: Figure, kind: str) -> bytes:
    target = BytesIO()
    figure.savefig(target, format=kind, dpi=DPI, metadata=_METADATA[kind])
    return target.getvalue()


def own_ids(svg: bytes, name: str) -> bytes:
    """The drawing with ids that begin with its name, so that each is unique on a page with other drawings.

    An id that nothing refers to may come from the name of a stack and repeat: `mean:flask` becomes the attributes
    data-mark="mean" and data-stack="flask", any other is removed. What a mark tells, which matplotlib takes for the
    address of a link, becomes data-told. Comments are removed.
    """
    text = re.sub(r"<!--.*?-->\n?", "", svg.decode(), flags=re.DOTALL)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))

    def renamed(found: re.Match[str]) -> str:
        if found[2] in used:
            return f' id="{name}-{found[2]}"'
        mark, colon, stack = unescape(found[2]).partition(":")
        return f' data-mark="{escape(mark)}" data-stack="{escape(stack)}"' if colon else ""

    def changed(tag: re.Match[str]) -> str:
        """A tag, as opposed to the words between tags, which may look like attributes."""
        told = _TOLD.fullmatch(tag[0])
        if told is not None:
            return f'<g data-told="{escape(unescape(told[2]))}">'
        return re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", re.sub(r""" id=(["'])(.*?)\1""", renamed, tag[0]))

    return re.sub(r"<[^>]*>", changed, text).replace("</a>", "</g>").encode()
