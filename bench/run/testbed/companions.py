"""What stands beside a server: databases, queues, workers, each started before it and stopped after it."""

import os
import pwd
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.model.config import Companion
from bench.places import SHIPPED
from bench.run.host.cpus import CpuSets
from bench.run.host.ports import HOST, free_port, wait_until_ready
from bench.run.host.process import Program
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.testbed.server import PREPARE_S, filled, log_beside, named_folder

ALIVE_S = 1.0
"""A program without a port is taken to be up where it has not ended by then."""


@dataclass(frozen=True, slots=True)
class Companions:
    """The companions of one server: their programs by name, and what their names stand for.

    One that runs elsewhere has no program here.
    """

    programs: Mapping[str, Program]
    urls: Mapping[str, str]


@contextmanager
def running_companions(
    wanted: Sequence[Companion], cpus: CpuSets, log: Path, stop: StopRequest, environment: Path | None = None
) -> Iterator[Companions]:
    """The companions, ready and set up, in the order given; they are stopped in the reverse one.

    `log`: a file whose name is that of the server; each gets one of its own beside it. `environment`: the programs of
    an environment that was made for this side of an A/B. Raises BenchError where one does not become ready or cannot be
    set up.
    """
    programs: dict[str, Program] = {}
    urls: dict[str, str] = {}
    with ExitStack() as running:
        for one in wanted:
            if one.url_from is not None:
                urls[one.name] = url_elsewhere(one)
                continue
            own = _running(one, urls, cpus, log_beside(log, one.name), stop, environment)
            programs[one.name], urls[one.name] = running.enter_context(own)
        yield Companions(programs, urls)


def url_elsewhere(one: Companion) -> str:
    """The url of a companion that runs elsewhere. BenchError where its variable is not set."""
    url = os.environ.get(one.url_from or "")
    if not url:
        raise BenchError(f"companions.{one.name}.url_from: the environment variable {one.url_from} is not set")
    return url


@contextmanager
def _running(
    one: Companion, urls: Mapping[str, str], cpus: CpuSets, log: Path, stop: StopRequest, environment: Path | None
) -> Iterator[tuple[Program, str]]:
    port = one.port or free_port()
    cores = cpus.server if one.cores == "server" else cpus.upstream
    with scratch_folder() as top:
        folder = top / one.name
        folder.mkdir()
        values = {"host": HOST, "port": str(port), "folder": str(folder), **urls}
        argv, setup = ([filled(part, values) for part in parts] for parts in (one.argv, one.setup))
        env = {name: filled(value, values) for name, value in one.env.items()}
        user = one.user if os.geteuid() == 0 else None
        if user is not None:
            top.chmod(0o711)  # the folder above stays the harness's own, which looks for what it has left behind
            _hand_over(folder, user, one.name)
            env = {"HOME": str(folder), **env}
        cwd = folder if one.cwd is None else SHIPPED / one.cwd
        made = () if environment is None else (environment,)
        programs = (*made, *named_folder(one.programs, f"companion {one.name}"))
        title = f"companion {one.name}"
        with Program(title, argv, env=env, cwd=cwd, cpus=cores, log=log, programs=programs, user=user) as program:
            if one.listens:
                wait_until_ready(program, port, one.ready_path, stop)
            else:
                stop.sleep(ALIVE_S)
                program.check_alive()
            if setup:
                name, own_log = f"`setup` of {title}", log_beside(log, "setup")
                with Program(
                    name, setup, env=env, cwd=cwd, cpus=cores, log=own_log, programs=programs, user=user
                ) as last:
                    last.finish(PREPARE_S, stop)
            yield program, filled(one.url, values)


def _hand_over(folder: Path, user: str, name: str) -> None:
    """Let the folder belong to a user. BenchError where there is no such user."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise BenchError(f"companions.{name}.user: there is no user {user!r} on this machine") from None
    shutil.chown(folder, entry.pw_uid, entry.pw_gid)
