"""`python -m bench`: see bench/cli.py."""

import sys

if __name__ == "__main__":
    try:
        from bench.cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # while the libraries load; from then on the harness minds signals itself
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
