"""A stack's server: its placeholders filled in, started and ready."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from bench.errors import BenchError
from bench.model.config import HARNESS, Stack
from bench.places import SHIPPED
from bench.run.host.ports import HOST, free_port, wait_until_ready
from bench.run.host.process import OWN_PROGRAMS, Program, find_program, search_path
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


PREPARE_S = 600.0
"""What is run to its end, such as migrations, may take so long."""


def log_beside(log: Path, name: str) -> Path:
    """A log file beside another one, with its name and one more."""
    return log.with_name(f"{log.name.removesuffix('.log')}.{name}.log")


NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
"""In an A/B, bytecode in the folder of a side is proof of what its server ran."""


class Server:
    """A running stack, where it serves, and whether it has answered a request."""

    def __init__(self, program: Program, port: int, *, answered: bool) -> None:
        self.program = program
        self.port = port
        self.answered = answered
        self.url = f"http://{HOST}:{port}"


def program_folders(stack: Stack, environment: Path | None = None) -> tuple[Path, ...]:
    """The folders that are searched for the stack's program before PATH, in their order.

    `environment`: the programs of an environment that was made for this side of an A/B; it comes first. Raises
    BenchError where the folder that the stack names does not exist.
    """
    made = () if environment is None else (environment,)
    return (*made, *named_folder(stack.programs, f"stack {stack.name}"))


def python_of(stack: Stack, environment: Path | None = None) -> Path:
    """The Python of the environment that the stack's program is in; the harness's own where there is none.

    `environment`: as in `program_folders`.
    """
    path = search_path(stack.env, program_folders(stack, environment))
    program = find_program(stack.argv[0], SHIPPED / stack.cwd, path)
    python = program.with_name("python") if program is not None else None
    return python if python is not None and python.exists() else OWN_PROGRAMS / "python"


def named_folder(programs: str | None, whose: str) -> tuple[Path, ...]:
    """The folder that `programs` of a table stands for; none for None. BenchError where it does not exist."""
    if programs is None:
        return ()
    named = OWN_PROGRAMS if programs == HARNESS else SHIPPED / programs
    if not named.is_dir():
        raise BenchError(f"the folder {named} does not exist: correct `programs` of {whose}")
    return (named,)


@contextmanager
def running_server(
    stack: Stack,
    upstream_url: str,
    users: int,
    cpus: Sequence[int],
    log: Path,
    stop: StopRequest,
    port: int = 0,
    environment: Path | None = None,
    urls: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """The stack's server once it is ready; `users` is the most requests that will be in flight.

    `urls`: what the names of its companions stand for.
    """
    port = port or free_port()
    texts = (*stack.argv, *stack.prepare, *stack.env.values())
    with scratch_folder() if any("{folder}" in text for text in texts) else nullcontext("") as folder:
        values = {
            "host": HOST,
            "port": str(port),
            "workers": str(stack.workers),
            "threads": str(stack.threads),
            "upstream": upstream_url,
            "users": str(users),
            "connections": str(2 * users),
            "folder": str(folder),
            **(urls or {}),
        }
        argv, prepare = ([filled(part, values) for part in parts] for parts in (stack.argv, stack.prepare))
        env = {name: filled(value, values) for name, value in stack.env.items()}
        programs, cwd = program_folders(stack, environment), SHIPPED / stack.cwd
        if prepare:
            name, own = f"`prepare` of {stack.name}", env | NO_BYTECODE
            with Program(
                name, prepare, env=own, cwd=cwd, cpus=cpus, log=log_beside(log, "prepare"), programs=programs
            ) as first:
                first.finish(PREPARE_S, stop)
        with Program(stack.name, argv, env=env, cwd=cwd, cpus=cpus, log=log, programs=programs) as program:
            wait_until_ready(program, port, stack.ready_path, stop)
            yield Server(program, port, answered=stack.ready_path is not None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders filled in. BenchError where one is unknown."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise BenchError(f"unknown placeholder {match[0]} in {text!r}; known: {{{'} {'.join(values)}}}")
        return values[match[1]]

    return _PLACEHOLDER.sub(value, text)
