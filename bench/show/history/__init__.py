"""The trend of figures over several runs: its document, its JSON and its files."""
