import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.model.cell import Problem
from bench.model.run import Run, Selftest
from bench.show.report.document import report
from bench.show.report.reproduction import Reproduction
from bench.show.text.document import (
    Cell,
    Choice,
    Column,
    Document,
    Facts,
    Link,
    Note,
    Paragraph,
    Picture,
    Section,
    Table,
    within,
    words_table,
)
from bench.show.text.footnotes import footnotes, numbered
from bench.show.text.page.html import TINTS, render
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of

HEADINGS = ("h2", "h3", "h4", "h5", "h6")
EMPTY = {"meta", "link", "img", "input"}
LATE = Problem("upstream late", "off by 6 ms", ("latency",))
NOISY = Problem("noisy", "steal 3 %")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "a\u202eb\n<h1>c</h1>",
)
TESTED = Selftest("2026-01-02", ((0,), (1,)), 1.0, 2.0, 0.1, 3, 4.0, 0.1, 0.1, 0.1, 1024, 0.0, 0.0, ("late timers",))


@dataclass(slots=True)
class Element:
    """A part of the page, with what is in it."""

    tag: str
    attributes: dict[str, str]
    within: list["Element | str"] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator["Element"]:
        for part in self.within:
            if isinstance(part, Element):
                if not tags or part.tag in tags:
                    yield part
                yield from part.all(*tags)

    @property
    def raw(self) -> str:
        return "".join(part if isinstance(part, str) else part.raw for part in self.within)

    @property
    def text(self) -> str:
        return " ".join(self.raw.split())


class Reader(HTMLParser):
    """Reads a page of which every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open = [Element("", {})]
        self.feed(text)
        self.close()
        assert len(self.open) == 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].within.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].within.append(data)


def read(text: str) -> Element:
    return Reader(text).open[0]


DRAWING = b"""<?xml version="1.0"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="90pt" height="60pt" viewBox="0 0 90 60">
 <metadata><rdf>x</rdf></metadata><defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <g data-mark="mean" data-stack="flask"><g data-told="flask 845/s">
  <path d="M 0 0" style="fill: #08335e; stroke: none"/></g></g>
