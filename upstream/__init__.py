"""The mock slow upstream that both services call: seeded delays, constant bodies, and a ledger of what it served."""
