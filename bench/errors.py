"""The one error that the harness raises on purpose; `main` alone catches it."""


class BenchError(Exception):
    """What failed, in which phase of which cell, and what to try. Its text is all that the user sees.

    `exit_code` is 2, for what the user asked cannot be done, unless something broke on the way.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
