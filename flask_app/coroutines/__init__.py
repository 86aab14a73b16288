"""The routes as coroutines, each run by Flask on an event loop of its own, with a client of its own."""
