"""An app that writes down each request that it gets: its method and its target, a line each, into the file COUNTED."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

STATUS = {"/absent": 404, "/gone": 410, "/moved": 302}

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


async def app(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer every path, most with 200."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    query = scope["query_string"].decode()
    with Path(os.environ["COUNTED"]).open("a", encoding="utf-8") as file:
        file.write(f"{scope['method']} {scope['path']}{'?' + query if query else ''}\n")
    headers = [(b"content-length", b"4"), (b"content-type", b"text/plain"), (b"location", b"/item")]
    await send({"type": "http.response.start", "status": STATUS.get(scope["path"], 200), "headers": headers})
    await send({"type": "http.response.body", "body": b"done"})