</svg>"""


def picture(name: str, size: int = 0, title: str = "Throughput against users") -> Picture:
    svg = DRAWING + b" " * size
    return Picture(name, title, f"{name}: fastapi serves most.", "A line is no promise.", svg, b"")


def said(run: Run, pictures: Sequence[Picture] = (), reproduced: Reproduction | None = None) -> Document:
    found, compared = rows(run.cells, run.config), ratios(run.cells, run.config)
    return report(run, found, compared, reproduced=reproduced, pictures=pictures)


def written(run: Run, pictures: Sequence[Picture] = ()) -> str:
    return render(said(run, pictures))


def titles(document: Element) -> list[str]:
    return [heading.text for heading in document.all("h2")]


def identified(document: Element) -> dict[str, Element]:
    found = [element for element in document.all() if "id" in element.attributes]
    by_id = {element.attributes["id"]: element for element in found}
    assert len(by_id) == len(found)
    return by_id


@pytest.fixture
def run() -> Run:
    """Two scenarios, both load models, an unreliable figure, one of fewer rounds, and a problem that spoils nothing."""
    planned = plan(
        {"flask-sync": SYNC, "fastapi": FASTAPI}, {"weather": (10, 500), "health": (10,)}, rates={"weather": (100.0,)}
    )
    loads = planned.profile.loads
    spoilt = {("fastapi", 500, 1): (LATE, NOISY), ("fastapi", 500, 2): (LATE, NOISY), ("flask-sync", 10, 2): (LATE,)}
    cells = [
        cell(
            stack,
            number=number,
            scenario=scenario,
            load=load,
            throughput_rps=190.0 + number,
            problems=spoilt.get((stack, getattr(load, "users", 0), number), ()),
        )
        for scenario in loads
        for load in loads[scenario]
        for stack in planned.profile.stacks
        for number in (1, 2, 3)
        if (stack, number) != ("fastapi", 3) or getattr(load, "users", 0) != 500
    ]
    return run_of(planned, tuple(cells), ("this machine has one core",))


def test_the_page_is_well_formed_and_its_headings_stand_in_order(run: Run) -> None:
    found = read(written(run, pictures=[picture("p95")]))
    (root,) = (part for part in found.within if isinstance(part, Element))
    assert (root.tag, root.attributes) == ("html", {"lang": "en"})
    levels = [int(heading.tag[1]) for heading in found.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [len(list(found.all(tag))) for tag in ("header", "nav", "main")] == [1, 1, 1]


def test_the_answer_comes_first_and_what_explains_it_after(run: Run) -> None:
    found = read(written(replace(run, selftest=TESTED), pictures=[picture("p95")]))
    (title,) = found.all("h1")
    assert title.text == "Benchmark run 20260102-030405"
    assert titles(found) == [
        "The answer",
        "Charts",
        "What this run cannot tell",
        "Machine and versions",
        "Contents",
        "How to read the tables",
        "Results",
        "Footnotes",
        "Remarks",
        "Ratios",
        "What limits each stack",
        "Stacks",
        "How it was made",
    ]
    for words in (
        "fastapi and flask-sync had the same throughput",
        "The server had one core",
        "this machine has one core",
        "Example CPU @ 2.00GHz",
        "gunicorn 23.0.0",
        "0123456789abcdef0123456789abcdef01234567",
        "UNRELIABLE: late timers",
        "run --profile bench",
    ):
        assert words in found.text


def test_every_link_leads_somewhere_and_the_contents_lead_to_all_that_follows(run: Run) -> None:
    found = read(written(run, pictures=[picture("throughput"), picture("p95")]))
    by_id = identified(found)
    links = [link.attributes["href"] for link in found.all("a")]
    assert [link for link in links if link[1:] not in by_id] == ["figures.json"]
    assert all(link.startswith("#") for link in links if link != "figures.json")
    for element in found.all():
        assert set(element.attributes.get("aria-labelledby", "").split()) <= set(by_id)
        assert element.tag != "label" or element.attributes["for"] in by_id
    (contents,) = found.all("nav")
    listed = [link.attributes["href"][1:] for link in contents.all("a")]
    aside = {id(part) for one in found.all("details", "div") for part in one.all()}
    headings = [one.attributes.get("id", "") for one in found.all(*HEADINGS) if id(one) not in aside]
    below = headings[headings.index("contents") + 1 :]
    assert listed == [name for name in below if name]
    assert [by_id[name].text for name in listed] == [link.text for link in contents.all("a")]


def test_nothing_is_fetched_and_nothing_but_the_pages_own_style_and_script_may_run(run: Run) -> None:
    found = read(written(run, pictures=[picture("p95")]))
    for element in found.all():
        for name in element.attributes:
            assert name not in {"style", "srcset", "action"}
            assert not name.startswith("on")
            if name in {"src", "href"}:
                beside = element.tag == "a" and element.attributes[name] == "figures.json"
                assert beside or element.attributes[name].startswith(("#", "data:"))
    (style,), (script,) = found.all("style"), found.all("script")
    assert "url(" not in style.raw
    assert "@import" not in style.raw
    (policy,) = (one for one in found.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy")
    allowed = dict(part.strip().split(" ", 1) for part in policy.attributes["content"].split(";"))
    hashed = [b64encode(sha256(one.raw.encode()).digest()).decode() for one in (style, script)]
    assert allowed == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": f"'sha256-{hashed[0]}'",
        "script-src": f"'sha256-{hashed[1]}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_a_file_are_text_wherever_they_stand(name: str) -> None:
    stacks = {name: Shape(1), "b": Shape(1)}
    planned = plan(stacks, {"weather": (10,)}, rounds=1, titles={name: name, "weather": name})
    run = run_of(planned, (cell(name, problems=(Problem(name, name, ("latency",)),)), cell("b")), (name,))
    run = replace(run, id=name, commit=name, argv=("run", name), versions={name: name})
    text = written(run, [picture("p95", title=name)])
    found = read(text)
    assert [len(list(found.all(tag))) for tag in ("script", "img", "h1")] == [1, 0, 1]
    assert not [element for element in found.all() if "onerror" in element.attributes]
    shown = name.replace("\u202e", "\\u202e").replace("\n", " ")
    (head, *_) = found.all("h1")
    assert head.text == f"Benchmark run {shown}"
    (row, *_) = (row for row in found.all("tr") if "data-key" in row.attributes)
    assert row.attributes["data-key"] == shown
    assert next(row.all("th")).text == shown
    assert "\u202e" not in text


def tables(document: Document, *, sortable: bool) -> list[Table]:
    return [block for block in within(document.blocks) if isinstance(block, Table) and block.sortable is sortable]


def expected(cell: Cell, numbers: dict[Note, int]) -> str:
    """The text of a cell, with what only a screen reader says."""
    value = f"unreliable: {cell.text}" if cell.struck else cell.text
    marks = (f"footnote [{numbers[note]}]" for note in cell.notes)
    return " ".join(part for part in (value, *marks, cell.detail) if part)


@pytest.mark.parametrize(("kind", "sortable"), [("figures", True), ("words", False)])
def test_the_tables_hold_the_cells_of_the_document_and_no_others(run: Run, kind: str, sortable: bool) -> None:
    document = said(run)
    found = [table for table in read(render(document)).all("table") if table.attributes["class"] == kind]
    assert found
    for table, wanted in zip(found, tables(document, sortable=sortable), strict=True):
        head, *lines = [[part.text for part in row.all("th", "td")] for row in table.all("tr")]
        assert head == [column.title for column in wanted.columns]
        assert lines == [[expected(cell, numbered(document)) for cell in row] for row in wanted.rows]


def test_every_table_is_named_by_its_heading(run: Run) -> None:
    found = read(written(run))
    by_id = identified(found)
    named = [by_id[table.attributes["aria-labelledby"]].text for table in found.all("table")]
    assert named[:8] == [
        "Throughput",
        "P50 latency at saturation",
        "P95 latency at saturation",
        "P99 latency at saturation",
        "Memory (PSS)",
        "CPU per request",
        "Failed requests",
        "10 users (closed-loop)",
    ]
    labels = [one.attributes["aria-label"] for one in found.all("div") if one.attributes.get("class") == "scroll"]
    assert labels[0] == "Results, GET /weather: one upstream call of 20 ms, Closed-loop loads, Throughput"


def test_a_figure_carries_the_number_that_it_is_sorted_by_and_an_unreliable_one_none(run: Run) -> None:
    document = said(run)
    found = read(render(document))
    sorts = [td.attributes["data-sort"] for td in found.all("td") if "data-sort" in td.attributes]
    numbers = [
        cell
        for table in tables(document, sortable=True)
        for row in table.rows
        for cell, column in zip(row, table.columns, strict=True)
        if column.align == "right"
    ]
    assert sorts == ["" if one.value is None else f"{one.value:.6g}" for one in numbers]
    struck = [td for td in found.all("td") if any(td.all("s"))]
    assert struck
    assert {td.attributes["data-sort"] for td in struck} == {""}


def test_marks_lead_to_the_footnotes_they_number(run: Run) -> None:
    document = said(run)
    found = read(render(document))
    notes = {one.number: " ".join((one.problem, *one.rows)) for one in footnotes(numbered(document))}
    by_id = identified(found)
    marks = [link for link in found.all("a") if link.attributes.get("class") == "mark"]
    assert {link.text for link in marks} == {f"footnote [{number}]" for number in notes}
    for link in marks:
        number = int(re.sub(r"\D", "", link.text))
        assert by_id[link.attributes["href"][1:]].text == notes[number]


def test_a_choice_offers_its_sections_and_shows_the_main_ones_to_whoever_cannot_choose() -> None:
    tables = [words_table(("stack",), [(word,)]) for word in ("a", "b")]
    one = Choice("figure", "Show", (Section("x", "X", (tables[0],)), Section("y", "Y", (tables[1],), detail=True)))
    found = read(render(Document("", "", (Section("results", "Results", (one,)),))))
    (select,) = found.all("select")
    assert [(option.text, option.attributes["value"]) for option in select.all("option")] == [("X", "0"), ("Y", "1")]
    assert next(found.all("label")).attributes["for"] == select.attributes["id"] == "figure"
    shown = [part for part in found.all("div") if part.attributes.get("class") == "option"]
    assert [("hidden" in part.attributes, "data-main" in part.attributes) for part in shown] == [
        (False, True),
        (True, False),
    ]
    assert [next(part.all("h3")).text for part in shown] == ["X", "Y"]


def test_a_folded_section_has_its_heading_in_a_summary() -> None:
    found = read(render(Document("", "", (Section("a", "A", (Paragraph("more"),), folded=True),))))
    (details,) = found.all("details")
    (summary,) = details.all("summary")
    assert [heading.text for heading in summary.all("h2")] == ["A"]
    assert next(details.all("p")).text == "more"


def test_a_tint_is_one_of_those_of_the_style_and_what_it_means_is_said() -> None:
    cells = tuple(Cell("1", tint=tint) for tint in (None, 0.0, 0.05, 0.5, 1.0))
    table = Table(tuple(Column(str(number), "right") for number, _ in enumerate(cells)), (cells,), tints="The better.")
    found = read(render(Document("", "", (table,))))
    assert [td.attributes.get("data-tint") for td in found.all("td")] == [None, None, None, "3", "6"]
    assert "The better." in [paragraph.text for paragraph in found.all("p")]
    (style,) = found.all("style")
    assert sorted(map(int, re.findall(r'\[data-tint="(\d)"\]', style.raw))) == list(range(1, TINTS + 1))


def test_what_a_run_lacks_leaves_no_heading_behind() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (10,), "health": (10,)}, rounds=1)
    bare = run_of(planned, (cell("a"),))
    assert titles(read(written(bare))) == [
        "The answer",
        "What this run cannot tell",
        "Machine and versions",
        "Contents",
        "How to read the tables",
        "Results",
        "Remarks",
        "What limits each stack",
        "Stacks",
        "How it was made",
    ]
    assert "No cell was recorded." in read(written(replace(bare, cells=()))).text


def test_a_run_held_against_a_reference_says_so(run: Run) -> None:
    found = read(render(said(run, reproduced=Reproduction("20251231-000000", ()))))
    assert "Does it reproduce the reference run?" in titles(found)
    assert "Compared with 20251231-000000: the two runs have no ratio in common." in found.text


def test_each_chart_says_in_words_what_it_finds_and_how_it_is_misread(run: Run) -> None:
    one = picture("p95", title="P95 latency")
    found = read(written(run, pictures=[one]))
    (shown,), (image,), (caption,) = found.all("figure"), found.all("svg"), found.all("figcaption")
    assert image in list(shown.all("svg"))
    assert image.attributes["aria-label"] == one.finding
    assert caption.text == f"{one.finding} {one.caution}"
    assert identified(found)["chart-p95"].text == "P95 latency"


def test_a_drawing_is_a_part_of_the_page_and_keeps_the_policy(run: Run) -> None:
    found = read(written(run, pictures=[picture("p95")]))
    (drawing,) = found.all("svg")
    assert drawing.attributes["viewbox"] == "0 0 90 60"
    assert drawing.attributes["width"] == "120"
    assert "height" not in drawing.attributes
    assert not list(drawing.all("style", "metadata"))
    (path,) = drawing.all("path")
    assert (path.attributes["fill"], path.attributes["stroke"]) == ("#08335e", "none")
    assert [one.attributes["data-told"] for one in drawing.all("g") if "data-told" in one.attributes] == ["flask 845/s"]


def test_every_table_scrolls_in_a_place_of_its_own_that_the_keyboard_reaches(run: Run) -> None:
    found = read(written(run))
    places = [one for one in found.all("div") if one.attributes.get("class") == "scroll"]
    assert [len(list(one.all("table"))) for one in places] == [1] * len(list(found.all("table")))
    assert all((one.attributes["role"], one.attributes["tabindex"]) == ("region", "0") for one in places)
    assert len({one.attributes["aria-label"] for one in places}) == len(places)


def test_a_row_of_a_stack_can_be_filtered_in_every_table(run: Run) -> None:
    tables = list(read(written(run)).all("table"))
    stacks = set(run.config.profile.stacks)
    found = [[row.attributes["data-key"] for row in table.all("tr") if any(row.all("td"))] for table in tables]
    assert all(found)
    assert {stack for own in found for stack in own} == stacks


def test_without_its_script_only_controls_are_hidden(run: Run) -> None:
    hidden = [one for one in read(written(run, pictures=[picture("p95")])).all() if "hidden" in one.attributes]
    assert [one.attributes["id"] for one in hidden if "id" in one.attributes] == ["theme", "filter", "told"]
    others = {one.attributes["class"] for one in hidden if "id" not in one.attributes}
    assert others == {"choose", "option"}  # an option of a choice is what the control beside it would show


def test_the_same_run_gives_the_same_bytes(run: Run) -> None:
    assert written(run, pictures=[picture("p95")]) == written(run, pictures=[picture("p95")])


def test_a_run_of_300_cells_with_ten_charts_stays_under_5_mb() -> None:
    names = [f"a-stack-whose-name-has-forty-characters{number}" for number in range(5)]
    users = tuple(range(1, 11))
    planned = plan(dict.fromkeys(names, FASTAPI), {"weather": users, "health": users})
    cells = tuple(
        cell(name, count, number, scenario=scenario, throughput_rps=100.0 + number, problems=(LATE, NOISY))
        for scenario in planned.profile.loads
        for count in users
        for name in names
        for number in (1, 2, 3)
    )
    assert len(cells) == 300
    text = written(run_of(planned, cells), pictures=[picture(f"chart-{number}", 100_000) for number in range(10)])
    assert len(text.encode()) < 5_000_000


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_what_it_stands_on_in_both_themes(run: Run) -> None:
    (style,) = read(written(run)).all("style")
    pairs = re.findall(r"--(\w+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", style.raw)
    assert {name for name, _, _ in pairs} == set(re.findall(r"var\(--(\w+)\)", style.raw))
    for theme in ({name: light for name, light, _ in pairs}, {name: dark for name, _, dark in pairs}):
        for ground in ("paper", "panel", "glow", "tint", "shade"):
            for ink in ("ink", "quiet", "link"):
                assert contrast(theme[ink], theme[ground]) >= 4.5
        assert contrast(theme["edge"], theme["paper"]) >= 3


def test_a_document_of_anything_needs_neither_contents_nor_filter() -> None:
    found = read(
        render(
            Document(
                "A verdict",
                "It is so.",
                (
                    Section("a", "Part", (Facts((("seed", "7"),)), Paragraph("See", Link("there", "x.html")))),
                    Section("b", "Table", (words_table(("field", "base"), [("cpus", "2")]),)),
                ),
            )
        )
    )
    assert [one.text for one in found.all("title", "h1", "h2", "dt", "dd")] == [
        "A verdict",
        "A verdict",
        "Part",
        "seed",
        "7",
        "Table",
    ]
    assert [link.attributes["href"] for link in found.all("a")] == ["#content", "x.html"]
    assert not list(found.all("nav", "input"))
    assert [row.attributes for row in found.all("tr")] == [{}, {}]
