"""report.html: the whole report of a run in one file, which needs no network and no other file."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from bench.model.run import Run
from bench.show.charts.gallery import Picture
from bench.show.report.answer import ANSWER, LIMITS
from bench.show.report.content import Content
from bench.show.report.facts import argv, facts, stacks, summary, tested, versions
from bench.show.report.machine import machine, steadiness
from bench.show.report.page.layout import contents, marked, passages, sections
from bench.show.text.markdown import plain


def page(run: Run, content: Content, pictures: Sequence[Picture]) -> str:
    """The HTML text, `content` being that of the run. The same input gives the same text.

    Whatever comes from the run is text in it and never markup, on one line and without what is not printable.
    """
    style, script = _read("style.css"), _read("script.js")
    own, said = sections(run, content.groups), passages(content)
    text = _TEMPLATES.get_template("template.html").render(
        run=run,
        content=content,
        answer=content.answer,
        pictures=pictures,
        summary=summary(run),
        titles={"answer": ANSWER, "limits": LIMITS},
        machine=machine(run),
        steadiness=steadiness(run.cells),
        versions=versions(run),
        contents=contents(content, own, said, pictures),
        sections=own,
        passages=said,
        stacks=stacks(run),
        facts=facts(run),
        tested=tested(run),
        argv=argv(run),
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return text + "\n"


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: nothing but this style, this script and images that are in the page itself."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    """How the policy names an element of exactly this text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _address(svg: bytes) -> str:
    """The drawing itself as the address of an image.

    An image and not markup: the ids of one drawing stay apart from those of the next, and the style attributes of a
    drawing are none of the page, which allows none.
    """
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


def _read(name: str) -> str:
    """The text of a file beside this one."""
    return files("bench.show.report.page").joinpath(name).read_text(encoding="utf-8")


def _one_line(value: object) -> object:
    """Text made plain, whoever wrote it; what is no text, or markup already, as it is."""
    return plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


_TEMPLATES = Environment(
    loader=FunctionLoader(_read),
    autoescape=True,
    undefined=StrictUndefined,
    # Before it is escaped, every value that a template writes out goes through this.
    finalize=_one_line,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(address=_address, marked=marked)
