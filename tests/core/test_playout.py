"""The playout: nothing of the reply is lost by pausing it, nothing is left of it after a cut, and it knows what was heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.ledger import Mark, Span
from voicegraph.core.playout import FADE, Fact, Outcome, PlayoutBuffer
from voicegraph.core.sound import Pcm

RATE = 8000
PACKET = 160
FADING = round(FADE * RATE)


def ramp(n: int, start: int = 1000) -> Pcm:
    """Samples that say which they are."""
    return np.arange(start, start + n, dtype=np.int16)


def filled(n: int = 8000, **options: float) -> PlayoutBuffer:
    """With the whole sound of reply 1."""
    buffer = PlayoutBuffer(RATE, **options)
    buffer.push(1, ramp(n), Span("one two three four", 0), ends=True, last=True)
    return buffer


def kinds(facts: list[Fact]) -> list[str]:
    return [fact.kind for fact in facts]


def test_an_empty_buffer_plays_silence() -> None:
    pcm, facts = PlayoutBuffer(RATE).pull(PACKET)
    assert len(pcm) == PACKET
    assert not pcm.any()
    assert facts == []


def test_a_reply_plays_sample_by_sample() -> None:
    buffer = filled(400)
    played = np.concatenate([buffer.pull(PACKET)[0] for _ in range(3)])
    assert (played == np.concatenate([ramp(400), np.zeros(80, np.int16)])).all()


def test_a_reply_starts_when_its_cushion_is_full() -> None:
    buffer = PlayoutBuffer(RATE, cushion=0.06)
    buffer.push(1, ramp(479))
    assert not buffer.pull(PACKET)[0].any()
    buffer.push(1, ramp(1))
    assert buffer.pull(PACKET)[0].any()


def test_a_reply_that_is_shorter_than_the_cushion_plays_all_the_same() -> None:
    assert filled(40).pull(PACKET)[0].any()


def test_a_pull_says_what_became_true_with_it() -> None:
    buffer = filled(320)
    assert kinds(buffer.pull(PACKET)[1]) == ["started", "reached"]
    last = buffer.pull(PACKET)[1]
    assert kinds(last) == ["reached", "drained"]
    assert last[-1].text == "one two three four"
    assert buffer.pull(PACKET)[1] == []


def test_a_reply_without_any_sound_is_drained_at_once() -> None:
    buffer = PlayoutBuffer(RATE)
    buffer.push(1, ramp(0), last=True)
    assert kinds(buffer.pull(PACKET)[1]) == ["drained"]


def test_what_was_only_shown_of_a_reply_counts_as_heard() -> None:
    buffer = PlayoutBuffer(RATE)
    buffer.push(1, ramp(0), Span("See the ", 0, spoken=False), ends=True)
    buffer.push(1, ramp(0), Span("page.", 8, spoken=False), ends=True)
    assert buffer.cut() == Outcome(1, "See the page.", 0, finished=False)
    buffer.push(2, ramp(0), Span("Here.", 0, spoken=False), ends=True)
    buffer.push(2, ramp(0), last=True)
    buffer.pull(PACKET)
    assert buffer.cut() == Outcome(2, "Here.", 0, finished=True)


def test_an_underrun_gathers_a_cushion_again() -> None:
    buffer = PlayoutBuffer(RATE, cushion=0.06)
    buffer.push(1, ramp(480))
    for _ in range(4):
        buffer.pull(PACKET)
    buffer.push(1, ramp(100))
    assert not buffer.pull(PACKET)[0].any()
    assert buffer.underruns == 1
    buffer.push(1, ramp(400))
    assert buffer.pull(PACKET)[0].all()


def test_a_reply_that_stays_dry_is_starved_once() -> None:
    buffer = PlayoutBuffer(RATE, patience=0.1)
    buffer.push(1, ramp(480))
    facts = [fact.kind for _ in range(20) for fact in buffer.pull(PACKET)[1]]
    assert facts == ["started", "starved"]


def test_a_reply_that_is_paused_does_not_starve() -> None:
    buffer = PlayoutBuffer(RATE, patience=0.1)
    buffer.push(1, ramp(480))
    for _ in range(4):
        buffer.pull(PACKET)
    buffer.gate("paused")
    assert [fact for _ in range(50) for fact in buffer.pull(PACKET)[1]] == []


def test_a_reply_that_has_not_sounded_does_not_starve() -> None:
    """How long the first sound may take is not the playout's business."""
    buffer = PlayoutBuffer(RATE, patience=0.1)
    buffer.push(1, ramp(10))
    assert [fact for _ in range(50) for fact in buffer.pull(PACKET)[1]] == []


