import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import Stack
from bench.places import SHIPPED
from bench.run.host import ports
from bench.run.host.process import OWN_PROGRAMS
from bench.run.host.signals import StopRequest
from bench.run.testbed import server
from bench.run.testbed.server import program_folders, running_server

SERVE = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps([sys.argv[1:], os.environ["WHERE"], os.getcwd()]).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def stack(folder: Path, *argv: str, env: dict[str, str] | None = None, ready_path: str | None = "/") -> Stack:
    return Stack("mine", "Mine", "wsgi", argv, env or {}, 3, 4, 12, ready_path, str(folder))


def test_placeholders_are_filled_in_wherever_they_are(tmp_path: Path) -> None:
    mine = stack(
        tmp_path,
        *(
            sys.executable,
            "-c",
            SERVE,
            "{port}",
            "{host}:{port}",
            "{workers}x{threads}",
            "{users}<{connections}",
            "{A} {",
        ),
        env={"WHERE": "{upstream}/weather"},
    )
    with running_server(mine, "http://up:1", 7, (), tmp_path / "log", StopRequest()) as running:
        url = running.url
        _, port = url.removeprefix("http://").split(":")
        said, where, cwd = _get(url)
    assert said == [port, f"127.0.0.1:{port}", "3x4", "7<14", "{A} {"]
    assert where == "http://up:1/weather"
    assert Path(cwd) == tmp_path


def _get(url: str) -> tuple[list[str], str, str]:
    import http.client  # noqa: PLC0415

    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    said, where, cwd = json.loads(connection.getresponse().read())
    connection.close()
    return said, where, cwd


def test_a_stack_names_the_folders_that_are_searched_before_path(tmp_path: Path) -> None:
    mine, made = stack(tmp_path, "serve"), tmp_path / "base.venv/bin"
    assert program_folders(mine) == (OWN_PROGRAMS,)
    assert program_folders(replace(mine, programs=None)) == ()
    assert program_folders(replace(mine, programs=None), made) == (made,)
    assert program_folders(replace(mine, programs=str(tmp_path)), made) == (made, tmp_path)
    assert program_folders(replace(mine, programs="upstream")) == (SHIPPED / "upstream",)


def test_a_folder_of_programs_that_does_not_exist_is_named(tmp_path: Path) -> None:
    mine = replace(stack(tmp_path, sys.executable), programs=str(tmp_path / "gone"))
    with (
        pytest.raises(
            BenchError, match=f"the folder {tmp_path / 'gone'} does not exist: correct `programs` of stack mine"
        ),
        running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
    ):
        pass


@pytest.mark.parametrize("place", ["argv", "env"])
def test_the_error_for_an_unknown_placeholder_lists_the_known_ones(tmp_path: Path, place: str) -> None:
    mine = stack(tmp_path, "a", "{prot}") if place == "argv" else stack(tmp_path, "a", env={"A": "{prot}"})
    with pytest.raises(BenchError) as caught, running_server(mine, "", 1, (), tmp_path / "log", StopRequest()):
        pass
    assert str(caught.value) == (
        "unknown placeholder {prot} in '{prot}'; "
        "known: {host} {port} {workers} {threads} {upstream} {users} {connections} {folder}"
    )


@pytest.mark.parametrize(
    ("argv", "env", "cwd", "wanted"),
    [
        (("no-such-program",), {}, ".", "there is no program 'no-such-program' on PATH"),
        (("./no-such-program",), {}, ".", "there is no program './no-such-program' in /"),
        ((sys.executable,), {}, "gone", "the working directory .*gone does not exist"),
        ((sys.executable, "-c", "a\0b"), {}, ".", "mine cannot be started: embedded null byte"),
        ((sys.executable,), {"A=B": "c"}, ".", "mine cannot be started: illegal environment variable name"),
        ((sys.executable, "-c", "raise SystemExit(7)"), {}, ".", r"mine ended with exit code 7; log: .*log \(empty\)"),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"), {}, ".", "mine was killed by SIGKILL"),
    ],
)
def test_the_error_for_what_cannot_be_started_is_one_line(
    tmp_path: Path, argv: tuple[str, ...], env: dict[str, str], cwd: str, wanted: str
) -> None:
    mine = stack(tmp_path / cwd, *argv, env=env)
    with (
        pytest.raises(BenchError, match=wanted) as caught,
        running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
    ):
        pass
    assert "\n" not in str(caught.value)


NEVER = "import time; print('half way'); time.sleep(60)"


def test_the_error_for_a_server_that_never_listens_has_its_port_and_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "READY_S", 0.5)
    mine = stack(tmp_path, sys.executable, "-u", "-c", NEVER)
    with (
        pytest.raises(BenchError, match=r"not ready on port \d+ after 0.5 s \(.*\): does its argv use") as caught,
        running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
    ):
        pass
    assert f"it said: half way; log: {tmp_path / 'log'}" in str(caught.value)


def test_a_server_whose_ready_path_answers_an_error_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "READY_S", 1.5)
    broken = SERVE.replace("send_response(200)", "send_response(503)")
    mine = stack(tmp_path, sys.executable, "-c", broken, "{port}", env={"WHERE": ""})
    with (
        pytest.raises(BenchError, match="GET / answered 503"),
        running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
    ):
        pass


@pytest.mark.parametrize("ready_path", [None, "/"])
def test_a_server_is_not_ready_where_another_process_listens_on_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready_path: str | None
) -> None:
    others = (sys.executable, "-c", SERVE, "{port}")
    with running_server(
        stack(tmp_path, *others, env={"WHERE": ""}), "", 1, (), tmp_path / "other.log", StopRequest()
    ) as other:
        taken = int(other.url.rpartition(":")[2])
        monkeypatch.setattr(server, "free_port", lambda: taken)
        mine = stack(tmp_path, sys.executable, "-c", NEVER, ready_path=ready_path)
        with (
            pytest.raises(BenchError, match=f"port {taken} is already taken by another process, not by mine"),
            running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
        ):
            pass


@pytest.mark.parametrize("ready_path", [None, "/"])
def test_a_server_that_puts_itself_into_the_background_is_an_error_that_says_what_to_do(
    tmp_path: Path, ready_path: str | None
) -> None:
    daemon = f"import os, sys\nif os.fork(): os._exit(0)\nos.setsid()\n{SERVE}"
    mine = stack(tmp_path, sys.executable, "-c", daemon, "{port}", env={"WHERE": ""}, ready_path=ready_path)
    with (
        pytest.raises(
            BenchError, match=r"^mine runs in the background: the program that was started ended with exit"
        ) as caught,
        running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
    ):
        pass
    assert "pid" in str(caught.value)
    assert "Start it in the foreground" in str(caught.value)


MASTER = """
import os, socket, sys, time
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    if os.fork() == 0:
        os._exit(3)
    os.wait()
    print("a worker died", flush=True)
    time.sleep(0.05)
"""


def test_a_master_that_listens_while_no_worker_comes_up_gets_words_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "READY_S", 0.5)
    monkeypatch.setattr(ports, "ANSWER_S", 0.2)
    mine = stack(tmp_path, sys.executable, "-c", MASTER, "{port}")
    with (
        pytest.raises(BenchError) as caught,
        running_server(mine, "", 1, (), tmp_path / "log", StopRequest()),
    ):
        pass
    said = str(caught.value)
    assert re.match(
        r"mine listens on port \d+, but after 0.5 s none of its workers is up \(GET /: timed out\): "
        r"can they import the application\?; it said: .*a worker died; log: ",
        said,
    ), said
