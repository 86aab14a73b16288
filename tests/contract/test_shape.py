"""The services can be laid side by side: the same files, and in each the same functions in the same order."""

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

from .servers import ROOT

FLASK, FASTAPI = ROOT / "flask_app", ROOT / "fastapi_app"
MODULES = sorted(path.name for path in FLASK.glob("*.py"))
THREADS = {"routes_threads.py": "routes.py", "upstream_threads.py": "upstream.py"}


def functions(path: Path) -> list[str]:
    """The public functions and methods in a file, in order."""
    names = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names += [f"{node.name}.{member.name}" for member in node.body if is_public(member)]
        elif is_public(node):
            names.append(node.name)
    return names


def is_public(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_both_services_have_the_same_modules() -> None:
    assert sorted({path.name for path in FASTAPI.glob("*.py")} - set(THREADS)) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_both_services_have_the_same_functions_in_the_same_order(module: str) -> None:
    # What only one has: a client that must be closed within its event loop.
    in_fastapi = [name for name in functions(FASTAPI / module) if name != "Upstream.aclose"]
    assert in_fastapi == functions(FLASK / module)


@pytest.mark.parametrize(("threads", "coroutines"), THREADS.items())
def test_the_plain_functions_are_those_of_the_coroutines(threads: str, coroutines: str) -> None:
    only_there = {"once", "Upstream.aclose"}
    assert functions(FASTAPI / threads) == [name for name in functions(FASTAPI / coroutines) if name not in only_there]


@pytest.mark.parametrize(
    "path", [*FLASK.glob("*.py"), *FASTAPI.glob("*.py")], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_service_knows_neither_the_other_nor_the_benchmark(path: Path) -> None:
    others = {"bench", "upstream", "loadtests", "tests", "flask_app", "fastapi_app"} - {path.parent.name}
    assert not imported(path) & others
