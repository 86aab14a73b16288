"""Every link of the pages has a target: a file of the repository, and a heading in it."""

import re
import subprocess
from urllib.parse import unquote, urlsplit

import pytest

from .markdown import PAGES, ROOT, Link, anchors, links, text_of

EVERY = tuple(link for page in PAGES for link in links(page))
LOCAL = tuple(link for link in EVERY if not urlsplit(link.target).scheme)


@pytest.mark.parametrize("page", PAGES)
def test_a_relative_link_has_a_file_and_a_heading_as_its_target(page: str) -> None:
    wrong = {f"{page}:{link.line} {link.target}": _fault(link) for link in LOCAL if link.page == page}
    assert {where: fault for where, fault in wrong.items() if fault} == {}


def _fault(link: Link) -> str:
    """What is wrong with the link; empty if nothing is."""
    url = urlsplit(link.target)
    file = (ROOT / link.page).parent / unquote(url.path) if url.path else ROOT / link.page
    if not file.exists():
        return "there is no such file"
    if not file.resolve().is_relative_to(ROOT):
        return "it leads out of the repository"
    if not url.fragment:
        return ""
    if file.suffix != ".md":
        return "only pages have headings"
    known = anchors(file.resolve().relative_to(ROOT).as_posix())
    return "" if url.fragment in known else f"no such heading; there are {', '.join(sorted(known))}"


def test_no_link_targets_a_file_that_git_ignores() -> None:
    files = {(ROOT / link.page).parent / unquote(urlsplit(link.target).path) for link in LOCAL}
    names = "\n".join(sorted(file.resolve().relative_to(ROOT).as_posix() for file in files if file.exists()))
    done = subprocess.run(
        ("git", "check-ignore", "--stdin"), cwd=ROOT, input=names, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_an_external_link_is_well_formed() -> None:
    wrong = [link for link in EVERY if link not in LOCAL and not _well_formed(link.target)]
    assert wrong == []


def _well_formed(target: str) -> bool:
    url = urlsplit(target)
    return url.scheme == "https" and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", url.netloc) is not None


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (ROOT / link.page).parent.joinpath(unquote(urlsplit(link.target).path)).resolve()
        for link in LOCAL
        if urlsplit(link.target).path
    }
    assert [page for page in PAGES if page.startswith("docs/") and ROOT / page not in linked] == []


def test_a_picture_has_a_text_alternative() -> None:
    bare = [page for page in PAGES if re.search(r"!\[\s*\]\(", text_of(page))]
    assert bare == []
