"""The HTTP server: signalling, sessions, the page."""
