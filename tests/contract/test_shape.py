"""The two services can be read side by side: the same files, with the same public functions in the same order."""

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

import fastapi_app.app
import flask_app.app

from .servers import ROOT

FLASK, FASTAPI = ROOT / "flask_app", ROOT / "fastapi_app"
THREADS = FASTAPI / "threads"

BY_PYDANTIC = "Pydantic checks a field by its type"
BY_SIGNATURE = "FastAPI reads the parameters of a route from its signature"
ALLOWED = {
    "fastapi_app/problems.py answer_bad_parameter": "FastAPI checks parameters before it calls the route",
    "fastapi_app/problems.py answer_unexpected": "Flask itself turns an unexpected exception into an HTTPException",
    "fastapi_app/upstream.py Upstream.aclose": "an asynchronous client must be closed on its event loop",
    "flask_app/bodies.py integer": BY_PYDANTIC,
    "flask_app/bodies.py number": BY_PYDANTIC,
    "flask_app/bodies.py record": BY_PYDANTIC,
    "flask_app/bodies.py each": BY_PYDANTIC,
    "flask_app/parameters.py parameter": BY_SIGNATURE,
    "flask_app/parameters.py valid": BY_SIGNATURE,
}
"""Functions that only one service has, and why. FastAPI's threads/ is compared with FastAPI's coroutines instead."""

CLIENTS = {"transport.py": ["create_transport"]}
"""Functions of threads/ that are no coroutines in FastAPI either: each client has its own."""

PROGRAMS = {"bench", "upstream", "inprocess", "loadtests", "tests", "flask_app", "fastapi_app"}


def files(service: Path) -> list[Path]:
    """The modules of a service, those in subfolders included."""
    return sorted(service.rglob("*.py"))


def public(path: Path, kind: tuple[type[ast.stmt], ...] = (ast.FunctionDef, ast.AsyncFunctionDef)) -> list[str]:
    """The public functions and methods in a file, in order."""
    names = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            names += [f"{node.name}.{member.name}" for member in node.body if is_public(member, kind)]
        elif is_public(node, kind):
            names.append(node.name)
    return names


def is_public(node: ast.stmt, kind: tuple[type[ast.stmt], ...]) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, kind) and not getattr(node, "name", "_").startswith("_")


def outline(service: Path) -> dict[str, list[str]]:
    """By file, the public functions that both services should have."""
    return {
        str(path.relative_to(service)): [name for name in public(path) if f"{place(path)} {name}" not in ALLOWED]
        for path in files(service)
        if not path.is_relative_to(THREADS)
    }


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_both_services_have_the_same_files_and_the_same_functions_in_the_same_order() -> None:
    assert outline(FASTAPI) == outline(FLASK)


def test_both_services_have_the_same_subjects_in_the_same_order() -> None:
    assert fastapi_app.app.SUBJECTS == flask_app.app.SUBJECTS


def test_every_allowed_difference_is_a_function_that_only_one_service_has() -> None:
    found = {
        service: {f"{place(p)} {name}" for p in files(service) for name in public(p)} for service in (FLASK, FASTAPI)
    }
    for difference in ALLOWED:
        service, other = (FLASK, FASTAPI) if difference.startswith(FLASK.name) else (FASTAPI, FLASK)
        assert difference in found[service]
        assert difference.replace(service.name, other.name) not in found[other]


def test_each_subject_and_the_upstream_come_in_plain_functions_too() -> None:
    modules = {f"{subject}.py" for subject in fastapi_app.app.SUBJECTS} | {"upstream.py", "transport.py", "__init__.py"}
    assert {str(path.relative_to(THREADS)) for path in files(THREADS)} == modules


@pytest.mark.parametrize("path", files(THREADS), ids=lambda path: path.name)
def test_the_plain_functions_are_the_coroutines_of_the_same_file_in_the_same_order(path: Path) -> None:
    coroutines = FASTAPI / path.name
    wanted = [
        name for name in public(coroutines, (ast.AsyncFunctionDef,)) if f"{place(coroutines)} {name}" not in ALLOWED
    ]
    assert public(path) == CLIENTS.get(path.name, wanted)
    assert public(path, (ast.AsyncFunctionDef,)) == []


@pytest.mark.parametrize("path", [*files(FLASK), *files(FASTAPI)], ids=place)
def test_a_service_imports_neither_the_other_nor_the_benchmark(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    assert not imported(path) & (PROGRAMS - {own})