def test_ducking_fades_and_stays_quiet() -> None:
    buffer = PlayoutBuffer(RATE, duck=0.25)
    buffer.push(1, np.full(8000, 8000, np.int16), last=True)
    buffer.pull(PACKET)
    buffer.gate("ducked")
    pcm = buffer.pull(PACKET)[0].astype(int)
    assert (np.diff(pcm) <= 0).all()
    assert abs(np.diff(pcm)).max() <= 8000 / FADING + 1, "no click"
    assert (pcm[FADING:] == 2000).all()
    assert (buffer.pull(PACKET)[0] == 2000).all()


def test_pausing_fades_to_silence_within_the_fade() -> None:
    buffer = filled()
    buffer.pull(PACKET)
    buffer.gate("paused")
    pcm = buffer.pull(PACKET)[0]
    assert pcm[: FADING - 1].all()
    assert not pcm[FADING:].any()
    assert not buffer.pull(PACKET)[0].any()


def test_sound_that_arrives_while_a_dry_reply_is_paused_waits() -> None:
    buffer = PlayoutBuffer(RATE)
    buffer.push(1, ramp(480))
    for _ in range(4):
        buffer.pull(PACKET)
    buffer.gate("paused")
    buffer.push(1, ramp(800, 5000), last=True)
    assert not buffer.pull(PACKET)[0].any()
    buffer.gate("open")
    buffer.pull(FADING)
    assert buffer.pull(1)[0][0] == 5000 + FADING


def test_after_a_pause_it_goes_on_from_the_next_sample() -> None:
    buffer = filled()
    buffer.pull(PACKET)
    buffer.gate("paused")
    for _ in range(5):
        buffer.pull(PACKET)
    buffer.gate("open")
    buffer.pull(FADING)
    assert buffer.pull(1)[0][0] == 1000 + PACKET + 2 * FADING


def test_a_reply_that_is_paused_before_it_starts_starts_in_full_when_it_is_opened() -> None:
    buffer = filled()
    buffer.gate("paused")
    pcm, facts = buffer.pull(PACKET)
    assert not pcm.any()
    assert facts == []
    buffer.gate("open")
    assert (buffer.pull(PACKET)[0] == ramp(PACKET)).all()


@given(st.lists(st.tuples(st.sampled_from(("open", "ducked", "paused")), st.integers(1, 400)), max_size=20))
def test_no_sample_is_lost_or_repeated_however_it_is_gated(steps: list[tuple[str, int]]) -> None:
    """Every sample has the same value, so what left differs from it by the gain only: position and ledger must agree with what was taken."""
    buffer = filled(3000)
    for gate, n in steps:
        buffer.gate(gate)  # type: ignore[arg-type]  # they are the gates
        buffer.pull(n)
    buffer.gate("open")
    rest: list[int] = []
    left = 3000 - _samples(buffer)
    while len(rest) < left:
        rest += buffer.pull(1)[0].tolist()
    assert rest[FADING:] == ramp(3000)[3000 - left :].tolist()[FADING:]


def _samples(buffer: PlayoutBuffer) -> int:
    """How much of the sound has been taken: what is buffered no more."""
    return 3000 - round((20.0 - buffer.free()) * RATE)


def test_a_cut_says_how_the_reply_ended() -> None:
    buffer = filled(320)
    buffer.pull(PACKET)
    outcome = buffer.cut()
    assert outcome is not None
    assert (outcome.reply, outcome.samples, outcome.finished) == (1, PACKET, False)
    assert outcome.text == "one two"
    assert buffer.cut() is None


def test_a_reply_that_was_played_to_its_end_is_finished() -> None:
    buffer = filled(320)
    buffer.pull(400)
    outcome = buffer.cut()
    assert outcome is not None
    assert outcome.finished
    assert outcome.text == "one two three four"


def test_the_last_of_the_sound_ends_its_piece_of_text() -> None:
    """Also when a voice says only that the reply is over, and not that the piece is."""
    buffer = PlayoutBuffer(RATE)
    buffer.push(1, ramp(320), Span("one two three four", 0))
    buffer.push(1, ramp(0), last=True)
    buffer.pull(400)
    outcome = buffer.cut()
    assert outcome is not None
    assert outcome.text == "one two three four"


