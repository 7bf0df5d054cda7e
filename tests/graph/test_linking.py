from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.graph.conftest import Edit, Load, Mistakes
    from voicegraph.graph.spec import GraphSpec


def arrows(spec: GraphSpec, target: str) -> set[str]:
    return {f"{link.source}.{link.out} → {link.into}" for link in spec.node(target).links}


def test_each_input_takes_the_nearest_above_that_fits(load_text: Load, call: str) -> None:
    spec = load_text(call)
    assert arrows(spec, "resampler") == {"caller.audio → audio"}
    assert arrows(spec, "vad") == {"resampler.audio → audio"}
    assert arrows(spec, "stt") == {"resampler.audio → audio"}
    assert arrows(spec, "floor") == {"caller.commands → commands", "vad.speech → speech", "stt.words → words", "speaker.playout → playout"}
    assert arrows(spec, "agent") == {"floor.turns → turns", "floor.amendments → amendments", "speaker.playout → playout"}
    assert arrows(spec, "page") == {
        "stt.words → words",
        "agent.reply → reply",
        "speaker.playout → playout",
        "floor.amendments → amendments",
        "floor.events → events",
        "agent.events → events",
    }


def test_only_feedback_comes_from_below(load_text: Load, call: str) -> None:
    assert {(link.source, link.target) for link in load_text(call).links if link.feedback} == {("speaker", "floor"), ("speaker", "agent")}


def test_links_know_their_rate_and_the_side_is_kept(load_text: Load, edit: Edit) -> None:
    spec = load_text(edit("tts: {use: voxtral_tts, voice: gb_jane_neutral}", "tts: espeak_tts\n  up: {use: resampler, rate: 24000}"))
    rates = {(link.source, link.target): (link.kind.__name__, link.rate) for link in spec.links if link.rate}
    assert rates == {
        ("caller", "resampler"): ("CallerAudio", 48000),
        ("resampler", "vad"): ("CallerAudio", 16000),
        ("resampler", "stt"): ("CallerAudio", 16000),
        ("tts", "up"): ("ReplyAudio", 22050),
        ("up", "jitter"): ("ReplyAudio", 24000),
        ("jitter", "speaker"): ("Playback", 24000),
    }


def test_a_named_input_waits_to_be_named(load_text: Load, edit: Edit) -> None:
    spec = load_text(edit("stt: {use", "stt: {from: {speech: vad}, use"))
    assert arrows(spec, "stt") == {"resampler.audio → audio", "vad.speech → speech"}


def test_what_an_input_passes_on_replaces_it(load_text: Load, edit: Edit) -> None:
    spec = load_text(edit("  tts: {", "  loud: shout\n  guard: moderate_replies\n  tts: {"))
    assert arrows(spec, "tts") == {"guard.reply → text"}
    assert "guard.reply → reply" in arrows(spec, "page")
    assert "agent.reply → reply" not in arrows(spec, "page")


def test_an_input_for_many_takes_every_end(load_text: Load, edit: Edit) -> None:
    spec = load_text(edit("  tts: {", "  loud: {use: shout, from: agent}\n  louder: {use: shout, from: agent}\n  tts: {"))
    assert arrows(spec, "tts") == {"loud.loud → text", "louder.loud → text"}


@pytest.mark.parametrize("source", ["vad, stt", "stt.words, vad.speech"])
def test_a_list_is_all_that_flows_down(load_text: Load, edit: Edit, source: str) -> None:
    spec = load_text(edit("floor: {use", f"floor: {{from: [{source}], use"))
    assert arrows(spec, "floor") == {"vad.speech → speech", "stt.words → words", "speaker.playout → playout"}


def test_one_source_may_give_to_several_inputs(load_text: Load, edit: Edit) -> None:
    assert arrows(load_text(edit("  agent:\n", "  agent:\n    from: floor\n")), "agent") >= {"floor.turns → turns", "floor.amendments → amendments"}


def test_a_single_port_leaves_the_others_to_the_rule(load_text: Load, edit: Edit) -> None:
    spec = load_text(edit("floor: {use", "floor: {from: {commands: none}, use"))
    assert arrows(spec, "floor") == {"vad.speech → speech", "stt.words → words", "speaker.playout → playout"}


def test_an_empty_variable_leaves_an_input_to_the_rule(load_text: Load, edit: Edit) -> None:
    spec = load_text(edit("floor: {use", 'floor: {from: {speech: "${VAD}"}, use'), {"VAD": ""})
    assert "vad.speech → speech" in arrows(spec, "floor")


