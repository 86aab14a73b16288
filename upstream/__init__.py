"""The mock of a slow upstream that both services call, with seeded delays, constant bodies and a ledger."""
