"""The command line: its names, what it says of mistakes, and its help."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import bench.__main__ as program
import compare
from bench import __version__, cli
from bench.commands import diff as diffing
from bench.commands.planning import plan_of
from bench.errors import BenchError
from bench.options import OPTIONS

NAMES = [command.name for command in cli.COMMANDS]


def ended(capsys: pytest.CaptureFixture[str], *words: str, prog: str = "stackduel") -> tuple[object, str, str]:
    """The exit code of argparse, and what it printed."""
    with pytest.raises(SystemExit) as caught:
        program.main(words, prog=prog)
    said = capsys.readouterr()
    return caught.value.code, said.out, said.err


@pytest.mark.parametrize(
    ("words", "usage", "said"),
    [
        (("run", "--user", "10"), "stackduel run ", "unknown option --user: did you mean --users?"),
        (("run", "--usres=10"), "stackduel run ", "unknown option --usres: did you mean --users?"),
        (("ab", "--bse", "main"), "stackduel ab ", "unknown option --bse: did you mean --base?"),
        (("report", "there", "--jsno", "x"), "stackduel report ", "unknown option --jsno: did you mean --json?"),
        (("run", "--zzz"), "stackduel run ", "unknown option --zzz"),
        (("run", "-x"), "stackduel run ", "unknown option -x"),
        (("--verison",), "stackduel ", "unknown option --verison: did you mean --version?"),
        (("rum",), "stackduel ", f"unknown command rum: did you mean run?; known: {', '.join(NAMES)}"),
        (("run", "extra"), "stackduel run ", "unexpected argument: extra"),
        (("run", "--", "--users"), "stackduel run ", "unexpected argument: "),
        ((), "stackduel ", "the following arguments are required: COMMAND"),
        (("run", "--users"), "stackduel run ", "argument --users: expected one argument"),
    ],
)
def test_a_mistake_exits_with_2_the_usage_of_that_command_and_the_nearest_name(
    words: tuple[str, ...], usage: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ended(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"usage: {usage}")
    assert f"error: {said}" in err


@pytest.mark.parametrize("command", NAMES)
def test_no_option_can_be_abbreviated(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (option for option in OPTIONS if command in option.commands and option.name.startswith("--")):
        name = option.name[:-1]
        assert name in ended(capsys, command, name, "1")[2]


def test_a_value_may_begin_with_a_sign_or_be_a_dash() -> None:
    parser = cli.parser("stackduel")
    assert parser.parse_args(["run", "--seed", "-1"]).seed == -1
    assert parser.parse_args(["report", "--json", "-"]).json == Path("-")
    assert parser.parse_args(["list", "--set", "a.env.X=--b"]).set == ["a.env.X=--b"]


@pytest.mark.parametrize("prog", ["stackduel", "python -m bench"])
def test_the_version_is_told(prog: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, "--version", prog=prog)[:2] == (0, f"stackduel {__version__}\n")


@pytest.mark.parametrize("command", NAMES)
def test_the_help_of_a_command_explains_every_option_in_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = ended(capsys, command, "--help", prog="python -m bench")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    told = " ".join(out.split())
    for option in (option for option in OPTIONS if command in option.commands):
        explained = option.settings["help"].split(" (default")[0].replace("%%", "%")
        assert f" {option.name if option.name.startswith('-') else option.settings['metavar']} " in told
        assert explained in told


def test_the_help_of_run_explains_loads_and_exit_codes_with_three_examples_that_can_be_planned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out, _ = ended(capsys, "run", "--help")
    assert "A closed-loop load (--users)" in out
    assert "An open-loop load (--rate)" in out
    assert set(re.findall(r"^  (\d+) ", out, re.MULTILINE)) == {"0", "1", "2", "130"}
    (tmp_path / "mine.toml").write_text(
        '[stacks.mine]\ninterface = "wsgi"\nargv = ["a"]\n[scenarios.mine]\npath = "/"\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    examples = [shlex.split(line) for line in out.partition("examples:\n")[2].replace("\\\n", "").splitlines()]
    assert len(examples) == 3
    for first, *words in examples:
        assert first == "stackduel"
        assert plan_of(cli.parser("stackduel").parse_args(words)).profile.loads


def test_compare_py_has_the_commands_that_show_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        compare.main(["run"])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: compare.py ")
    assert said.endswith("unknown command run; known: report, diff, trend, audit, export\n")


@pytest.mark.parametrize(
    ("argv", "name"),
    [(("-m", "bench"), "bench"), (("compare.py",), "compare.py"), (("-m", "bench.__main__"), "bench")],
)
def test_every_name_of_the_program_is_the_same_program(argv: tuple[str, ...], name: str) -> None:
    root = Path(compare.__file__).parent
    done = subprocess.run(
        (sys.executable, *argv, "report", "gone"), cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{name}: gone holds no run.json: is it a run folder?\n"


@pytest.mark.parametrize("error", [BenchError("it broke", exit_code=1), ImportError("it broke"), SystemExit(1)])
def test_an_error_of_a_command_that_judges_never_exits_with_1(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(_: Path) -> None:
        raise error

    monkeypatch.setattr(diffing, "load_run", broken)
    assert program.main(["diff", str(tmp_path)], prog="stackduel") == 2
    assert "it broke" in (said := capsys.readouterr().err) or "an unexpected exit with 1" in said


@pytest.mark.parametrize("wrong", ["def half(:\n", "import gone\n", "raise SystemExit(1)\n", "1 / 0\n"])
@pytest.mark.parametrize("argv", [("-m", "bench"), ("compare.py",)])
def test_a_package_that_cannot_be_imported_exits_with_2(argv: tuple[str, ...], wrong: str, tmp_path: Path) -> None:
    for name in ("__init__", "__main__", "places"):
        target = tmp_path / "bench" / f"{name}.py"
        target.parent.mkdir(exist_ok=True)
        target.write_text((Path(program.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    (tmp_path / "bench/cli.py").write_text(wrong)
    (tmp_path / "compare.py").write_text(Path(compare.__file__).read_text(encoding="utf-8"))
    done = subprocess.run((sys.executable, *argv, "diff", "a", "b"), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