def test_feedback_for_many_hears_everybody(load_text: Load, edit: Edit) -> None:
    source = """
from voicegraph.frames import Event, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Ear(Processor):
    events = In(Event, feedback=True, many=True)
    text = In(ReplyText)
    reply = Out(ReplyText)
    def on_events(self, event): ...
    def on_text(self, text): ...
"""
    text = edit("  tts: {", "  ear: {use: './ear.py:Ear'}\n  guard: moderate_replies\n  tts: {")
    assert arrows(load_text(text, ear_py=source), "ear") == {
        "agent.reply → text",
        "floor.events → events",
        "agent.events → events",
        "guard.events → events",
    }


def test_the_examples_of_variants_check(load_text: Load) -> None:
    dual = load_text(
        "extends: ./base.yaml\nnodes:\n"
        "  stt: {target_streaming_delay: 240ms}\n"
        "  slow: {use: voxtral_stt, after: stt, target_streaming_delay: 2400ms}\n"
        "  merge: {use: dual_delay, after: slow, from: {fast: stt, slow: slow}}\n"
        "  floor: {from: {words: stt}}\n"
        "  record: {use: recorder, path: 'calls/{session}'}\n"
    )
    assert [node.name for node in dual.nodes][3:7] == ["stt", "slow", "merge", "floor"]
    assert arrows(dual, "merge") == {"stt.words → fast", "slow.words → slow"}
    moderated = load_text(
        "extends: ./base.yaml\nnodes:\n"
        "  guard_in: {use: moderate_turns, after: floor, block: {jailbreaking: 0.4, pii: 0.8}, say: I can't help with that.}\n"
        "  guard_out: {use: moderate_replies, after: agent, block: {sexual: 0.3}, say: Let's talk about something else.}\n"
    )
    assert "guard_in.turns → turns" in arrows(moderated, "agent")
    assert arrows(moderated, "tts") == {"guard_out.reply → text"}


