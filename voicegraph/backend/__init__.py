"""Agents that are somebody's own service: OpenAI-compatible endpoints, and the small contract of docs/assistants/backend.md."""
