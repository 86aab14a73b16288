import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from bench.errors import BenchError
from bench.run.host import process
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest

FAMILY = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in range(3):
    if os.fork() == 0:
        if number:
            os.setsid()
        if number == 2 and os.fork():
            os._exit(0)
        Path(sys.argv[1], str(os.getpid())).touch()
        time.sleep(60)
Path(sys.argv[1], str(os.getpid())).touch()
if "daemon" not in sys.argv:
    time.sleep(60)
"""


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def program(folder: Path, *argv: str) -> Program:
    return Program("mine", argv, env={}, cwd=folder, cpus=(), log=folder / "logs" / "mine.log")


def alive(folder: Path) -> list[int]:
    """Which processes still run of those that left their number in the folder."""
    return [int(file.name) for file in folder.iterdir() if psutil.pid_exists(int(file.name)) and not _dead(file.name)]


def _dead(pid: str) -> bool:
    try:
        return psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("daemon", [False, True])
def test_no_process_is_left_of_a_program_that_ignores_term_and_scatters_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, daemon: bool
) -> None:
    """A child in the group, one in a session of its own and a daemon; with `daemon` their parent ends right away."""
    monkeypatch.setattr(process, "GRACE_S", 0.2)
    folder = tmp_path / "family"
    folder.mkdir()
    with program(tmp_path, sys.executable, "-c", FAMILY, str(folder), "daemon" if daemon else "stay") as mine:
        until(lambda: len(list(folder.iterdir())) == 4)
        if daemon:
            until(lambda: mine.process.poll() == 0)
        assert len(alive(folder)) == (3 if daemon else 4)
    until(lambda: not alive(folder))


def test_a_program_that_ends_on_term_is_not_killed(tmp_path: Path) -> None:
    polite = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(0)); print('up', flush=True); time.sleep(60)"
    )
    with program(tmp_path, sys.executable, "-c", polite) as mine:
        until(lambda: "up" in mine.log.read_text())
    assert mine.process.returncode == 0


def test_other_programs_are_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen((sys.executable, "-c", "import time; time.sleep(60)")) as other:
        with program(tmp_path, sys.executable, "-c", "pass"):
            pass
        assert other.poll() is None
        other.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child when its parent dies")
@pytest.mark.parametrize("first", ["the harness", "setpriv"])
def test_a_program_ends_with_a_killed_harness_however_early_that_is_killed(tmp_path: Path, first: str) -> None:
    setpriv = tmp_path / "setpriv"
    setpriv.write_text(f'#!/bin/sh\ntouch begun\nsleep 0.5\nexec {shutil.which("setpriv")} "$@"\n')
    setpriv.chmod(0o755)
    harness = (
        "import sys, time; from pathlib import Path; from bench.run.host.process import Program\n"
        "folder = Path(sys.argv[1])\n"
        "with Program('mine', (sys.executable, '-c', 'import time; open(\"up\", \"w\"); time.sleep(60)'), env={}, "
        "cwd=folder, cpus=(), log=folder / 'log') as mine:\n"
        "    print(mine.process.pid, flush=True); time.sleep(60)\n"
    )
    argv = (sys.executable, "-c", harness, str(tmp_path))
    late = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=late) as parent:
        assert parent.stdout is not None
        pid = parent.stdout.readline()
        until((tmp_path / ("begun" if first == "the harness" else "up")).exists)
        parent.kill()
    until(lambda: _dead(pid))


def script(folder: Path, says: str, name: str = "which-one") -> Path:
    """A program that says from where it is, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)
    return folder


def said(folder: Path, *argv: str, programs: Sequence[Path] = (), env: Mapping[str, str] = {}) -> str:
    log = folder / "said.log"
    with Program("mine", argv, env=env, cwd=folder, cpus=(), log=log, programs=programs) as mine:
        assert mine.process.wait(20) == 0
    return log.read_text().strip()


def test_a_program_is_looked_up_in_the_folders_given_then_on_path_then_in_the_harness_own_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "OWN_PROGRAMS", script(tmp_path / "own", "ours"))
    monkeypatch.setenv("PATH", os.defpath)
    assert said(tmp_path, "which-one") == "ours"
    monkeypatch.setenv("PATH", f"{script(tmp_path / 'path', 'theirs')}{os.pathsep}{os.defpath}")
    assert said(tmp_path, "which-one") == "theirs"
    assert said(tmp_path, "which-one", programs=[script(tmp_path / "first", "first"), tmp_path / "own"]) == "first"
    assert said(tmp_path, "which-one", programs=[tmp_path / "own"]) == "ours"


def test_what_a_program_starts_is_looked_up_as_the_program_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OWN_PROGRAMS", script(tmp_path / "own", "ours"))
    monkeypatch.setenv("PATH", f"{script(tmp_path / 'path', 'theirs')}{os.pathsep}{os.defpath}")
    assert said(tmp_path, "sh", "-c", "which-one") == "theirs"
    assert said(tmp_path, "sh", "-c", "which-one", programs=[tmp_path / "own"]) == "ours"


def test_a_path_of_the_stacks_own_env_takes_the_place_of_the_harness_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{script(tmp_path / 'path', 'theirs')}{os.pathsep}{os.defpath}")
    env = {"PATH": f"{script(tmp_path / 'env', 'env')}{os.pathsep}{os.defpath}"}
    assert said(tmp_path, "which-one", env=env) == "env"


