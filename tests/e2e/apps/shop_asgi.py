"""A shop that wants a token, keeps a session in a cookie, validates orders and compresses what it answers."""

from itertools import count
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from pydantic import BaseModel

app = FastAPI()
app.add_middleware(GZipMiddleware, minimum_size=10)
NUMBERS = count(1)
TOKENS: dict[str, str] = {}
USERS = {"ann": "s-1", "bob": "s-2"}


class Order(BaseModel):
    """An order, as it is asked for."""

    id: str
    qty: int


def known(request: Request) -> str:
    """Whose token and session these are."""
    user = TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if user is None or request.cookies.get("session") != user:
        raise HTTPException(401, "log in first")
    return user


@app.post("/token")
async def log_in(request: Request, response: Response) -> dict[str, str]:
    """A token and a session for a user with the right password."""
    form = parse_qs((await request.body()).decode())
    (username,), (password,) = form["username"], form["password"]
    if USERS.get(username) != password:
        raise HTTPException(401, "wrong user or password")
    token = f"t-{next(NUMBERS)}"
    TOKENS[token] = username
    response.set_cookie("session", username)
    return {"access_token": token}


@app.post("/orders", status_code=201)
def buy(order: Order, request: Request) -> dict[str, object]:
    """A new order."""
    return {"state": "new", "id": order.id, "qty": order.qty, "of": known(request)}


@app.get("/orders/{number}")
def look(number: str, request: Request) -> dict[str, object]:
    """An order."""
    return {"id": number, "total": 300, "of": known(request)}
