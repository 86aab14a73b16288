"""How the tests read the pages."""

from pathlib import Path

import pytest

from . import markdown, shell
from .markdown import anchors, blocks, inline_code, links, slug
from .shell import commands, split

PAGE = """# A page: `make`

See [the other](other.md#a-part "why") and ![a picture](picture.png), `[no](link)`, <https://example.org/x>.

```sh
make setup && . .venv/bin/activate   # it's for later
A=1 .venv/bin/python -m bench run \\
    --users "10, 20" > file.txt || code=$?
```

## A part

- ```toml
  # mine.toml: a table
  [stacks]
  ```

## A part

```yaml
- run: make smoke
- run: |
    echo "not of ours"
    python compare.py diff a b || code=$?
```

```text
make nothing
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(markdown, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    return "page.md"


def test_blocks_have_their_language_their_line_and_their_file(page: str) -> None:
    assert [(block.language, block.line, block.file) for block in blocks(page)] == [
        ("sh", 6, None),
        ("toml", 14, "mine.toml"),
        ("yaml", 21, None),
        ("text", 28, None),
    ]
    assert blocks(page)[1].text == "# mine.toml: a table\n[stacks]\n"


def test_a_block_that_is_not_closed_is_an_error(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("```sh\nmake\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md: the block of line 2 is not closed"):
        blocks(page)


def test_links_and_images_are_found_but_not_in_code(page: str) -> None:
    assert [(link.line, link.target) for link in links(page)] == [
        (3, "other.md#a-part"),
        (3, "picture.png"),
        (3, "https://example.org/x"),
    ]


def test_code_within_sentences_is_found_with_its_line(page: str) -> None:
    assert list(inline_code(page)) == [(1, "make"), (3, "[no](link)")]


def test_headings_are_numbered_where_they_are_there_twice(page: str) -> None:
    assert anchors(page) == {"a-page-make", "a-part", "a-part-1"}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Why PSS, and not RSS?", "why-pss-and-not-rss"),
        ("`run.json` and [links](x.md)", "runjson-and-links"),
        ("A stack - or two", "a-stack---or-two"),
        ("aggregated\\_parallel", "aggregated_parallel"),
    ],
)
def test_a_heading_is_named_as_github_does(heading: str, name: str) -> None:
    assert slug(heading) == name


def test_commands_are_taken_apart_and_those_of_a_workflow_are_the_projects(page: str) -> None:
    assert commands(page)[2].assigned == ("A=1",)
    assert [(command.line, command.words) for command in commands(page)] == [
        (6, ("make", "setup")),
        (6, (".", ".venv/bin/activate")),
        (7, ("python", "-m", "bench", "run", "--users", "10, 20")),
        (21, ("make", "smoke")),
        (24, ("python", "compare.py", "diff", "a", "b")),
    ]


def test_words_keep_the_signs_that_are_no_signs_of_a_shell() -> None:
    line = "python compare.py diff results/latest --fail-on p95:10% --set 'a.env.B=c,d'"
    assert list(split(line)) == [
        (
            ("python", "compare.py", "diff", "results/latest", "--fail-on", "p95:10%", "--set", "a.env.B=c,d"),
            (),
        )
    ]


def test_a_block_without_a_word_is_shell() -> None:
    assert "" in shell.SHELL
    assert "text" not in shell.SHELL | shell.WORKFLOW
