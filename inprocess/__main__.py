"""The command line: `python -m inprocess ORDER`, where ORDER is a file as inprocess/order.py describes it.

Its working directory becomes the folder that the order names, where the application is imported from.
"""

import gc
import os
import sys
from pathlib import Path

from inprocess import asgi, wsgi
from inprocess.memory import align, fill, shift
from inprocess.order import order_of, write_answers
from inprocess.valgrind import Counter

INTERFACES = {"wsgi": wsgi.run, "asgi": asgi.run}


def main(file: str) -> None:
    """Send the requests of the order, and write the answers."""
    order = order_of(Path(file))
    if order.counted:
        align()
    held = shift(order.layout)
    os.chdir(order.folder)
    sys.path[0] = order.folder  # in place of the folder of this program
    counter = Counter() if order.counted else None

    def start() -> None:
        if counter is not None:
            gc.collect()  # whatever the imports left would be collected some time or other
            held.extend(fill())
            gc.collect()  # which makes what is held old: else the next collection would go through it
            counter.start()

    def stop() -> None:
        if counter is not None:
            counter.stop()

    write_answers(order, INTERFACES[order.interface](order, start, stop))


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads of the application may wait for ever, and under valgrind an orderly end takes seconds
