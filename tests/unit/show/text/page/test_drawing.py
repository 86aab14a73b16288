"""A drawing of matplotlib as a part of the page."""

from bench.show.text.document import Picture
from bench.show.text.page.drawing import drawn

SVG = """<?xml version="1.0"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="90pt" height="60pt" viewBox="0 0 90 60">
 <metadata><rdf>x</rdf></metadata><defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
%s
</svg>"""
SHAPE = '<defs><path id="p-m1" d="M 0 1.256 \nL 2 -3 \nz" style="stroke: #ffffff; stroke-width: 0.7"/></defs>'


def page(inner: str) -> str:
    """The inside of the drawing on the page."""
    text = str(drawn(Picture("p", "A title", 'It "shows" <much>.', "", (SVG % inner).encode(), b""), "c1"))
    head = (
        '<svg class="chart" viewBox="0 0 90 60" width="120" role="group" aria-label="It &#34;shows&#34; &lt;much&gt;.">'
    )
    assert text.startswith(head)
    assert text.endswith("</svg>")
    return text[len(head) : -len("</svg>")].replace("<defs></defs>", "", 1)


def test_styles_become_attributes_and_places_are_rounded() -> None:
    line = '<path d="M 10.123456 20.96 \nL 3 4 \n" clip-path="url(#p-clip)" style="fill: none; stroke: #08335e"/>'
    assert page(line) == '<path d="M10.1 21L3 4" clip-path="url(#c1-0)" fill="none" stroke="#08335e"/>'


def test_groups_that_say_nothing_are_left_out() -> None:
    nested = '<g>\n <g data-mark="a" data-stack="b">\n  <g>\n   <rect x="1.0" y="2.55"/>\n  </g>\n </g>\n</g>'
    assert page(nested) == '<g data-mark="a" data-stack="b"><rect x="1" y="2.5"/></g>'


def test_words_stay_words_whatever_they_look_like() -> None:
    text = (
        '<text style="font-size: 8px; font-family: \'DejaVu Sans\'; text-anchor: start; fill: #222222" x="1.26" y="2" '
        'transform="rotate(-0 1.26 2)">a style="x: y" &lt;g&gt; id="p-m1" 1.2345</text>'
    )
    assert page(text) == (
        '<text font-size="8px" fill="#222222" x="1.3" y="2">a style="x: y" &lt;g&gt; id="p-m1" 1.2345</text>'
    )
    turned = '<text style="text-anchor: middle" x="1" y="2" transform="rotate(-90 1 2)">s</text>'
    assert page(turned) == '<text text-anchor="middle" x="1" y="2" transform="rotate(-90 1 2)">s</text>'


def test_a_shape_looks_as_those_that_use_it_say_and_what_several_say_is_said_once() -> None:
    look = 'style="fill: #08335e; stroke: #ffffff; stroke-width: 0.7"'
    shape = '<defs><path id="c1-0" d="M0 1.26L2 -3z"/></defs>'
    one = f'<use xlink:href="#p-m1" x="1.25" y="2" {look}/>'
    assert page(SHAPE + one) == (
        f'{shape}<use href="#c1-0" x="1.2" y="2" fill="#08335e" stroke="#ffffff" stroke-width="0.7"/>'
    )
    other = f'<use xlink:href="#p-m1" x="7" y="8" {look}/>'
    assert page(SHAPE + one + other) == (
        f'{shape}<g fill="#08335e" stroke="#ffffff" stroke-width="0.7">'
        '<use href="#c1-0" x="1.2" y="2"/><use href="#c1-0" x="7" y="8"/></g>'
    )
