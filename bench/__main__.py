"""The program, by any of its names: `stackduel`, `python -m bench`, and `python compare.py` for what it shows."""

import codecs
import io
import os
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType


def main(argv: Sequence[str] | None = None, prog: str = "stackduel", commands: Sequence[str] = ()) -> int:
    """The exit code of the command; 2 after any unexpected error, because 1 may be a verdict.

    `prog`: the name of the program in its messages; `commands`: those that it has, none: all of them.
    """
    if argv is None:
        _leave_ascii()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: a locale may lack characters of a name
    name = prog.rpartition(" ")[2]
    try:
        return int(_command_line().main(argv, prog, commands))
    except (ImportError, SyntaxError) as error:
        first = str(error).strip().partition("\n")[0]
        print(f"{name}: {type(error).__name__}: {first}: {_advice()}", file=sys.stderr)
    except KeyboardInterrupt:  # while libraries load; measuring handles signals itself
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except Exception:  # noqa: BLE001
        traceback.print_exc()
    return 2


def _leave_ascii() -> None:
    """Start this program again in Python's UTF-8 mode where the locale has ASCII only.

    Without it the name of a folder with an umlaut is no text that a run could record. The programs that are started
    from here inherit the mode, so all read and write the same names.
    """
    ascii_only = codecs.lookup(sys.getfilesystemencoding()).name == "ascii"
    if ascii_only and os.environ.get("PYTHONUTF8") != "1" and sys.executable:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (itself)


def _command_line() -> ModuleType:
    """The module of the commands, imported here so that not even a broken import exits with 1."""
    try:
        from bench import cli  # noqa: PLC0415
    except SystemExit as error:
        raise RuntimeError(f"an unexpected exit with {error.code}") from error
    return cli


def _advice() -> str:
    from bench.places import CHECKOUT  # noqa: PLC0415

    return "install stackduel again" if CHECKOUT is None else "run `make setup`, then use .venv/bin/python"


if __name__ == "__main__":
    sys.exit(main(prog="python -m bench"))
