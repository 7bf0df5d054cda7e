from __future__ import annotations

from voicegraph.frames import Event
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.testing.graphs import Part, graph, processor, running


class Relay(Processor):
    events_in = In(Event, size=3, optional=True, full="oldest")
    events = Out(Event)
    named = Out(Event, name="events_in")

    def on_events_in(self, event: Event) -> None: ...


def test_a_port_has_the_name_of_its_attribute() -> None:
    assert Relay.contract.ins["events_in"].name == "events_in"
    assert set(Relay.contract.outs) == {"events", "events_in"}


def test_a_port_of_the_class_is_its_declaration() -> None:
    assert isinstance(Relay.events_in, In)
    assert (Relay.events_in.kind, Relay.events_in.size, Relay.events_in.full) == (Event, 3, "oldest")
    assert isinstance(Relay.events, Out)


async def test_a_port_of_a_running_node_is_its_socket() -> None:
    async with running(graph(Part("relay", Relay))) as session:
        relay = processor(session, Relay)
        assert not relay.events_in.linked
        assert not relay.events.linked
        assert relay.events.send(Event(kind="nobody listens")), "which is no reason to stop"
