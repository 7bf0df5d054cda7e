"""Sound itself: what needs FFmpeg (PyAV) or numpy and knows nothing of graphs."""
