from voicegraph.core.tape import Flush, Tape

RATE = 1000
LIMIT = 10_000


def tape_of(seconds: int) -> Tape:
    """One piece per second, filled with its number; the first one's last sample arrived at 101.0."""
    tape = Tape(RATE)
    for second in range(seconds):
        tape.add(sound(second), 101.0 + second)
    return tape


def sound(number: int) -> bytes:
    return bytes([number]) * 2 * RATE


def rest_of(tape: Tape) -> list[bytes | Flush]:
    found = []
    while (piece := tape.read(LIMIT)) is not None:
        found.append(piece)
    return found


def test_sound_is_read_once_and_joined() -> None:
    tape = tape_of(3)
    assert tape.unread == 3.0
    assert tape.read(LIMIT) == sound(0) + sound(1) + sound(2)
    assert tape.unread == 0.0
    assert tape.read(LIMIT) is None


def test_no_more_than_the_limit_is_read_at_once() -> None:
    tape = tape_of(3)
    assert tape.read(4000) == sound(0) + sound(1)
    assert tape.read(4000) == sound(2)


def test_a_flush_is_read_in_its_place() -> None:
    tape = tape_of(1)
    tape.flush(7)
    tape.add(sound(1), 102.0)
    assert rest_of(tape) == [sound(0), Flush(7), sound(1)]


def test_a_new_connection_reads_what_was_not_answered() -> None:
    tape = tape_of(1)
    tape.flush(0)
    tape.add(sound(1), 102.0)
    tape.flush(1)
    rest_of(tape)
    tape.answered(0)
    tape.rewind()
    assert rest_of(tape) == [sound(1), Flush(1)]


def test_what_was_heard_is_forgotten_to_the_piece() -> None:
    tape = tape_of(4)
    rest_of(tape)
    tape.heard_until(2.5)
    tape.rewind()
    assert rest_of(tape) == [sound(2) + sound(3)]


def test_trimming_keeps_the_newest() -> None:
    tape = tape_of(10)
    rest_of(tape)
    tape.trim(read=3, most=9)
    tape.rewind()
    assert rest_of(tape) == [sound(7) + sound(8) + sound(9)]


def test_trimming_spares_what_was_not_read_yet() -> None:
    tape = tape_of(5)
    tape.trim(read=1, most=9)
    assert tape.unread == 5


def test_trimming_has_a_limit_for_what_is_never_read() -> None:
    tape = tape_of(10)
    tape.trim(read=1, most=4)
    assert tape.unread == 4


def test_a_moment_of_the_connection_is_when_its_sample_arrived() -> None:
    tape = tape_of(3)
    rest_of(tape)
    assert tape.when(0.0) == 100.0
    assert tape.when(2.5) == 102.5


def test_a_gap_in_the_sound_is_a_gap_in_time() -> None:
    tape = tape_of(1)
    tape.add(sound(1), 160.0)
    rest_of(tape)
    assert tape.when(0.5) == 100.5
    assert tape.when(1.5) == 159.5


def test_a_new_connection_has_its_own_clock() -> None:
    tape = tape_of(4)
    rest_of(tape)
    tape.heard_until(2.0)
    tape.rewind()
    assert tape.when(0.5) == 102.5


def test_sound_that_was_never_read_does_not_count_on_the_clock() -> None:
    tape = tape_of(10)
    tape.trim(read=1, most=4)
    rest_of(tape)
    assert tape.when(0.5) == 106.5


def test_the_clock_goes_on_where_the_sound_was_forgotten() -> None:
    tape = tape_of(3)
    rest_of(tape)
    tape.heard_until(3.0)
    assert tape.when(2.5) == 102.5
