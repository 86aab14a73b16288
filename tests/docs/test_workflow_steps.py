"""Every script of the workflows and of the action is run as written; the programs it calls are stand-ins."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from .workflows import Sandbox, Step, scripts, step

GATE, ACTION = step("bench.yml", "Base and head in turn"), step("action.yml", "Base and head in turn")
COMMENT = step("bench.yml", "One comment, written anew each time")
NIGHTS, TREND = step("nightly.yml", "Earlier nights"), step("nightly.yml", "Trend")
SESSIONS = step("nightly.yml", "Sessions of earlier nights")
INSTALL = step("action.yml", "Install")

AB = """
while [ $# -gt 0 ]; do
  case $1 in
    --markdown) [ -n "{verdict}" ] && echo "**{verdict}**" > "$2" ;;
    --json) [ -n "{verdict}" ] && echo '{{"verdict": "{verdict}"}}' > "$2" ;;
  esac
  shift
done
exit {code}
"""
CODES = [
    (0, "no regression", 0),
    (1, "regressed", 1),
    (2, "", 2),
    (3, "not comparable", 3),
    (4, "inconclusive", 0),
    (143, "", 143),
]
"""The exit code of `ab`, its verdict, and the exit code of the step."""

MARKER = "<!-- bench: the verdict -->"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose base branch has gone on since the head left it."""
    made = Sandbox(tmp_path_factory.mktemp("made"))
    (made.checkout / "results/reference/calibration").mkdir(parents=True)
    made.git("init", "--quiet")
    for message in ("base", "later"):
        made.git("commit", "--quiet", "--allow-empty", "--message", message)
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    made.git("reset", "--quiet", "--hard", "HEAD~1")
    made.git("commit", "--quiet", "--allow-empty", "--message", "head")
    (made.checkout / "verdict.md").write_text("**regressed**\n", encoding="utf-8")
    (made.checkout / "trend-short.md").write_text("**no steps**\n", encoding="utf-8")
    return made.checkout