BRIDGE = "'agent' takes Turn; 'stt.words' gives Transcript. An interruption between would make Turn of it"
LEFT_OUT = "'agent' needs Turn, and its from: names no source of it: add one, or write from: {port: source} for single inputs"
AGENT = "  agent:\n"
RESAMPLER = "  resampler: {use: resampler, rate: 16000}\n"
FEED = "would feed each other: only feedback, such as playout, comes from below"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (AGENT, f"{AGENT}    from: stt\n", f"9:11: {BRIDGE}"),
        (AGENT, f"{AGENT}    from: {{turns: stt.words}}\n", f"9:19: {BRIDGE}"),
        (AGENT, f"{AGENT}    from: sst\n", "9:11: there is no node 'sst' (did you mean 'stt'?)"),
        (AGENT, f"{AGENT}    from: stt.wrds\n", "9:11: 'stt' has no output 'wrds' (did you mean 'words'?)"),
        (AGENT, f"{AGENT}    from: {{turn: floor}}\n", "9:12: 'agent' has no input 'turn' (did you mean 'turns'?)"),
        (AGENT, f"{AGENT}    from: {{zzz: floor}}\n", "9:12: 'agent' has no input 'zzz': it has turns, amendments and playout"),
        (AGENT, f"{AGENT}    from: agent\n", "9:11: 'agent' cannot take from itself"),
        (AGENT, f"{AGENT}    from: none\n", f"8:3: {LEFT_OUT}"),
        (AGENT, f"{AGENT}    from: []\n", f"8:3: {LEFT_OUT}"),
        (AGENT, f"{AGENT}    from: floor.events\n", "9:11: 'agent' takes Turn; 'floor.events' gives Event"),
        (AGENT, f"{AGENT}    from:\n", "9:5: from: names a source; write none where there is to be no link"),
        (AGENT, f"{AGENT}    from: [floor, [stt]]\n", "9:19: a source of 'agent' is a node, or node.output"),
        (AGENT, f"{AGENT}    from: {{turns: {{a: b}}}}\n", "9:19: 'agent.turns' takes a source, a list of sources, or none"),
        (AGENT, f"{AGENT}    from: {{turns: [floor, stt]}}\n", "9:27: 'agent.turns' takes one source, not 2"),
        (AGENT, f"{AGENT}    from: {{turns: none}}\n", "9:19: 'agent' cannot do without a source for 'turns'"),
        (AGENT, f'{AGENT}    from: "${{GONE}}"\n', "9:11: GONE is not set in the environment: set it, or give a default, ${GONE:-…}"),
        (AGENT, f'{AGENT}    from: "${{THERE}}"\n', "9:11: there is no node that ${THERE} would stand for"),
        ("floor: {use", "floor: {from: {playout: agent}, use", "7:27: 'floor.playout' takes Playout; 'agent.reply' gives ReplyText"),
        ("floor: {use", "floor: {from: [stt, stt], use", "7:3: 'floor.words' takes one source: stt.words and stt.words are too many"),
        ("tts: {", "tts: {from: [agent, page], ", "11:23: 'tts' takes ReplyText; 'page' gives nothing"),
        ("caller: webrtc_in", "caller: {use: webrtc_in, from: vad}", "3:34: 'caller' takes nothing that flows down, so 'vad' cannot go there"),
        ("mode: 2", "mode: 2, from: stt", "5:40: 'vad' takes CallerAudio; 'stt.words' gives Transcript"),
        (
            "mode: 2",
            "mode: 2, from: tts",
            "5:40: 'vad' takes CallerAudio; 'tts.audio' gives ReplyAudio",
        ),
        (RESAMPLER, "  a: {use: resampler, rate: 16000, from: b}\n  b: {use: resampler, rate: 16000, from: a}\n", f"4:42: 'a' and 'b' {FEED}"),
        (
            "  stt: {use",
            "  slow: voxtral_stt\n  stt: {use",
            "8:3: 'floor.words' could take slow or stt: say which, from: {words: slow}",
        ),
        (
            "  page: page",
            "  merge: dual_delay\n  page: page",
            "14:3: 'merge' has two inputs for Transcript: name them, from: {fast: …, slow: …}",
        ),
        (
            "  page: page",
            "  merge: {use: dual_delay, from: stt}\n  page: page",
            "14:34: 'merge' has two inputs for Transcript: name them, from: {fast: …, slow: …}",
        ),
        ("  jitter: {use: jitter_buffer, cushion: 60ms}\n", "", "12:3: 'speaker' needs Playback, and nothing above gives it (jitter_buffer would)"),
        (
            "  floor: {use: interruption, preset: balanced}\n",
            "",
            "7:3: 'agent' needs Turn, and nothing above gives it (interruption would)",
        ),
        (
            "  speaker:",
            "  recorder: recorder\n  speaker:",
            "13:3: 'recorder.reply' finds nothing above; 'speaker.heard' below would fit: "
            "move 'recorder' below 'speaker', or say from: {reply: none}",
        ),
        (
            RESAMPLER,
            "  loud: shout\n" + RESAMPLER,
            "4:3: 'loud' finds nothing above; 'agent.reply' below would fit: move 'loud' below 'agent'",
        ),
        (
            "  tts: {",
            "  guard: moderate_replies\n  tts: {from: agent, ",
            "12:3: 'tts' takes 'agent.reply' past 'guard', which must see it first: take it from 'guard'",
        ),
        (
            "  page: page",
            "  loud: shout\n  page: page",
            "14:3: nobody hears 'loud.loud': these words would never be spoken. It stands below 'tts': move it above",
        ),
        (
            "  tts: {",
            "  loud: shout\n  tts: {from: agent, ",
            "11:3: nobody hears 'loud.loud': these words would never be spoken. 'tts' takes 'agent.reply': say from: loud, or remove 'loud'",
        ),
        (
            "  page: page",
            "  vad2: webrtcvad\n  page: page",
            "14:3: nobody hears 'vad2.speech': 'vad2' would work for nothing. It stands below 'floor': move it above",
        ),
        (
            "tts: {use: voxtral_tts, voice: gb_jane_neutral}",
            "tts: espeak_tts",
            "12:3: 'jitter' takes 8000, 12000, 16000, 24000 or 48000 Hz; 'tts.audio' gives 22050: "
            "put a resampler between them, {use: resampler, rate: 24000}",
        ),
        (
            "rate: 16000",
            "rate: 44100",
            "5:3: 'vad' takes 8000, 16000, 32000 or 48000 Hz; 'resampler.audio' gives 44100: write rate: 48000 at 'resampler'",
        ),
        ("  speaker: webrtc_out\n", "", "2:1: the graph has no webrtc_out: the caller would hear nothing"),
        ("  caller: webrtc_in\n", "", "2:1: the graph has no webrtc_in: nothing would be heard of the caller"),
        ("  page:", "  speaker2: webrtc_out\n  page:", "14:3: 'speaker2' is a second webrtc_out, and a call has one: 'speaker'"),
        ("  resampler:", "  caller2: webrtc_in\n  resampler:", "4:3: 'caller2' is a second webrtc_in, and a call has one: 'caller'"),
        ("  page:", "  boss: interruption\n  page:", "14:3: 'floor' and 'boss' would both decide who has the floor: keep one of them"),
    ],
)
def test_a_wrong_link_says_both_ends_and_the_way_out(edit: Edit, mistakes: Mistakes, old: str, new: str, mistake: str) -> None:
    assert mistakes(edit(old, new), {"THERE": "somewhere"}) == [f"call.yaml:{mistake}"]


