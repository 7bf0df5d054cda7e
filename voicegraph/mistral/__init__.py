"""The Mistral client that all calls of a process share, and lean readers of its streams."""
