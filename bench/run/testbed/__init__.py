"""What a cell needs running: the server, the upstream, revisions."""
