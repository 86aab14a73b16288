"""Creates the tables of the shop anew, and fills in the users: `prepare` runs it before each start of the server."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

DATABASE = Path(os.environ["DATABASE"])

MIGRATIONS = (
    "PRAGMA journal_mode = wal",
    "CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT NOT NULL)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, buyer TEXT NOT NULL, item TEXT NOT NULL, quantity INTEGER NOT NULL)",
    "INSERT INTO users VALUES ('ann', 'secret-1'), ('bob', 'secret-2'), ('eve', 'secret-3')",
    "INSERT INTO orders (buyer, item, quantity) VALUES ('ann', 'tea', 2), ('bob', 'milk', 1), ('eve', 'rice', 5)",
)


def main() -> None:
    """Leave nothing of the last run: rows that it wrote would make this one slower."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{DATABASE}{suffix}").unlink(missing_ok=True)
    with closing(sqlite3.connect(DATABASE)) as database:
        for migration in MIGRATIONS:
            database.execute(migration)
        database.commit()


if __name__ == "__main__":
    main()
