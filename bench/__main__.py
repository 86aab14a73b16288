"""`python -m bench`: see bench/cli.py."""

import io
import sys

if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: names may hold what the locale has not
    try:
        from bench.cli import main

        sys.exit(main())
    except ModuleNotFoundError as error:
        print(f"bench: {error}: run `make setup`, then use .venv/bin/python", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # while the libraries load; from then on the harness minds signals itself
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
