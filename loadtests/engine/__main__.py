"""Locust as the harness runs it: it knows of the plan whatever locustfile it is given, even one that never asks for it.

LOAD_PLAN=load.json python -m loadtests.engine --locustfile FILE ...
"""

import loadtests.engine.unset  # noqa: I001 (before Locust reads the environment)
from locust.main import main  # before the engine, because importing locust patches what it imports

import loadtests.engine.user  # noqa: F401 (it attaches the engine to Locust)

main()
