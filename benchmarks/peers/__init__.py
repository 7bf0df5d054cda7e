"""Other servers, as their own documentation sets them up, for the same callers: `make bench-peers`."""
