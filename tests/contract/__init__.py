"""Tests of both services against the same expectations, through real servers on sockets."""
