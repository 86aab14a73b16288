"""What the harness is told: one JSON line for each event, on a stream that nothing else writes to."""

import json
import os
import sys
from typing import Any, TextIO

_STREAMS: list[TextIO] = []


def keep_stdout() -> None:
    """From now on events alone go to what is stdout now; all that is printed goes to stderr."""
    _STREAMS.append(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)


def tell(event: str, **facts: Any) -> None:
    """Tell one event."""
    stream = _STREAMS[0] if _STREAMS else sys.stdout
    stream.write(json.dumps({"event": event, **facts}) + "\n")
    stream.flush()
