"""A FastAPI service in one file: orders in a database, behind a token.

DATABASE=shop.db python migrate.py && DATABASE=shop.db uvicorn shop:app
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

DATABASE = os.environ["DATABASE"]
BUYERS: dict[str, str] = {}
"""The buyer of each token."""


class Credentials(BaseModel):
    """A name and a password."""

    name: str
    password: str


class Order(BaseModel):
    """What somebody orders."""

    item: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=100)]


def database() -> Iterator[sqlite3.Connection]:
    """A connection for one request."""
    with closing(sqlite3.connect(DATABASE, timeout=10.0, check_same_thread=False)) as connection:
        yield connection


Database = Annotated[sqlite3.Connection, Depends(database)]


def buyer(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    """Whose token it is; 401 where it is nobody's."""
    name = BUYERS.get(given.credentials)
    if name is None:
        raise HTTPException(401, "this token is nobody's")
    return name


Buyer = Annotated[str, Depends(buyer)]
app = FastAPI(docs_url=None, redoc_url=None)


@app.get("/ready")
def ready(database: Database) -> dict[str, int]:
    """How many orders there are, once the tables are there."""
    (count,) = database.execute("SELECT count(*) FROM orders").fetchone()
    return {"orders": count}


@app.post("/token")
def token(credentials: Credentials, database: Database) -> dict[str, str]:
    """A token for a user who has this password; 401 for anybody else."""
    found = database.execute("SELECT password FROM users WHERE name = ?", (credentials.name,)).fetchone()
    if found is None or not secrets.compare_digest(found[0], credentials.password):
        raise HTTPException(401, "wrong name or password")
    made = secrets.token_urlsafe(16)
    BUYERS[made] = credentials.name
    return {"access_token": made}


@app.post("/orders", status_code=201)
def order(order: Order, buyer: Buyer, database: Database) -> dict[str, str | int]:
    """Keep an order."""
    insert = "INSERT INTO orders (buyer, item, quantity) VALUES (?, ?, ?)"
    made = database.execute(insert, (buyer, order.item, order.quantity))
    database.commit()
    return {"id": made.lastrowid or 0, "state": "new"}


@app.get("/orders/{number}")
def look(number: int, _buyer: Buyer, database: Database) -> dict[str, str | int]:
    """An order; 404 where there is none."""
    found = database.execute("SELECT item, quantity FROM orders WHERE id = ?", (number,)).fetchone()
    if found is None:
        raise HTTPException(404, "there is no such order")
    return {"item": found[0], "quantity": found[1]}
