"""Text for people: the document model, its renderers, and what things are called."""
