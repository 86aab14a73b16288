"""`python -m bench`: see bench/cli.py."""

import io
import sys
import traceback


def main() -> int:
    """The exit code of the command line; 2 of whatever nobody thought of: 1 is what a verdict says."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: names may hold what the locale has not
    try:
        from bench.cli import main as command_line  # noqa: PLC0415 (a broken import exits with 2 as well)

        return command_line()
    except ModuleNotFoundError as error:
        print(f"bench: {error}: run `make setup`, then use .venv/bin/python", file=sys.stderr)
    except KeyboardInterrupt:  # while the libraries load; from then on the harness minds signals itself
        print("bench: interrupted", file=sys.stderr)
        return 130
    except Exception:  # noqa: BLE001
        traceback.print_exc()
    return 2


if __name__ == "__main__":
    sys.exit(main())
