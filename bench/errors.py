"""The one error that the harness raises on purpose; `main` alone catches it."""

import re


class BenchError(Exception):
    """What failed, in which phase of which cell, and what to try. Its text is all that the user sees.

    `exit_code` is 2, for what the user asked cannot be done, unless something broke on the way.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def plain(text: str) -> str:
    """`text` on one line, with unprintable characters written as escapes: names come from other people's files."""
    line = re.sub(r"\s+", " ", text).strip()
    if line.isprintable():
        return line
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)


def cut(text: str, most: int) -> str:
    """`text` made plain, with at most so many characters: a longer one ends with an ellipsis."""
    begin = text[: 10 * most]  # of millions of characters the rest is not looked at
    whole = plain(begin)
    return whole if len(whole) <= most and begin == text else f"{whole[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
