"""How much a stack carries within a latency objective: the search for it, and what follows from it."""