def test_frames_flow_down(edit: Edit, mistakes: Mistakes) -> None:
    assert mistakes(
        edit("mode: 2", "mode: 2, from: up").replace("  page: page", "  up: {use: resampler, rate: 16000, from: caller}\n  page: page")
    ) == ["call.yaml:5:40: 'up' stands below 'vad', and frames flow down: move 'vad' below 'up'"]


def test_two_outputs_for_one_input_must_be_told_apart(edit: Edit, mistakes: Mistakes) -> None:
    source = """
from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Split(Processor):
    text = In(ReplyText)
    left = Out(ReplyText)
    right = Out(ReplyText)
    def on_text(self, text): ...
"""
    text = edit("  tts: {", "  split: {use: './split.py:Split'}\n  loud: {use: shout, from: split}\n  tts: {")
    assert mistakes(text, split_py=source) == ["call.yaml:12:28: 'split' has two outputs that fit 'loud': say split.left or split.right"]
    text = text.replace("from: split}", "}")
    assert mistakes(text, split_py=source) == [
        "call.yaml:12:3: 'loud.words' could take split.left or split.right: say which, from: {words: split.left}"
    ]


def test_a_screen_may_not_look_past_a_guard(edit: Edit, mistakes: Mistakes) -> None:
    told = mistakes(edit("  tts: {", "  early: {use: page, from: agent.reply}\n  guard: moderate_replies\n  tts: {"))
    assert told == ["call.yaml:11:3: 'early' takes 'agent.reply' past 'guard', which must see it first: move 'early' below 'guard'"]


def test_what_only_a_screen_hears_is_lost(mistakes: Mistakes, call: str) -> None:
    text = call.replace("  tts: {use: voxtral_tts, voice: gb_jane_neutral}\n", "  echo: echo\n")
    assert mistakes(text) == ["call.yaml:8:3: nobody hears 'agent.reply': these words would never be spoken. Add espeak_tts or voxtral_tts below it"]


def test_nothing_is_told_of_what_hangs_on_a_failed_node(edit: Edit, mistakes: Mistakes) -> None:
    assert mistakes(edit("rate: 16000", "rate: 16000, from: nobody")) == ["call.yaml:4:50: there is no node 'nobody'"]
    assert mistakes(edit(AGENT, f"{AGENT}    from: nobody\n")) == ["call.yaml:9:11: there is no node 'nobody'"]


def test_every_wrong_link_is_told_at_once(edit: Edit, mistakes: Mistakes) -> None:
    text = edit(AGENT, f"{AGENT}    from: stt\n").replace("mode: 2", "mode: 2, from: nobody").replace("page: page", "merge: dual_delay")
    assert [line.split(":")[1] for line in mistakes(text)] == ["5", "9", "15"]


def test_a_processor_may_check_its_links_itself(edit: Edit, mistakes: Mistakes) -> None:
    source = """
from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Fussy(Processor):
    text = In(ReplyText)
    reply = Out(ReplyText)
    def on_text(self, text): ...
    @classmethod
    def check(cls, node):
        if node.links[0].source == "agent":
            return [f"'{node.name}' does not like the agent"]
        raise KeyError("oops")
"""
    text = edit("  tts: {", "  fussy: {use: './fussy.py:Fussy'}\n  tts: {")
    assert mistakes(text, fussy_py=source) == ["call.yaml:11:3: 'fussy' does not like the agent"]
    text = edit("  tts: {", "  loud: shout\n  fussy: {use: './fussy.py:Fussy'}\n  tts: {")
    assert mistakes(text, fussy_py=source) == ["call.yaml:12:3: the check of 'fussy' failed: KeyError: 'oops'"]
