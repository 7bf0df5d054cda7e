"""Decisions without I/O, without a clock and without asyncio: they take `now` and say what to do. Only the standard library and numpy."""
