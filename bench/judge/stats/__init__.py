"""Statistics over rounds: intervals and exact tests."""
