"""A voice agent server: a browser calls over WebRTC, a graph in YAML says what happens to the audio."""

__version__ = "0.1.0"
