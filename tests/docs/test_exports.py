"""The examples of docs/export.md are what the command writes."""

from bench.show.text.embed import embed

from .exports import PAGE, examples


def test_the_examples_are_those_of_the_reference_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == embed(page, examples(), PAGE.name), "write them anew: python -m tests.docs.exports"
