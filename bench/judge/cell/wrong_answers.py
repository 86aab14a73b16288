"""A wrong answer in words."""

from bench.judge.cell.figures import WRONG_BODY, error_name
from bench.model.wrong_answer import WrongAnswer

ENCODING = "content-encoding"


def described(one: WrongAnswer) -> str:
    """One line: the kind, what was expected, what came, and what may be the reason."""
    wrong_body = one.error == error_name(WRONG_BODY)  # any other name of an answer says its status, if it has one
    headers = f"headers {'; '.join(one.headers)}" if one.headers else ""
    body = f"body of {one.body_bytes} bytes: {one.body}" if one.body_bytes else "no body"
    status = f"status {one.status}" if wrong_body else ""
    parts = (f"expected {one.expected}", status, headers, body, _encoded(one) if wrong_body else "")
    return f"{one.error}: {', '.join(part for part in parts if part)}"


def _encoded(one: WrongAnswer) -> str:
    """That the body is encoded, if it is: then it differs from what was expected, whatever is in it."""
    for line in one.headers:
        name, _, value = (part.strip() for part in line.partition(":"))
        if name.lower() == ENCODING and value.lower() not in {"", "identity"}:
            return (
                f"the body is encoded (Content-Encoding: {value}), which the load generator neither asks for nor "
                f"decodes: switch compression off in the service"
            )
    return ""
