"""Many callers in one process, so cheap that the server is what is measured: `python -m benchmarks.callers`."""
