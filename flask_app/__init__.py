"""The synchronous service: Flask, WSGI, `requests`."""
