"""The two services can be read side by side: the same files, with the same public functions in the same order."""

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

import fastapi_app.app
import flask_app.app

from .servers import ROOT

FLASK, FASTAPI = ROOT / "flask_app", ROOT / "fastapi_app"
THREADS, COROUTINES = FASTAPI / "threads", FLASK / "coroutines"
AGAIN = {THREADS: FASTAPI, COROUTINES: FLASK}
"""Folders with the subjects again, in functions of the other kind."""

OWN_FILES = {
    "fastapi_app/main.py": "`fastapi run` takes no factory",
    "fastapi_app/variants.py": "pitfalls of an event loop, and ways to answer that only FastAPI has",
    "flask_app/asgi.py": "FastAPI needs no bridge to ASGI",
    "flask_app/pydantic_orders.py": "FastAPI validates by Pydantic anyway",
}
"""Files that only one service has, and why. Each service also has its own clients/."""

BY_PYDANTIC = "Pydantic checks a field by its type"
BY_SIGNATURE = "FastAPI reads the parameters of a route from its signature"
ALLOWED = {
    "fastapi_app/documents.py DocumentRoute.get_route_handler": "FastAPI reads the body before it calls the route",
    "fastapi_app/problems.py answer_bad_parameter": "FastAPI checks parameters before it calls the route",
    "fastapi_app/problems.py answer_unexpected": "Flask itself turns an unexpected exception into an HTTPException",
    "fastapi_app/connections.py create_session": "a pool of urllib3 is a class",
    "fastapi_app/upstream.py Upstream.aclose": "an asynchronous client must be closed on its event loop",
    "flask_app/bodies.py integer": BY_PYDANTIC,
    "flask_app/bodies.py number": BY_PYDANTIC,
    "flask_app/bodies.py record": BY_PYDANTIC,
    "flask_app/bodies.py each": BY_PYDANTIC,
    "flask_app/parameters.py parameter": BY_SIGNATURE,
    "flask_app/parameters.py valid": BY_SIGNATURE,
}
"""Functions that only one service has, and why. The folders in AGAIN are compared with their own service instead."""

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
        if not any(path.is_relative_to(folder) for folder in (*AGAIN, service / "clients"))
        and place(path) not in OWN_FILES
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


def test_every_file_of_one_service_is_there() -> None:
    assert set(OWN_FILES) <= {place(path) for path in (*files(FLASK), *files(FASTAPI))}


def test_each_subject_and_the_upstream_come_in_plain_functions_and_in_coroutines_too() -> None:
    modules = {f"{subject}.py" for subject in fastapi_app.app.SUBJECTS} | {"upstream.py", "__init__.py"}
    assert {path.name for path in files(THREADS)} == modules | {"transport.py"}
    assert {path.name for path in files(COROUTINES)} == modules


@pytest.mark.parametrize("path", files(THREADS), ids=lambda path: path.name)
def test_the_plain_functions_are_the_coroutines_of_the_same_file_in_the_same_order(path: Path) -> None:
    coroutines = FASTAPI / path.name
    wanted = [
        name for name in public(coroutines, (ast.AsyncFunctionDef,)) if f"{place(coroutines)} {name}" not in ALLOWED
    ]
    assert public(path) == CLIENTS.get(path.name, wanted)
    assert public(path, (ast.AsyncFunctionDef,)) == []


@pytest.mark.parametrize("path", files(COROUTINES), ids=lambda path: path.name)
def test_the_coroutines_of_flask_are_those_of_fastapi_in_the_same_order(path: Path) -> None:
    coroutines = FASTAPI / path.name
    wanted = public(coroutines, (ast.AsyncFunctionDef,))
    assert public(path, (ast.AsyncFunctionDef,)) == [
        name for name in wanted if f"{place(coroutines)} {name}" not in ALLOWED
    ]
    assert public(path, (ast.FunctionDef,)) == []


@pytest.mark.parametrize("service", [FLASK, FASTAPI], ids=place)
def test_every_client_has_the_functions_of_the_upstream(service: Path) -> None:
    wanted = public(service / "upstream.py")
    assert {place(path): public(path) for path in files(service / "clients") if path.name != "__init__.py"} == {
        place(path): wanted for path in files(service / "clients") if path.name != "__init__.py"
    }


@pytest.mark.parametrize("path", [*files(FLASK), *files(FASTAPI)], ids=place)
def test_a_service_imports_neither_the_other_nor_the_benchmark(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    assert not imported(path) & (PROGRAMS - {own})
