from voicegraph.core.evidence import Alarm
from voicegraph.core.policy import Policy, Reminders
from voicegraph.core.silence import HANG_UP, Silence
from voicegraph.testing.floor import Floor

POLICY = Reminders(after=10.0, words=("Are you there?", "Goodbye then."))


def test_reminders_come_one_after_the_other_and_then_the_end() -> None:
    silence = Silence(POLICY)
    said = [silence.judge(now, True, Alarm()) for now in (0, 9, 10, 11, 20, 21, 31, 32, 42)]
    assert said == [None, None, "Are you there?", None, None, "Goodbye then.", None, None, HANG_UP]


def test_the_alarm_is_set_for_the_next() -> None:
    alarm = Alarm()
    Silence(POLICY).judge(3.0, True, alarm)
    assert alarm.next == 13.0


def test_a_word_of_the_callers_begins_the_count_anew() -> None:
    silence = Silence(POLICY)
    silence.judge(0, True, Alarm())
    silence.judge(10, True, Alarm())
    silence.broken(by_caller=True)
    silence.judge(20, True, Alarm())
    assert silence.judge(30, True, Alarm()) == "Are you there?"


def test_a_count_goes_around_the_words_and_hanging_up_can_be_left_out() -> None:
    silence = Silence(Reminders(after=1.0, words=("Hm?",), count=2, hang_up=False))
    said = [silence.judge(now / 2, True, Alarm()) for now in range(12)]
    assert [word for word in said if word] == ["Hm?", "Hm?"]


def test_without_words_silence_is_left_alone() -> None:
    alarm = Alarm()
    assert Silence(Reminders()).judge(99.0, True, alarm) is None
    assert alarm.next is None


def test_the_floor_reminds_only_while_nobody_has_it() -> None:
    floor = Floor(Policy(reminders=POLICY)).on().to(1).off().final(0, "Hello.").to(2).sounds().to(15).drains().heard().to(60)
    assert floor.since(2) == [(15.0, "drop finished"), (25.0, "begin Are you there?"), (25.0, "confirm quiet"), (33.0, "drop too slow")]


def test_the_floor_hangs_up_after_the_last_reminder() -> None:
    floor = Floor(Policy(reminders=Reminders(after=5.0, words=("Hm?",))))
    floor.do(floor.turns.tick).to(5).sounds().drains().heard().to(11)
    assert floor.log[-1] == (10.0, "hang up")