def test_after_a_cut_only_a_fade_is_left() -> None:
    buffer = filled()
    buffer.pull(PACKET)
    buffer.cut()
    pcm, facts = buffer.pull(PACKET)
    assert pcm[: FADING // 2].all()
    assert not pcm[FADING:].any()
    assert facts == []
    assert not buffer.pull(PACKET)[0].any()


def test_a_cut_before_the_first_sample_leaves_nothing() -> None:
    buffer = filled()
    buffer.cut()
    assert not buffer.pull(PACKET)[0].any()


def test_a_cut_of_a_paused_reply_leaves_nothing() -> None:
    buffer = filled()
    buffer.pull(PACKET)
    buffer.gate("paused")
    buffer.pull(PACKET)
    buffer.cut()
    assert not buffer.pull(PACKET)[0].any()


def test_a_cut_while_the_cushion_refills_leaves_nothing() -> None:
    """It is silent already; a fade would be a click out of nowhere."""
    buffer = PlayoutBuffer(RATE, cushion=0.06)
    buffer.push(1, ramp(480))
    for _ in range(4):
        buffer.pull(PACKET)
    buffer.push(1, ramp(100))
    buffer.cut()
    assert not buffer.pull(PACKET)[0].any()


def test_the_next_reply_follows_the_fade_of_the_last() -> None:
    buffer = filled()
    buffer.pull(PACKET)
    buffer.cut()
    buffer.push(2, ramp(2000, 5000), last=True)
    pcm, facts = buffer.pull(PACKET)
    assert kinds(facts) == ["started"]
    assert pcm[FADING] == 5000


def test_the_next_reply_starts_at_full_loudness() -> None:
    buffer = filled()
    buffer.pull(PACKET)
    buffer.gate("ducked")
    buffer.pull(40)
    buffer.gate("open")
    buffer.cut()
    buffer.pull(PACKET)
    buffer.push(2, ramp(2000, 5000), last=True)
    assert buffer.pull(1)[0][0] == 5000


def test_free_says_how_much_it_would_still_take() -> None:
    buffer = PlayoutBuffer(RATE, ahead=1.0)
    buffer.push(1, ramp(6000))
    assert buffer.free() == pytest.approx(0.25)
    buffer.push(1, ramp(4000))
    assert buffer.free() < 0


def test_a_stream_without_replies_skips_what_it_is_late_by() -> None:
    buffer = PlayoutBuffer(RATE, cushion=0.06)
    for _ in range(20):
        buffer.push(None, ramp(PACKET))
    assert 20.0 - buffer.free() <= 0.06 + 0.2 + 0.001
    assert buffer.pull(PACKET)[0].any()
    assert buffer.cut() is None


def test_what_was_shown_as_heard_is_not_taken_back() -> None:
    """The length of a piece that is still being made is a guess, and may grow."""
    buffer = PlayoutBuffer(RATE)
    span = Span("one two three four five six seven eight", 0)
    buffer.push(1, ramp(8000), span)
    shown = [fact.text for _ in range(45) for fact in buffer.pull(PACKET)[1] if fact.kind == "reached"]
    buffer.push(1, ramp(30000), span, ends=True)
    shown += [fact.text for _ in range(200) for fact in buffer.pull(PACKET)[1] if fact.kind == "reached"]
    assert shown == sorted(shown, key=len)
    assert len(shown) > 5


WORDS = st.lists(st.integers(1, 12), min_size=1, max_size=12)


@given(WORDS, st.integers(0, 100), st.booleans(), st.integers(1, 4))
def test_a_cut_anywhere_says_what_was_heard_to_a_word(lengths: list[int], percent: int, marks: bool, pieces: int) -> None:
    """With word timings any rhythm may be spoken; without them, an even one."""
    seconds = [0.05 + 0.1 * (index % 3) if marks else 0.06 * (length + 1) for index, length in enumerate(lengths)]
    begins = [sum(round(each * RATE) for each in seconds[:index]) for index in range(len(lengths) + 1)]
    places = [sum(length + 1 for length in lengths[:index]) for index in range(len(lengths) + 1)]
    buffer = PlayoutBuffer(RATE)
    for first in range(0, len(lengths), pieces):
        until = min(first + pieces, len(lengths))
        text = "".join("x" * length + " " for length in lengths[first:until])
        timings = [Mark((begins[word] - begins[first]) / RATE, places[word]) for word in range(first, until)]
        pcm = np.ones(begins[until] - begins[first], np.int16)
        buffer.push(1, pcm, Span(text, places[first]), timings if marks else (), ends=True)
    buffer.push(1, np.zeros(0, np.int16), last=True)
    played = begins[-1] * percent // 100
    buffer.pull(played)
    outcome = buffer.cut()
    assert outcome is not None
    truth = sum(end <= played for end in begins[1:])
    assert truth <= len(outcome.text.split()) <= truth + 1


def test_it_sleeps_only_while_every_pull_would_be_silence_without_facts() -> None:
    woken: list[bool] = []
    buffer = PlayoutBuffer(RATE)
    buffer.on_sound = lambda: woken.append(buffer.asleep)
    assert buffer.asleep
    buffer.push(1, ramp(800))
    assert not buffer.asleep
    buffer.pull(800)
    assert not buffer.asleep, "a reply that runs dry must be counted"
    buffer.push(1, ramp(0), last=True)
    assert not buffer.asleep, "its end is still to be told"
    assert kinds(buffer.pull(PACKET)[1]) == ["drained"]
    assert buffer.asleep
    assert woken == [False, False]


def test_it_is_awake_until_the_fade_of_a_cut_reply_has_left() -> None:
    buffer = filled(800)
    buffer.pull(PACKET)
    buffer.cut()
    assert not buffer.asleep
    buffer.pull(PACKET)
    assert buffer.asleep