@pytest.fixture
def sandbox(checkout: Path, tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    shutil.copytree(checkout, made.checkout)
    (tmp_path / "temp").mkdir()
    for program in (
        *("bin/make", "bin/sudo", "bin/gh", "bin/python3.12", "checkout/.venv/bin/python", "checkout/.ci/run"),
        *("temp/stackduel/bin/python", "temp/stackduel/bin/stackduel"),
    ):
        made.program(program)
    return made


@pytest.mark.parametrize("one", list(scripts()), ids=str)
def test_a_script_succeeds_where_all_that_it_calls_does(sandbox: Sandbox, one: Step) -> None:
    sandbox.program("checkout/.venv/bin/python", AB.format(verdict="improved", code=0))
    done = sandbox.run(one)
    assert done.code == 0, done.out
    assert sandbox.called() or one == TREND


@pytest.mark.parametrize("one", [one for one in scripts() if "\n" not in one.script.strip()], ids=str)
def test_a_script_of_one_command_fails_with_it(sandbox: Sandbox, one: Step) -> None:
    for program in ("bin/make", "bin/sudo", "checkout/.venv/bin/python", "checkout/.ci/run"):
        sandbox.program(program, "exit 3")
    assert sandbox.run(one).code == 3


@pytest.mark.parametrize(("code", "verdict", "ends"), CODES)
def test_the_gate_fails_as_its_verdict_says_and_shows_it(sandbox: Sandbox, code: int, verdict: str, ends: int) -> None:
    (sandbox.checkout / "verdict.md").unlink()
    sandbox.program("checkout/.venv/bin/python", AB.format(verdict=verdict, code=code))
    done = sandbox.run(GATE)
    assert (done.code, done.outputs) == (ends, {"code": str(code)})
    assert done.summary == (f"**{verdict}**\n" if verdict else _no_verdict(code))
    assert (sandbox.checkout / "verdict.md").read_text(encoding="utf-8") == done.summary
    assert ("::warning" in done.out) == (code == 4)


def _no_verdict(code: int) -> str:
    return f"**No verdict.** The session ended with exit code {code}; the log of the workflow says why.\n"


def test_the_gate_compares_with_the_commit_that_the_head_left_its_base_at(sandbox: Sandbox) -> None:
    sandbox.run(GATE)
    (words,) = sandbox.called()
    assert words[:6] == ("python", "-m", "bench", "ab", "--exact", "--base")
    assert words[6] == sandbox.git("rev-parse", "HEAD~1") != sandbox.git("rev-parse", "origin/main")


def test_the_gate_measures_nothing_without_a_base(sandbox: Sandbox) -> None:
    done = sandbox.run(GATE, GITHUB_BASE_REF="gone")
    assert done.code != 0
    assert (done.outputs, sandbox.called()) == ({}, [])


@pytest.mark.parametrize(("code", "verdict", "ends"), CODES)
def test_the_action_fails_as_its_verdict_says_and_gives_it_as_outputs(
    sandbox: Sandbox, code: int, verdict: str, ends: int
) -> None:
    sandbox.program("temp/stackduel/bin/stackduel", AB.format(verdict=verdict, code=code))
    sandbox.program("temp/stackduel/bin/python", f'exec {sys.executable} "$@"')
    done = sandbox.run(ACTION)
    assert done.code == ends, done.out
    assert (done.outputs["verdict"], done.outputs["exit-code"]) == (verdict, str(code))
    assert Path(done.outputs["markdown"]).read_text(encoding="utf-8") == done.summary
    assert done.summary == (f"**{verdict}**\n" if verdict else _no_verdict(code))
    assert Path(done.outputs["json"]).is_file() == bool(verdict)
    assert ("::warning" in done.out) == (code == 4)


def test_the_action_hands_its_inputs_on(sandbox: Sandbox) -> None:
    service = sandbox.checkout / "my service"
    service.mkdir()
    given = {
        "CONFIG": "mine.toml",
        "STACKS": "a,b",
        "MINUTES": "10",
        "EXACT": "true",
        "FAIL_ON": "p95:10%\ncpu:5%  memory:3%",
    }
    done = sandbox.run(ACTION, BASE="v1", HEAD_REVISION="v2", REPO="my service", **given)
    (words,) = sandbox.called()
    assert words[:6] == ("stackduel", "ab", "--repo", str(service), "--base", "v1")
    assert words[6:8] == ("--head", "v2")
    assert words[words.index("--out") + 1] == done.outputs["run"]
    assert not Path(done.outputs["run"]).is_relative_to(sandbox.checkout)
    rest = words[words.index("--config") :]
    assert rest == (
        *("--config", f"{service}/mine.toml", "--stacks", "a,b", "--minutes", "10", "--exact"),
        *("--fail-on", "p95:10%", "--fail-on", "cpu:5%", "--fail-on", "memory:3%"),
    )


def test_the_action_says_nothing_of_what_it_is_not_given(sandbox: Sandbox) -> None:
    sandbox.run(ACTION)
    (words,) = sandbox.called()
    assert words[5] == sandbox.git("rev-parse", "HEAD~1")
    assert set(words) & {"--config", "--stacks", "--minutes", "--exact", "--fail-on"} == set()


@pytest.mark.parametrize(
    ("branch", "told"), [("", "give the revision to compare with"), ("gone", "check out with fetch-depth: 0")]
)
def test_the_action_says_what_to_do_without_a_base(sandbox: Sandbox, branch: str, told: str) -> None:
    done = sandbox.run(ACTION, GITHUB_BASE_REF=branch)
    assert done.code == 2
    assert told in done.out
    assert sandbox.called() == []


def test_the_action_installs_itself_with_the_hashes_of_its_lock_file(sandbox: Sandbox) -> None:
    sandbox.run(INSTALL)
    made, locked, itself = sandbox.called()
    assert made == ("python3.12", "-m", "venv", f"{sandbox.top}/temp/stackduel")
    assert locked[-3:] == ("--require-hashes", "-r", f"{sandbox.top}/action/requirements.lock")
    assert itself[-2:] == ("--no-deps", f"{sandbox.top}/action")


GH_API = """
if [ "$2" = --paginate ]; then jq -r "$5" "{comments}"; fi
"""


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq to filter as gh does: apt install jq")
@pytest.mark.parametrize(
    ("author", "body", "target"),
    [
        ("github-actions[bot]", f"{MARKER}\nregressed", "--method PATCH repos/owner/name/issues/comments/2"),
        ("somebody", f"{MARKER}\nregressed", "--method POST repos/owner/name/issues/7/comments"),
        ("github-actions[bot]", f"about {MARKER}", "--method POST repos/owner/name/issues/7/comments"),
    ],
)
def test_the_comment_of_the_workflow_is_updated_and_no_other_one(
    sandbox: Sandbox, author: str, body: str, target: str
) -> None:
    known = [("somebody", "hello"), (author, body), (author, body)]
    comments = [{"id": number, "user": {"login": who}, "body": said} for number, (who, said) in enumerate(known, 1)]
    (sandbox.top / "comments.json").write_text(json.dumps(comments), encoding="utf-8")
    sandbox.program("bin/gh", GH_API.format(comments=sandbox.top / "comments.json"))
    done = sandbox.run(COMMENT)
    assert done.code == 0, done.out
    _, written = sandbox.called()
    assert " ".join(written) == f"gh api --silent {target} --field body=@comment.md"
    text = (sandbox.checkout / "comment.md").read_text(encoding="utf-8")
    assert text == (
        f"{MARKER}\n**regressed**\n\nOf 0123abc, in [this run](https://github.com/owner/name/actions/runs/42).\n"
    )


def test_no_comment_is_written_if_the_earlier_ones_cannot_be_read(sandbox: Sandbox) -> None:
    sandbox.program("bin/gh", "exit 1")
    assert sandbox.run(COMMENT).code == 1
    assert len(sandbox.called()) == 1


GH_RUN = """
case $2 in
  list) echo 3; echo 2; echo 1 ;;
  download)
    [ "$3" = {absent} ] && exit 1
    mkdir -p "$7"
    cp -R "{artifacts}/$3/." "$7" ;;
esac
"""


def test_the_trend_is_over_the_nights_that_are_kept_and_tonight(sandbox: Sandbox) -> None:
    for night in (1, 2, 3):
        (sandbox.top / f"artifacts/{night}").mkdir(parents=True)
    sandbox.program("bin/gh", GH_RUN.format(absent=2, artifacts=sandbox.top / "artifacts"))
    assert sandbox.run(NIGHTS).code == 0
    done = sandbox.run(TREND)
    assert (done.code, done.summary) == (0, "**no steps**\n")
    words = sandbox.called()[-1]
    assert words[:7] == ("python", "-m", "bench", "trend", "nights/1", "nights/3", "results/tonight")


def test_the_first_night_has_no_trend(sandbox: Sandbox) -> None:
    assert sandbox.run(NIGHTS).code == 0
    done = sandbox.run(TREND)
    assert (done.code, done.summary) == (0, "The first night: no trend yet.\n")


def test_the_sessions_of_earlier_nights_are_joined_with_the_committed_ones(sandbox: Sandbox) -> None:
    night, kept = sandbox.top / "artifacts/2", sandbox.checkout / "results/reference/calibration"
    night.mkdir(parents=True)
    old, new, newer = (f'{{"taken": "2026-01-0{day}T03:00:00"}}\n' for day in (1, 2, 3))
    (kept / "sessions.jsonl").write_text(old + newer, encoding="utf-8")
    (night / "sessions.jsonl").write_text(old + new, encoding="utf-8")
    (night / "slices-2026-01-02T030000.npz").write_bytes(b"slices")
    sandbox.program("bin/gh", GH_RUN.format(absent=3, artifacts=sandbox.top / "artifacts"))
    done = sandbox.run(SESSIONS)
    assert done.code == 0, done.out
    assert (kept / "sessions.jsonl").read_text(encoding="utf-8") == old + new + newer
    assert sorted(file.name for file in kept.iterdir()) == ["sessions.jsonl", "slices-2026-01-02T030000.npz"]
    assert len(sandbox.called()) == 3, "one list, and the newest night that has them"
