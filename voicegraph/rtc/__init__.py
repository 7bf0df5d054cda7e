"""Peer connections: the way between RTP and the graph."""
