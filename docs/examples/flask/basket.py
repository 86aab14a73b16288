"""A Flask service in one file: a basket in a session cookie, and prices from a slow upstream.

    UPSTREAM_URL=http://127.0.0.1:9000 flask --app basket run

Without the harness the upstream is `UPSTREAM_TOKEN=secret python -m upstream`.
"""

import os

import requests
from flask import Flask, Response, jsonify, request, session

UPSTREAM_URL = os.environ["UPSTREAM_URL"]
TIMEOUT_S = 10.0

app = Flask(__name__)
app.secret_key = "only an example"  # noqa: S105
upstream = requests.Session()
upstream.trust_env = False
upstream.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=int(os.environ["CONNECTIONS"])))


@app.get("/ready")
def ready() -> Response:
    """Nothing."""
    return jsonify(ready=True)


@app.post("/basket")
def add() -> Response:
    """Put an item into the basket of whoever has this cookie: at most ten, the last ones."""
    session["items"] = [*session.get("items", []), request.form["item"]][-10:]
    return jsonify(items=session["items"])


@app.get("/basket")
def show() -> tuple[Response, int] | Response:
    """The basket, with what the upstream says of the user's orders; 502 if it fails."""
    try:
        answer = upstream.get(f"{UPSTREAM_URL}/orders", params={"user_id": 7}, timeout=TIMEOUT_S)
        answer.raise_for_status()
    except requests.RequestException:
        return jsonify(error="the upstream failed"), 502
    return jsonify(items=session.get("items", []), orders=len(answer.json()))
