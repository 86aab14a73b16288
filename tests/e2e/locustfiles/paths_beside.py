"""A module beside a locustfile."""

ITEM = "/item"
