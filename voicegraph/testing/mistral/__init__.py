"""Mistral's API on loopback, for tests and benchmarks that need neither a key nor the internet.

`MistralServer` speaks the wire of the hosted API (the shapes are those that the `mistralai` SDK 3.7 parses) for realtime transcription, chat, speech
and realtime speech. What it says is scripted (`Script`), when is set (`Delays`), what goes wrong is data (`Faults`), and all that happened is in its
log. It cannot recognise words: it hears that somebody speaks, and gives scripted words for it.

`python -m voicegraph.testing.mistral` runs it in a process of its own.
"""

from voicegraph.testing.mistral.behaviour import Delays, Endpoint, FaultPlan, Faults, Script
from voicegraph.testing.mistral.log import Closed, Log, Opened, Received, Record, Refused, Request, Sent
from voicegraph.testing.mistral.server import MistralServer

__all__ = [
    "Closed",
    "Delays",
    "Endpoint",
    "FaultPlan",
    "Faults",
    "Log",
    "MistralServer",
    "Opened",
    "Received",
    "Record",
    "Refused",
    "Request",
    "Script",
    "Sent",
]
