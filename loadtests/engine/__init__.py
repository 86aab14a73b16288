"""The load engine of the locustfiles: HTTP client, user, load models, recording."""
