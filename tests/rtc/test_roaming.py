import numpy as np
import pytest

from voicegraph.graph.line import Message
from voicegraph.rtc.roaming import RoamingLine
from voicegraph.testing.runner import FakeLine

ONE = np.ones(4, np.int16)


@pytest.fixture
def heard() -> list[float]:
    return []


@pytest.fixture
def obeyed() -> list[Message]:
    return []


@pytest.fixture
def line(heard: list[float], obeyed: list[Message]) -> RoamingLine:
    line = RoamingLine()
    line.listen(16_000, lambda pcm, t: heard.append(t))
    line.obey(obeyed.append)
    line.play(24_000, lambda n: np.full(n, 7, np.int16))
    return line


def test_a_new_peer_gets_everything_that_the_session_asked_for(line: RoamingLine, heard: list[float], obeyed: list[Message]) -> None:
    peer = FakeLine()
    line.attach(peer)
    peer.hear(ONE, 1.0)
    peer.message({"type": "x"})
    line.tell({"type": "y"})
    assert (heard, obeyed, peer.told) == ([1.0], [{"type": "x"}], [{"type": "y"}])
    assert peer.pull(2).tolist() == [7, 7]


def test_what_the_session_asks_for_later_reaches_the_peer_too(heard: list[float]) -> None:
    line, peer = RoamingLine(), FakeLine()
    line.attach(peer)
    line.listen(16_000, lambda pcm, t: heard.append(t))
    line.play(16_000, lambda n: np.full(n, 3, np.int16))
    peer.hear(ONE, 2.0)
    assert heard == [2.0]
    assert peer.pull(1).tolist() == [3]


def test_the_former_peer_falls_silent_and_is_not_heard(line: RoamingLine, heard: list[float], obeyed: list[Message]) -> None:
    former, new = FakeLine(), FakeLine()
    line.attach(former)
    line.attach(new)
    former.hear(ONE, 1.0)
    former.message({"type": "x"})
    line.tell({"type": "y"})
    assert (heard, obeyed, former.told) == ([], [], [])
    assert former.pull(2).tolist() == [0, 0]
    assert new.pull(2).tolist() == [7, 7]


def test_messages_wait_while_nobody_is_there(line: RoamingLine) -> None:
    line.tell({"n": 1})
    first, second = FakeLine(), FakeLine()
    line.attach(first)
    line.detach()
    line.tell({"n": 2})
    line.tell({"n": 3})
    line.attach(second)
    assert first.told == [{"n": 1}]
    assert second.told == [{"n": 2}, {"n": 3}]


def test_whoever_is_there_is_woken(line: RoamingLine) -> None:
    line.wake()
    former, new = FakeLine(), FakeLine()
    line.attach(former)
    assert not former.asleep()
    line.attach(new)
    line.wake()
    assert (former.woken, new.woken) == (0, 1)
    assert former.asleep(), "what the former peer would pull is silence"


def test_a_reply_stands_still_while_nobody_is_there(line: RoamingLine) -> None:
    peer = FakeLine()
    line.attach(peer)
    line.detach()
    assert peer.pull(3).tolist() == [0, 0, 0]
