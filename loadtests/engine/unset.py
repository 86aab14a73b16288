"""Removes LOCUST_* from the environment when it is imported: they are options by other means, which nobody sees."""

import os

for name in [name for name in os.environ if name.startswith("LOCUST_")]:
    del os.environ[name]
