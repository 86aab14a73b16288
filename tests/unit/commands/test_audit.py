import json
from pathlib import Path

import pytest

import compare
from bench.__main__ import main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples/audit"

ONE = '[[figures]]\nname = "a"\nsource = "page 1"\nrps = {rps}\nwait_s = 0.1\nusers = 100\nduration_s = 10\n'


@pytest.mark.parametrize(("rps", "code"), [("[1000, 1000]", 0), ("[1020, 1020]", 1)])
def test_the_exit_code_says_whether_something_is_impossible(tmp_path: Path, rps: str, code: int) -> None:
    path = tmp_path / "figures.toml"
    path.write_text(ONE.format(rps=rps), encoding="utf-8")
    assert main(["audit", str(path)]) == code
    assert compare.main(["audit", str(path)]) == code


def test_each_finding_has_its_sentence_and_its_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, page = tmp_path / "figures.toml", tmp_path / "audit.md"
    path.write_text(ONE.format(rps="[1020, 1020]"), encoding="utf-8")
    assert main(["audit", str(path), "--markdown", str(page)]) == 1
    out = capsys.readouterr().out
    assert "1 row of figures: 1 impossible, 0 without a finding." in out
    said = "100 users that each get an answer after 0.1 s or more get at most 1010.5/s, but the rate is 1020 to 1020/s"
    assert f"| a | users that wait | {said} | page 1 |" in page.read_text(encoding="utf-8")


def test_json_has_every_row_with_its_ranges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "figures.toml"
    path.write_text(ONE.format(rps=1000), encoding="utf-8")
    assert main(["audit", str(path), "--json", "-"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["name"], row["figures"]["rps"], row["findings"]) == (
        "a",
        {"low": 500.0, "high": 1500.0, "text": "1000"},
        [],
    )


def test_a_bad_file_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(tmp_path / "none.toml")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_the_examples_are_what_the_page_says_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    for name, expected in {
        "granian.toml": ["Hypercorn 100ms (c128)", "Uwsgi 100ms (c128)"],
        "articles.toml": ["FastAPI, 1,000 users, if each waits 200 ms"],
    }.items():
        assert main(["audit", str(EXAMPLES / name), "--json", "-"]) == 1
        rows = json.loads(capsys.readouterr().out)["rows"]
        bad = [row["name"] for row in rows if any(one["grade"] == "impossible" for one in row["findings"])]
        assert bad == expected
