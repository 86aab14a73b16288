"""A document as one HTML page."""
