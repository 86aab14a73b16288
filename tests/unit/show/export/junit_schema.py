"""What a JUnit file may hold: the elements and attributes of junit-10.xsd in jenkinsci/xunit-plugin, as a table."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Element:
    """The attributes that it must have, those that it may have, and its children."""

    must: frozenset[str]
    may: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()


def _element(must: str = "", may: str = "", children: str = "") -> Element:
    return Element(*(frozenset(words.split()) for words in (must, may, children)))


ELEMENTS = {
    "testsuites": _element("", "name time tests failures errors", "testsuite"),
    "testsuite": _element(
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "properties": _element(children="property"),
    "property": _element("name value"),
    "testcase": _element("name", "time classname group", "skipped error failure system-out system-err"),
    "skipped": _element("", "type message"),
    "error": _element("", "type message"),
    "failure": _element("", "type message"),
    "system-out": _element(),
    "system-err": _element(),
}
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
COUNTS = {"tests", "failures", "errors", "skipped", "time"}


def faults(text: str) -> list[str]:
    """What the document has that it must not have, or lacks."""
    root = ET.fromstring(text)
    found = [] if root.tag == "testsuites" else [f"the document is a {root.tag}"]
    for one in root.iter():
        known = ELEMENTS.get(one.tag)
        if known is None:
            found.append(f"there is no element {one.tag}")
            continue
        found += [f"{one.tag} has no {name}" for name in known.must - set(one.attrib)]
        found += [f"{one.tag} has {name}" for name in set(one.attrib) - known.must - known.may]
        found += [f"{one.tag} has a child {child.tag}" for child in one if child.tag not in known.children]
        found += [
            f"{name} is {one.attrib[name]}"
            for name in COUNTS & set(one.attrib)
            if not NUMBER.fullmatch(one.attrib[name])
        ]
    return found
