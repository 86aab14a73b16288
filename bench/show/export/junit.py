"""JUnit XML: a test case for each gated figure of an A/B, or for each cell and search of a plain run.

The elements and attributes are those of junit-10.xsd in jenkinsci/xunit-plugin, which Jenkins, GitLab and others read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from bench.errors import cut, plain
from bench.judge.gate.verdict import MOVED, Finding, Judgement, Word
from bench.model.run import Run
from bench.show.text.titles import load_title
from bench.show.verdict import words
from bench.show.verdict.finding import name, sentence

FILE = "junit.xml"
LONGEST = 2000
"""Characters of a message: it may be one of a program that is measured."""

Ending = Literal["passed", "failure", "error", "skipped"]
COUNTED: Mapping[Ending, str] = {"failure": "failures", "error": "errors", "skipped": "skipped"}
"""The attribute of a suite that counts the test cases with each ending."""

OF_WORDS: Mapping[Word, Ending] = {
    "regressed": "failure",
    "not comparable": "error",
    "inconclusive": "skipped",
    "improved": "passed",
    "passed": "passed",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A test case. `kind` and `message`: why it did not pass; `figures`: lines for its output."""

    stack: str
    scenario: str
    name: str
    ending: Ending = "passed"
    kind: str = ""
    message: str = ""
    figures: tuple[str, ...] = ()
    time_s: float | None = None


def text(run: Run, cases: Iterable[Case], properties: Mapping[str, str]) -> str:
    """The document: a suite for each stack, with its test cases and the properties."""
    by_stack: dict[str, list[Case]] = {}
    for case in cases:
        by_stack.setdefault(case.stack, []).append(case)
    every = [case for own in by_stack.values() for case in own]
    counts = _counts(every)
    counts.pop(COUNTED["skipped"])  # the schema has it for suites alone
    root = ET.Element("testsuites", {"name": plain(run.id), **counts})
    for stack, own in by_stack.items():
        attributes = {"name": plain(stack), **_counts(own), "timestamp": plain(run.started).partition("+")[0]}
        suite = ET.SubElement(root, "testsuite", attributes)
        told = ET.SubElement(suite, "properties")
        for key, value in properties.items():
            ET.SubElement(told, "property", {"name": key, "value": cut(value, LONGEST)})
        for case in own:
            _add(suite, case)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def verdict(judgement: Judgement) -> Iterator[Case]:
    """A test case for each gated figure of each stack that the change affects, or one for a verdict without any.

    Where the control moved, nothing can be concluded: then none passes and none fails.
    """
    gated = [one for one in (*judgement.findings, *judgement.counted) if not one.control]
    for one in gated:
        yield _of_finding(one, judgement)
    message = f"{words.headline(judgement)}. {words.why(judgement)}"
    if judgement.unchanged:
        yield Case("verdict", "all", "verdict", figures=(message,))
    elif not gated:
        ending: Ending = "error" if judgement.verdict == "not comparable" else "skipped"
        yield Case("verdict", "all", "verdict", ending, judgement.verdict, message)


def properties(judgement: Judgement) -> Mapping[str, str]:
    """The verdict and what it is about."""
    moved = (one for one in judgement.findings if one.control and one.verdict in MOVED)
    return {
        "verdict": judgement.verdict,
        "headline": words.headline(judgement),
        "sides": words.sides(judgement),
        "alpha": repr(judgement.gate.alpha),
        **{f"moved.{number}": sentence(one) for number, one in enumerate(moved, start=1)},
    }


def _of_finding(one: Finding, judgement: Judgement) -> Case:
    place = one.stack, one.scenario, f"{load_title(one.load)}: {name(one)}"
    figures = tuple(_lines(one, judgement))
    if judgement.moved:
        message = f"{words.headline(judgement)}. {words.why(judgement)} Here: {sentence(one)}."
        return Case(*place, "skipped", "control moved", message, figures)
    ending = OF_WORDS[one.verdict]
    message = "" if ending == "passed" else f"{sentence(one)}. {words.reason(one, judgement)}"
    return Case(*place, ending, one.verdict, message, figures)


def _lines(one: Finding, judgement: Judgement) -> Iterator[str]:
    """The numbers of a finding in base units, as reading them gives them again."""
    yield f"verdict: {one.verdict}"
    yield f"unit: {one.metric.unit}"
    for key, value in (("base", one.base), ("head", one.head)):
        if value is not None:
            yield f"{key}: {value!r}"
    if one.change is not None:
        form = "a fraction of base" if one.metric.compared_by == "ratio" else "a difference"
        yield f"change ({form}): {one.change.mean!r}"
        if one.change.low is not None and one.change.high is not None:
            yield f"95 % interval: {one.change.low!r} to {one.change.high!r}"
    yield f"threshold: {one.threshold!r}"
    if one.p is not None:
        yield f"p, adjusted for {judgement.family} tests: {one.p!r}"
    if any(one.rounds):
        yield f"{judgement.unit}s: {one.rounds[0]} of base, {one.rounds[1]} of head"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    counts = {title: str(sum(case.ending == ending for case in cases)) for ending, title in COUNTED.items()}
    return {"tests": str(len(cases)), **counts}


def _add(suite: ET.Element, case: Case) -> None:
    place = {"classname": plain(f"{case.stack}.{case.scenario}"), "name": plain(case.name)}
    if case.time_s is not None:
        place["time"] = f"{case.time_s:.6f}"
    element = ET.SubElement(suite, "testcase", place)
    if case.ending != "passed":
        message = cut(case.message, LONGEST)
        ET.SubElement(element, case.ending, {"type": plain(case.kind), "message": message}).text = message
    if case.figures:
        ET.SubElement(element, "system-out").text = "\n".join(map(plain, case.figures))
