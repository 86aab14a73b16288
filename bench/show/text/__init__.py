"""Text for people: cells of tables, titles, Markdown, stdout."""
