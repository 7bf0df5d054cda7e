"""Graphs: from a YAML file to a checked spec (`load`), and from a spec to a running call (`session`). Knows nothing of audio or models."""
