"""POST /orders in the contract: documents, and the answers that every server must give."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .cases import Case, problem
from .client import Request

JSON = (("Content-Type", "application/json"),)
LIMIT_BYTES = 1_000_000

WHOLE = "# must be a list of 1 to 1000 orders"
NO_JSON = "the body must be JSON without repeated names, NaN and Infinity"
TOO_LONG = "the body has more than 1000000 bytes"
NO_TYPE = "the body must be application/json without a content encoding"
NO_METHOD = "this path answers POST only"

ALLOWED = {
    "": ("an object with sku, quantity, unit_price_cents, weight_kg, customer, tags, gift, perhaps note, nothing else"),
    "/sku": "1 to 40 capital letters, digits and hyphens",
    "/quantity": "an integer from 1 to 1000",
    "/unit_price_cents": "an integer from 0 to 10000000",
    "/weight_kg": "a number over 0 and at most 1000",
    "/customer": "an object with name and email and nothing else",
    "/customer/name": "a text of 1 to 100 characters",
    "/customer/email": "an address with one @, of at most 254 printable ASCII characters",
    "/tags": "a list of at most 10 texts of 1 to 20 characters",
    "/gift": "true or false",
    "/note": "a text of at most 200 characters, or null",
}
"""What is allowed at each place of an order, as a JSON pointer."""

ORDER: dict[str, Any] = {
    "sku": "CUP-12",
    "quantity": 3,
    "unit_price_cents": 1250,
    "weight_kg": 0.35,
    "customer": {"name": "Ada Example", "email": "ada@example.org"},
    "tags": ["new", "blue"],
    "gift": False,
}
CENTS = 3750

RIGHT: dict[str, tuple[Any, ...]] = {
    "/sku": ("A", "0", "-", "A" * 40),
    "/quantity": (1, 1000),
    "/unit_price_cents": (0, 10_000_000),
    "/weight_kg": (1, 1000, 1000.0, 1e-300, 5e-324, 0.1),
    "/customer/name": ("x", " ", "x" * 100, "\U0001f600" * 100, "\u0000", "Zo\u00eb"),
    "/customer/email": ("a@b", "!@~", "a" * 252 + "@b"),
    "/tags": ([], ["x"] * 10, ["x" * 20], ["\u00e9" * 20]),
    "/gift": (True,),
    "/note": (None, "", "x" * 200, "\U0001f600" * 200),
}
WRONG: dict[str, tuple[Any, ...]] = {
    "": (None, 1, "x", [], True, [ORDER]),
    "/sku": (None, 1, "", "a", "A" * 41, "A B", "A\n", "\u00c4", "A_B", "\ud800", ["A"], True),
    "/quantity": (None, 0, 1001, -1, 1.0, "1", True, False, 10**30, [1], {}),
    "/unit_price_cents": (None, -1, 10_000_001, 0.5, "0", False, 10**400),
    "/weight_kg": (None, 0, -1, 0.0, -0.0, 1000.1, 1001, "1", True, 10**400, [1.0]),
    "/customer": (None, 1, "x", [], [ORDER["customer"]], {**ORDER["customer"], "phone": "1"}),
    "/customer/name": (None, "", "x" * 101, 1, ["x"], "\ud800"),
    "/customer/email": (None, "", "@", "a@", "@b", "a", "a@b@c", "a b@c", "\u00e9@b", "a@b\n", 1, "a" * 253 + "@b"),
    "/tags": (None, "x", {}, ["x"] * 11, [""], ["x" * 21], [1], [None], ["x", ["x"]], ["\udfff"]),
    "/gift": (None, 0, 1, "true", "false", [], {}),
    "/note": (1, True, [], {}, "x" * 201, "\ud83d"),
}


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _good()
    yield from _wrong()
    yield from _first()
    yield from _documents()
    yield from _bodies()
    yield from _methods()


def dumped(document: Any) -> bytes:
    return json.dumps(document).encode()


def changed(place: str, value: Any) -> dict[str, Any]:
    """An order with this value at a place; the order itself is the value where the place is ""."""
    if not place:
        made: dict[str, Any] = value
        return made
    *above, name = place[1:].split("/")
    order = {**ORDER, "customer": {**ORDER["customer"]}}
    (order["customer"] if above else order)[name] = value
    return order


def _post(body: bytes | None, **changed: Any) -> Request:
    return replace(Request("POST", "/orders", body, JSON), **changed)


def _accepts(name: str, body: bytes, count: int, cents: int, **changed: Any) -> Case:
    return Case(f"orders: {name}", _post(body, **changed), 201, {"count": count, "total_cents": cents})


def _refuses(name: str, body: bytes | None, detail: str, status: int = 422, **changed: Any) -> Case:
    return Case(f"orders: {name}", _post(body, **changed), status, problem(status, detail))


def _good() -> Iterator[Case]:
    for count in (1, 2, 1000):
        yield _accepts(f"{count} of them", dumped([ORDER] * count), count, count * CENTS)
    for place, values in RIGHT.items():
        for number, value in enumerate(values):
            order = changed(place, value)
            cents = order["quantity"] * order["unit_price_cents"]
            yield _accepts(f"right {place} {number}", dumped([order]), 1, cents)
    yield _accepts("names in another order", dumped([dict(reversed(ORDER.items()))]), 1, CENTS)
    yield _accepts("plain UTF-8", json.dumps([changed("/note", "\u6771\u4eac")], ensure_ascii=False).encode(), 1, CENTS)
    yield _accepts("escaped names", dumped([ORDER]).replace(b"sku", rb"\u0073ku"), 1, CENTS)
    yield _accepts("a byte-order mark", b"\xef\xbb\xbf" + dumped([ORDER]), 1, CENTS)
    yield _accepts("UTF-16", json.dumps([ORDER]).encode("utf-16"), 1, CENTS)
    yield _accepts("spaces around", b"\r\n\t " + dumped([ORDER]) + b" \n", 1, CENTS)
    yield _accepts("a query", dumped([ORDER]), 1, CENTS, target="/orders?x=1&x=2")


def _wrong() -> Iterator[Case]:
    for place, values in WRONG.items():
        for number, value in enumerate(values):
            detail = f"#/0{place} must be {ALLOWED[place]}"
            yield _refuses(f"wrong {place} {number}", dumped([changed(place, value)]), detail)
    for place in WRONG:
        if place not in ("", "/note"):
            *above, name = place[1:].split("/")
            order = {**ORDER, "customer": {**ORDER["customer"]}}
            del (order["customer"] if above else order)[name]
            yield _refuses(f"missing {place}", dumped([order]), f"#/0{place} must be {ALLOWED[place]}")
    for name in ("Sku", "sku ", "", "id", "__proto__", "\ud800", "note\u0000"):
        detail = f"#/0 must be {ALLOWED['']}"
        yield _refuses(f"unknown {name!r}", dumped([{**ORDER, name: 1}]), detail)


def _first() -> Iterator[Case]:
    """Where several things are wrong, the first is told: by record, and in it by the order of the contract."""
    bad = {**changed("/quantity", 0), "sku": "", "more": 1}
    yield _refuses("the first order", dumped([ORDER, bad, {**ORDER, "gift": 1}]), f"#/1/sku must be {ALLOWED['/sku']}")
    yield _refuses("the last order", dumped([ORDER] * 999 + [1]), f"#/999 must be {ALLOWED['']}")
    several = dict(reversed({**ORDER, "quantity": "x", "gift": 1, "more": 1}.items()))
    yield _refuses("not the first written", dumped([several]), f"#/0/quantity must be {ALLOWED['/quantity']}")
    inner = changed("/customer", {"email": 1, "more": 1})
    yield _refuses("inside before after", dumped([{**inner, "tags": 1}]), (
        f"#/0/customer/name must be {ALLOWED['/customer/name']}"
    ))  # fmt: skip
    yield _refuses(
        "a gift before more", dumped([{"more": 1, **changed("/gift", 1)}]), f"#/0/gift must be {ALLOWED['/gift']}"
    )

    detail = f"#/0 must be {ALLOWED['']}"
    yield _refuses("a name that cannot be encoded before a SKU", dumped([{**ORDER, "sku": 1, "\ud800": 1}]), detail)
    odd = changed("/customer", {"name": 1, "email": 1, "\udfff": 1})
    detail = f"#/0/customer must be {ALLOWED['/customer']}"
    yield _refuses("a name that cannot be encoded before a customer's", dumped([{**odd, "tags": 1}]), detail)
    yield _refuses("and after a SKU", dumped([{**odd, "sku": 1}]), f"#/0/sku must be {ALLOWED['/sku']}")


def _documents() -> Iterator[Case]:
    for text in ("[]", "{}", "null", "1", "true", '"x"', json.dumps(ORDER), json.dumps({"orders": [ORDER]})):
        yield _refuses(f"no list {text[:20]}", text.encode(), WHOLE)
    yield _refuses("too many", dumped([ORDER] * 1001), WHOLE)
    yield _refuses("too many, and none is right", dumped([1] * 1001), WHOLE)
    order = json.dumps(ORDER)
    for name, text in {
        "nothing": "",
        "a space": " ",
        "half": order[:40],
        "two": f"[{order}] [{order}]",
        "a comma too many": f"[{order},]",
        "a comment": f"[{order}] // x",
        "single quotes": "[{'sku': 1}]",
        "repeated name": f'[{order[:-1]}, "gift": false}}]',
        "repeated name inside": f"[{order}]".replace('"name"', '"email": "x@y", "name"'),
        "repeated name elsewhere": f'[{order}, {{"a": 1, "a": 1}}]',
        "repeated name, escaped": f'[{order[:-1]}, "\\u0067ift": false}}]',
        "NaN": f"[{order}]".replace("0.35", "NaN"),
        "Infinity": f"[{order}]".replace("0.35", "Infinity"),
        "-Infinity": f"[{order}]".replace("0.35", "-Infinity"),
        "NaN elsewhere": f"[{order}, NaN]",
        "a leading zero": f"[{order}]".replace("0.35", "01"),
        "a plus": f"[{order}]".replace("0.35", "+1"),
        "a bare point": f"[{order}]".replace("0.35", ".5"),
        "a control character": f"[{order}]".replace("CUP", "C\tP"),
        "a digit too many": "[" + "1" * 5000 + "]",
    }.items():
        yield _refuses(name, text.encode(), NO_JSON)
    yield _refuses("no UTF-8", dumped([ORDER]).replace(b"CUP", b"C\xffP"), NO_JSON)
    yield _refuses("nested too deeply", b"[" * 100_000 + b"]" * 100_000, NO_JSON)
    weight = f"#/0/weight_kg must be {ALLOWED['/weight_kg']}"
    for text in ("1e999", "-1e999", "1e-999", "-0.0", "1e4"):
        yield _refuses(f"weight {text}", f"[{order}]".replace("0.35", text).encode(), weight)


def _bodies() -> Iterator[Case]:
    body = dumped([ORDER])
    for kind in ("application/json;charset=utf-8", "Application/JSON", "application/json ; x", "application/json;"):
        yield _accepts(f"as {kind}", body, 1, CENTS, headers=(("Content-Type", kind),))
    for kind in (
        "text/json", "text/plain", "application/jsonx", "application/x-json", "application/problem+json",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "", "*/*",
    ):  # fmt: skip
        yield _refuses(f"as {kind or 'nothing'}", body, NO_TYPE, 415, headers=(("Content-Type", kind),))
    yield _refuses("without a type", body, NO_TYPE, 415, headers=())
    yield _refuses("without a type and a body", None, NO_TYPE, 415, headers=())
    for coding in ("gzip", "br", "deflate"):
        yield _refuses(f"in {coding}", body, NO_TYPE, 415, headers=(*JSON, ("Content-Encoding", coding)))
    codings = (("Content-Encoding", "identity"), ("Content-Encoding", "gzip"))
    yield _refuses("in a second coding", body, NO_TYPE, 415, headers=(*JSON, *codings))
    yield _accepts("in no coding", body, 1, CENTS, headers=(*JSON, ("Content-Encoding", "identity")))
    longest = body + b" " * (LIMIT_BYTES - len(body))
    for chunked in (False, True):
        how = "chunked" if chunked else "whole"
        yield _accepts(f"{how}", body, 1, CENTS, chunked=chunked)
        yield _accepts(f"{how}, as long as allowed", longest, 1, CENTS, chunked=chunked)
        yield _refuses(f"{how}, a byte too long", longest + b" ", TOO_LONG, 413, chunked=chunked)
        yield _refuses(f"{how}, 2 MB", b"x" * 1_999_999, TOO_LONG, 413, chunked=chunked)
    yield _refuses("too long of another type", longest + b" ", NO_TYPE, 415, headers=(("Content-Type", "text/plain"),))


def _methods() -> Iterator[Case]:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        yield Case(f"{method} /orders", Request(method, "/orders"), 405, problem(405, NO_METHOD))
    for target in ("/orders/", "/orders/1", "/Orders", "/orders%0A"):
        yield Case(f"POST {target}", _post(dumped([ORDER]), target=target), 404, problem(404, "no such path"))