def test_python_is_a_program_like_any_other_the_users_before_the_harness_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert said(tmp_path, "python", "-c", "import sys; print(sys.prefix)") == sys.prefix
    monkeypatch.setenv("PATH", str(script(tmp_path / "path", "theirs", "python")))
    assert said(tmp_path, "python", "-c", "pass") == "theirs"
    assert said(tmp_path, "python", "-c", "print('ours')", programs=[process.OWN_PROGRAMS]) == "ours"


def test_a_program_with_a_path_is_relative_to_the_folder_that_it_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "stack" / "bin", "mine")
    script(tmp_path / "elsewhere" / "bin", "another")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert (
        said(tmp_path / "stack", "bin/which-one")
        == said(tmp_path / "stack", str(tmp_path / "stack/bin/which-one"))
        == "mine"
    )


def test_a_log_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(BenchError, match=r"mine cannot be started: .*logs"), program(tmp_path, sys.executable):
        pass


def test_the_error_says_how_a_program_ended_with_the_end_of_its_log(tmp_path: Path) -> None:
    with program(tmp_path, sys.executable, "-c", "print('one\\n\\ntwo'); raise SystemExit('three')") as mine:
        mine.process.wait(20)
        with pytest.raises(BenchError) as caught:
            mine.check_alive()
    assert str(caught.value) == f"mine ended with exit code 1; it said: one | two | three; log: {mine.log}"


def test_a_signal_to_the_terminals_group_does_not_reach_the_program(tmp_path: Path) -> None:
    with program(tmp_path, sys.executable, "-c", "import time; time.sleep(60)") as mine:
        assert os.getpgid(mine.process.pid) != os.getpgid(0)
        assert os.getsid(mine.process.pid) == mine.process.pid
        mine.process.send_signal(signal.SIGKILL)
        assert mine.process.wait(20) == -signal.SIGKILL


def test_only_the_end_of_a_long_log_is_in_an_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff" * 5_000_000 + b"\n\n" + b"y" * 5000 + b"\nlast\n\n")
    mine = Program("mine", ("a",), env={}, cwd=tmp_path, cpus=(), log=log)
    assert mine.log_tail().endswith(f"y | last; log: {log}")
    assert len(mine.log_tail()) < 3000
    log.unlink()
    assert "cannot be read" in mine.log_tail()


SAYS = "import sys, time\nfor line in range({}): print(f'{{line:09}}', flush=True)\nprint('up', flush=True)"


def test_a_log_that_grows_too_long_keeps_its_begin_and_its_end_and_says_that_lines_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LOG_BYTES", 20_000)
    monkeypatch.setattr(process, "KEPT_TAIL_BYTES", 1000)
    script = f"{SAYS.format(9000)}\ntime.sleep(60)"
    with program(tmp_path, sys.executable, "-c", script) as mine:
        until(lambda: mine.log.read_bytes().endswith(b"up\n"))
        assert mine.log.stat().st_size == 90_003
        mine.check_alive()
        kept = mine.log.read_text()
    assert len(kept) < 20_000
    lines = kept.splitlines()
    assert lines[:1000] == [f"{number:09}" for number in range(1000)]
    assert lines[1001] == "[cut: mine logged more than 0 MB; lines are missing here]"
    assert lines[-2:] == ["000008999", "up"]


def test_what_a_program_logs_after_a_cut_follows_it_and_is_cut_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LOG_BYTES", 20_000)
    monkeypatch.setattr(process, "KEPT_TAIL_BYTES", 1000)
    script = f"{SAYS.format(3000)}\nwhile not __import__('os').path.exists('go'): time.sleep(0.01)\n{SAYS.format(3001)}"
    with program(tmp_path, sys.executable, "-c", script) as mine:
        until(lambda: mine.log.read_bytes().endswith(b"up\n"))
        mine.check_alive()
        (tmp_path / "go").touch()
        assert mine.process.wait(20) == 0
    kept = mine.log.read_bytes()
    assert len(kept) < 20_000
    assert b"\0" not in kept
    assert kept.count(b"[cut: ") == 1
    assert kept.endswith(b"000003000\nup\n")


def test_a_log_within_the_limit_is_left_alone_and_a_deleted_one_is_no_error(tmp_path: Path) -> None:
    with program(tmp_path, sys.executable, "-c", "print('one')") as mine:
        assert mine.process.wait(20) == 0
        mine.cap_log()
        assert mine.log.read_text() == "one\n"
        mine.log.unlink()
        mine.cap_log()


def test_a_log_may_have_64_mb() -> None:
    assert process.LOG_BYTES == 64_000_000


def test_a_program_that_does_not_end_in_time_has_no_exit_code(tmp_path: Path) -> None:
    with program(tmp_path, "sleep", "60") as one:
        assert one.ended(0.0, StopRequest()) is None
        with pytest.raises(BenchError, match=r"mine did not end within 0 s; log: .*mine\.log \(empty\)"):
            one.finish(0.0, StopRequest())
    with program(tmp_path, "sh", "-c", "echo first; echo; echo last; exit 3") as one:
        assert one.ended(10.0, StopRequest()) == 3
    assert one.last_lines() == "first | last"
