"""The commands: each turns its options into an exit code."""
