import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.judge.gate.comparable import Difference
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Finding, Judgement, Word
from bench.show.text.terminal import render
from bench.show.verdict.document import verdict
from bench.show.verdict.publish import MOST_PRINTED, comment, present
from tests.unit.sessions import STACKS, Recipe, session

GOLDENS = Path(__file__).parent / "goldens"
FLASK, FASTAPI = STACKS
GITHUB = 65_536


@pytest.fixture
def slower() -> Judgement:
    return judge_paired(session(Recipe(effects={(FLASK, "cpu"): 1.2})), Gate())


def test_a_regression_with_a_control_as_a_comment(slower: Judgement, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "regressed.md", comment(slower))


def test_the_first_paragraph_is_the_verdict_and_the_second_says_why(slower: Judgement) -> None:
    first, second, *_ = comment(slower).split("\n\n")
    assert first.startswith("**\N{CROSS MARK} Regressed: flask-gthread, weather, 100 users: CPU per request +")
    assert "10 restarts, adjusted p 0.018 in a family of 18" in second


def many(judgement: Judgement, name: str, words: list[Word], number: int) -> Judgement:
    one = judgement.findings[0]
    found: list[Finding] = [
        replace(
            one, stack=f"{name}{place}", scenario=name, verdict=words[place % len(words)], because=name, left_out=name
        )
        for place in range(number)
    ]
    fields = tuple(Difference(f"{name}{place}", name, name) for place in range(number))
    notes = tuple(f"{name}{place}" for place in range(number))
    deciding = tuple(one for one in found if one.verdict == words[-1])
    return replace(judgement, findings=tuple(found), deciding=deciding, differences=fields, notes=notes)


@pytest.mark.parametrize("name", ["a", "&<|*" * 100, "\N{GRINNING FACE}" * 1000, "x" * 5000])
@pytest.mark.parametrize("number", [1, 300])
def test_a_comment_is_never_too_long_for_a_comment(slower: Judgement, name: str, number: int) -> None:
    for judgement in (
        many(slower, name, ["passed", "inconclusive", "regressed"], number),
        replace(many(slower, name, ["regressed"], number), differences=()),
    ):
        text = comment(judgement)
        assert len(text.encode()) < GITHUB
        first, second, *_ = text.split("\n\n")
        assert first.startswith("**\N{CROSS MARK} Regressed: ")
        assert second.endswith((".", "\N{HORIZONTAL ELLIPSIS}"))


def test_a_single_name_may_be_longer_than_a_comment(slower: Judgement) -> None:
    text = comment(replace(many(slower, "&" * 70_000, ["regressed"], 1), differences=()))
    assert len(text.encode()) < GITHUB / 2
    assert "| regressed |" in text


def test_what_does_not_fit_is_counted_and_the_gravest_is_kept(slower: Judgement) -> None:
    judgement = replace(
        many(slower, "&" * 50, ["passed", "regressed", "inconclusive"], 300), differences=(), notes=(), ungated=()
    )
    text = comment(judgement)
    rows = [line for line in text.split("\n") if line.startswith("| &amp;")]
    assert 30 < len(rows) < 300
    assert all(row.endswith("| regressed |") for row in rows[:30])
    assert f"{300 - len(rows)} rows were left out: there is no room for more." in text
    assert re.search(r"[0-9]+ notes were left out", text)


def test_names_stand_for_themselves(slower: Judgement) -> None:
    evil = "a|b\n# c <img src=x> `d` [e](f) *g*"
    judgement = replace(many(slower, evil, ["regressed"], 1), differences=())
    text = comment(judgement)
    assert r"a\|b \# c &lt;img src=x&gt; \`d\` \[e\](f) \*g\*" in text
    assert "<img" not in text


def test_the_exit_code_is_the_verdicts_and_the_files_are_written(
    slower: Judgement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert present(slower, markdown=tmp_path / "a.md", json=tmp_path / "a.json") == 1
    assert capsys.readouterr().out == render(verdict(slower))
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("**\N{CROSS MARK} Regressed: ")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["verdict"] == "regressed"
    assert present(slower) == 1


def test_a_file_that_cannot_be_written_is_an_error_after_the_verdict_was_said(
    slower: Judgement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BenchError, match=r"the verdict cannot be written to .*: No such file or directory"):
        present(slower, json=tmp_path / "absent" / "a.json")
    assert capsys.readouterr().out == render(verdict(slower))


def test_a_verdict_of_very_many_findings_is_printed_in_short(
    slower: Judgement, capsys: pytest.CaptureFixture[str]
) -> None:
    judgement = replace(many(slower, "a", ["inconclusive", "regressed"], MOST_PRINTED + 1), differences=())
    assert present(judgement) == 1
    out = capsys.readouterr().out
    assert len(out) < 3 * GITHUB
    assert "rows were left out: there is no room for more." in " ".join(out.split())
