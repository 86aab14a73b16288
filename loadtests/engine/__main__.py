"""Locust as the harness runs it: it knows of the plan whatever locustfile it is given, even one that never asks for it.

LOAD_PLAN=load.json python -m loadtests.engine --locustfile FILE ...
"""

import loadtests.engine.unset  # noqa: I001 (before Locust reads the environment)
from loadtests.engine.told import keep_stdout
from locust.main import main  # before all else, because importing locust patches what the engine imports

import loadtests.engine.user  # noqa: F401 (it attaches the engine to Locust)

keep_stdout()
main()
