"""The life of replies: one at a time, numbered, held until confirmed, over at once."""

from __future__ import annotations

import asyncio

import pytest

from voicegraph.frames import Frame
from voicegraph.graph.replies import LiveReplies


class Recorder:
    """What the session would be told, in order."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.replies = LiveReplies(lambda: self.told.append("confirmed"), lambda: self.told.append("committed"), self.told.append, self.told.append)
        self.replies.flowing = True


class Link:
    def __init__(self) -> None:
        self.released: list[Frame] = []
        self.discarded = 0

    def release(self, frame: Frame) -> None:
        self.released.append(frame)

    def discard(self) -> None:
        self.discarded += 1


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def replies(recorder: Recorder) -> LiveReplies:
    return recorder.replies


def test_every_attempt_is_a_new_number(replies: LiveReplies) -> None:
    first = replies.begin()
    replies.drop("changed")
    assert replies.begin() == first + 1


def test_one_reply_is_live_at_a_time(replies: LiveReplies) -> None:
    replies.begin()
    with pytest.raises(RuntimeError, match="live"):
        replies.begin()


def test_the_next_reply_waits_until_the_former_is_settled(replies: LiveReplies) -> None:
    first = replies.begin()
    replies.confirm()
    replies.drop("finished")
    with pytest.raises(RuntimeError, match="settled"):
        replies.begin()
    replies.settle(first)
    assert replies.begin() == first + 1


def test_an_unconfirmed_reply_needs_no_settling(replies: LiveReplies) -> None:
    replies.begin()
    replies.drop("resumed")
    assert replies.unsettled is None
    replies.begin()


def test_only_the_heard_of_the_last_reply_settles(replies: LiveReplies) -> None:
    first = replies.begin()
    replies.confirm()
    replies.settle(first)
    assert replies.unsettled == first, "it is still live"
    replies.drop("finished")
    replies.settle(first - 1)
    assert replies.unsettled == first
    replies.settle(first)
    assert replies.unsettled is None


def test_only_the_live_reply_is_alive(replies: LiveReplies) -> None:
    first = replies.begin()
    assert replies.alive(first)
    assert not replies.alive(first + 1)
    replies.drop("changed")
    assert not replies.alive(first)
    assert replies.alive(None)


def test_nothing_is_alive_before_the_nodes_have_started(replies: LiveReplies) -> None:
    replies.flowing = False
    assert not replies.alive(None)
    assert not replies.alive(replies.begin())


def test_nothing_is_confirmed_that_is_not_live(replies: LiveReplies) -> None:
    with pytest.raises(RuntimeError, match="nothing to confirm"):
        replies.confirm()


def test_a_drop_without_a_reply_is_no_drop(recorder: Recorder) -> None:
    recorder.replies.drop("stopped")
    assert recorder.told == []


def test_when_a_drop_tells_the_session_the_reply_is_over_already(replies: LiveReplies) -> None:
    seen: list[tuple[bool, str]] = []
    replies = LiveReplies(lambda: None, lambda: None, lambda epoch: seen.append((replies.alive(epoch), replies.dropped_for)), lambda gate: None)
    replies.flowing = True
    replies.begin()
    replies.drop("interrupted")
    assert seen == [(False, "interrupted")]


def test_frames_are_held_until_the_reply_is_confirmed(replies: LiveReplies) -> None:
    link = Link()
    epoch = replies.begin()
    assert replies.must_hold(epoch)
    frames = [Frame(epoch=epoch), Frame(epoch=epoch)]
    for frame in frames:
        replies.hold(link, frame)
    replies.confirm()
    assert link.released == frames
    assert not replies.must_hold(epoch)


def test_frames_of_the_caller_are_never_held(replies: LiveReplies) -> None:
    replies.begin()
    assert not replies.must_hold(None)


def test_what_is_sent_while_held_frames_go_on_stays_behind_them(replies: LiveReplies) -> None:
    epoch = replies.begin()
    order: list[int] = []

    class Echo(Link):
        def release(self, frame: Frame) -> None:
            order.append(len(order))
            if len(order) == 1:
                assert replies.must_hold(epoch), "or it would overtake the second"
                replies.hold(link, Frame(epoch=epoch))

    link = Echo()
    replies.hold(link, Frame(epoch=epoch))
    replies.hold(link, Frame(epoch=epoch))
    replies.confirm()
    assert len(order) == 3
    assert not replies.must_hold(epoch)


def test_held_frames_vanish_with_their_reply(replies: LiveReplies) -> None:
    link = Link()
    replies.hold(link, Frame(epoch=replies.begin()))
    replies.drop("resumed")
    replies.begin()
    replies.confirm()
    assert link.released == []
    assert link.discarded == 1


def test_a_drop_while_held_frames_go_on_discards_the_rest_once(replies: LiveReplies) -> None:
    epoch = replies.begin()

    class Stopper(Link):
        def release(self, frame: Frame) -> None:
            super().release(frame)
            replies.drop("stopped")

    link = Stopper()
    replies.hold(link, Frame(epoch=epoch))
    replies.hold(link, Frame(epoch=epoch))
    replies.confirm()
    assert len(link.released) == 1
    assert link.discarded == 1


def test_a_confirmation_tells_the_session_because_held_frames_made_senders_wait(recorder: Recorder) -> None:
    recorder.replies.begin()
    recorder.replies.confirm()
    assert recorder.told == ["confirmed"]


async def test_commit_waits_for_the_confirmation(replies: LiveReplies) -> None:
    epoch = replies.begin()
    commit = asyncio.create_task(replies.commit(epoch))
    await asyncio.sleep(0)
    assert not commit.done()
    replies.confirm()
    await commit


async def test_commit_of_a_confirmed_reply_returns_at_once(replies: LiveReplies) -> None:
    epoch = replies.begin()
    replies.confirm()
    await replies.commit(epoch)


async def test_commit_is_cancelled_when_the_reply_is_dropped(replies: LiveReplies) -> None:
    epoch = replies.begin()
    commit = asyncio.create_task(replies.commit(epoch))
    await asyncio.sleep(0)
    replies.drop("resumed")
    with pytest.raises(asyncio.CancelledError):
        await commit


async def test_commit_of_a_reply_that_is_over_is_cancelled_at_once(replies: LiveReplies) -> None:
    epoch = replies.begin()
    replies.drop("resumed")
    replies.begin()
    replies.confirm()
    with pytest.raises(asyncio.CancelledError):
        await replies.commit(epoch)


async def test_a_reply_is_known_to_have_had_an_effect_until_it_is_over(replies: LiveReplies) -> None:
    epoch = replies.begin()
    commit = asyncio.create_task(replies.commit(epoch))
    await asyncio.sleep(0)
    assert not replies.committed
    replies.confirm()
    await commit
    assert replies.committed
    replies.drop("finished")
    replies.settle(epoch)
    assert not replies.committed
    replies.begin()
    assert not replies.committed


def test_the_session_is_told_when_something_begins_to_be_done_and_when_all_of_it_is() -> None:
    told: list[bool] = []
    replies = LiveReplies(lambda: None, lambda: None, lambda _: None, lambda _: None, on_work=told.append)
    epoch = replies.begin()
    with replies.work(epoch), replies.work(epoch):
        assert told == [True]
    assert told == [True, False]
    with replies.work(epoch):
        replies.drop("stopped")
    assert told == [True, False, True], "what is done for a reply that is over is nobody's business"


def test_a_reply_is_busy_while_something_is_done_for_it_and_no_longer(replies: LiveReplies) -> None:
    first = replies.begin()
    with replies.work(first):
        with replies.work(first):
            assert replies.busy
        assert replies.busy
        replies.drop("interrupted")
        replies.begin()
        assert not replies.busy


def test_a_gate_is_told_when_it_changes(recorder: Recorder) -> None:
    recorder.replies.begin()
    for gate in ("ducked", "ducked", "paused", "open"):
        recorder.replies.gate(gate)
    assert recorder.told == ["ducked", "paused", "open"]


def test_a_gate_without_a_reply_is_nothing(recorder: Recorder) -> None:
    recorder.replies.gate("paused")
    assert recorder.told == []


def test_a_new_reply_starts_open(recorder: Recorder) -> None:
    recorder.replies.begin()
    recorder.replies.gate("paused")
    recorder.replies.drop("interrupted")
    recorder.told.clear()
    recorder.replies.begin()
    assert recorder.told == ["open"]


def test_a_reply_that_begins_while_the_call_ends_is_dead_from_birth(replies: LiveReplies) -> None:
    replies.begin()
    replies.finish("ended")
    assert not replies.alive(replies.begin())
    assert replies.alive(None), "the last Heard is still on its way"


async def test_commit_tells_the_session(recorder: Recorder) -> None:
    epoch = recorder.replies.begin()
    commit = asyncio.create_task(recorder.replies.commit(epoch))
    await asyncio.sleep(0)
    assert recorder.told == []
    recorder.replies.confirm()
    await commit
    assert recorder.told == ["confirmed", "committed"]


async def test_a_reply_dropped_in_the_step_after_its_confirmation_has_no_effect(recorder: Recorder) -> None:
    epoch = recorder.replies.begin()
    commit = asyncio.create_task(recorder.replies.commit(epoch))
    await asyncio.sleep(0)
    recorder.replies.confirm()
    recorder.replies.drop("typed")
    with pytest.raises(asyncio.CancelledError):
        await commit
    assert "committed" not in recorder.told
