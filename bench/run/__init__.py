"""Floor 4, measuring: processes, CPUs, load, sampling; a cell, and a session of them."""
