"""What a killed run has left: found and cleaned up at the start of the next one."""

import sys

from bench.run.host.orphans import end_orphans
from bench.run.host.scratch import delete_abandoned
from bench.run.host.signals import StopRequest
from bench.run.testbed.worktrees import remove_sides


def clean_up(stop: StopRequest) -> tuple[str, ...]:
    """A note on what a killed run had left and is gone now, which stderr says too; none where there was nothing."""
    ended = end_orphans(stop)
    folders = delete_abandoned(remove_sides)
    done = [
        *([f"ended {', '.join(ended)}"] if ended else []),
        *([f"deleted {', '.join(map(str, folders))}"] if folders else []),
    ]
    if not done:
        return ()
    note = f"a killed run had left something behind: {' and '.join(done)}"
    print(note, file=sys.stderr)
    return (note,)
