"""The one error that the harness raises on purpose; `main` alone catches it."""


class BenchError(Exception):
    """What failed, in which phase of which cell, and what to try. Its text is all that the user sees."""
