"""The application as a name of a module, which `fastapi run` asks for."""

from fastapi_app.app import create_app

app = create_app()
