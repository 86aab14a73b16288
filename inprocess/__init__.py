"""Calls a web application in its own process, without a server: WSGI or ASGI, one request again and again."""
