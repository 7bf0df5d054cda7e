"""The command line, as a person uses it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import wave
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientSession

import voicegraph
from voicegraph.cli import main
from voicegraph.commands.run import needs_real_time
from voicegraph.errors import CallFailed
from voicegraph.graph.load import load
from voicegraph.local.espeak import RATE, Voice, synthesise
from voicegraph.rtc.sdp import host_candidates
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.mistral import MistralServer, Script

ROOT = Path(voicegraph.__file__).parents[1]
ECHO = """
about: Hear yourself.
nodes:
  caller: webrtc_in
  echo: echo
  jitter: {use: jitter_buffer, cushion: 20ms}
  speaker: webrtc_out
"""


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    file = tmp_path / "echo.yaml"
    file.write_text(ECHO)
    return file


@pytest.fixture
def question(tmp_path: Path) -> Path:
    file = tmp_path / "question.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes((8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16_000)).astype("<i2").tobytes())
    return file


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"voicegraph {voicegraph.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["sing"], ["serve", "--port", "lots"], ["serve", "--page", "tests"], ["check"], ["run", "echo"], ["captions"]]
)
def test_a_wrong_command_line_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: voicegraph" in capsys.readouterr().err


class TestCheck:
    def test_a_good_graph_is_quiet(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(echo)]) == 0
        assert capsys.readouterr().out == ""

    def test_each_mistake_is_a_line_with_its_place(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        echo.write_text(ECHO.replace("echo: echo", "echo: ecko").replace("20ms", "20"))
        assert main(["check", str(echo)]) == 1
        out, err = capsys.readouterr()
        first, second = out.splitlines()
        assert first.startswith(f"{echo}:5:")
        assert second.startswith(f"{echo}:6:")
        assert err == "2 mistakes\n"

    def test_all_files_are_looked_at(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(echo), str(echo.with_name("missing.yaml")), str(echo)]) == 1
        assert len(capsys.readouterr().out.splitlines()) == 1

    def test_verbose_shows_what_will_run(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", "--verbose", str(echo)]) == 0
        out = capsys.readouterr().out
        assert "echo: Hear yourself." in out
        assert "audio <- caller.audio  CallerAudio 16000 Hz" in out
        assert f"cushion: 20ms  {echo}:6\n" in out
        assert "ahead: 20s     default\n" in out

    def test_a_key_that_is_not_set_is_a_note(self, echo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_SUCH_KEY", raising=False)
        echo.write_text(ECHO + "  stt: {use: voxtral_stt, from: caller, api_key: '${NO_SUCH_KEY}'}\n  page: page\n")
        assert main(["check", str(echo)]) == 0
        assert "note: NO_SUCH_KEY is not set" in capsys.readouterr().out


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "nodes" in json.loads(capsys.readouterr().out)["properties"]


class TestRun:
    def test_a_question_gets_its_reply(self, echo: Path, question: Path, tmp_path: Path) -> None:
        reply = tmp_path / "reply.wav"
        assert main(["run", str(echo), "--in", str(question), "--out", str(reply)]) == 0
        with wave.open(str(reply)) as sound:
            pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
            assert sound.getframerate() == 16_000
        assert np.count_nonzero(np.abs(pcm.astype(int)) > 1000) > 0.4 * 16_000

    def test_in_virtual_time_it_is_the_same_call_and_says_how_fast(
        self, echo: Path, question: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["run", str(echo), "--in", str(question), "--out", str(tmp_path / "virtual.wav")]) == 0
        assert re.search(r"^2\.5 s of call in \d+\.\d s: \d+ times as fast as real time$", capsys.readouterr().out, re.MULTILINE)
        assert main(["run", str(echo), "--in", str(question), "--out", str(tmp_path / "real.wav"), "--realtime"]) == 0
        assert "times as fast" not in capsys.readouterr().out
        assert (tmp_path / "virtual.wav").read_bytes() == (tmp_path / "real.wav").read_bytes()

    def test_with_every_local_engine_it_takes_the_same_course_each_time(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        question, calls = tmp_path / "question.wav", []
        spoken = synthesise("Tell me a story.", Voice("en-us"))
        with wave.open(str(question), "wb") as sound:
            sound.setparams((1, 2, RATE, 0, "NONE", ""))
            sound.writeframes(bytes(RATE) + spoken.pcm.tobytes())
        for reply in (tmp_path / "first.wav", tmp_path / "second.wav"):
            assert main(["run", "local", "--in", str(question), "--out", str(reply)]) == 0
            said = [line for line in capsys.readouterr().out.splitlines() if "as fast as real time" not in line]
            calls.append((said, reply.stat().st_size))  # not the samples: eSpeak NG goes on from where its last sentence left its oscillators
        assert calls[0] == calls[1]
        assert "first sound" in calls[0][0][-1]

    def test_what_waits_for_a_network_runs_in_real_time_and_says_why(self) -> None:
        assert needs_real_time(load("local")) is None
        sentence = needs_real_time(load("voxtral"))
        assert sentence is not None
        assert sentence.startswith("This runs in real time: 'stt' (voxtral_stt), 'agent' (mistral_agent) and 'tts' (voxtral_tts) may wait")

    @pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all"])
    def test_what_is_no_sound_is_refused(self, content: bytes, echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "odd.wav"
        file.write_bytes(content)
        assert main(["run", str(echo), "--in", str(file)]) == 1
        assert "is not a WAV file" in capsys.readouterr().err

    def test_a_missing_file_is_named(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["run", str(echo), "--in", "nothing.wav"]) == 1
        assert capsys.readouterr().err == "nothing.wav cannot be read: No such file or directory.\n"

    def test_a_graph_that_says_nothing_is_not_waited_for(self, echo: Path, question: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with wave.open(str(question), "wb") as sound:
            sound.setparams((1, 2, 16_000, 0, "NONE", ""))
            sound.writeframes(bytes(3200))
        assert main(["run", str(echo), "--in", str(question), "--timeout", "0.1"]) == 1
        assert "There was no reply within 0.1 s" in capsys.readouterr().err


@asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[tuple[Process, str]]:
    """A server in a process of its own, and where it listens."""
    command = [sys.executable, "-m", "voicegraph", "serve", "--port", "0", *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        yield process, line.split(" at ")[1].split()[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


class TestServe:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    async def test_a_signal_ends_its_calls_and_it(self, number: int, echo: Path) -> None:
        async with serving("--graph", str(echo), "--workers", "1", "--drain-limit", "0.1") as (process, address):
            async with Caller(over_http(address)) as caller:
                process.send_signal(number)
                with pytest.raises(CallFailed, match="The server is shutting down"):
                    await caller.wait_for("never")
            assert await asyncio.wait_for(process.wait(), 10) == 0
            assert process.stderr is not None
            assert await process.stderr.read() == b""

    @pytest.mark.parametrize(
        ("option", "value", "words"),
        [
            ("--workers", "0", "no number from 1"),
            ("--max-calls", "many", "no number from 1"),
            ("--udp-ports", "40000", "such as 40000-40199"),
            ("--public-address", "voice.example", "names are not resolved"),
            ("--drain-limit", "-1", "no number of seconds"),
            ("--drain-limit", "soon", "no number of seconds"),
        ],
    )
    def test_an_option_that_cannot_be_is_explained(self, option: str, value: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            main(["serve", option, value])
        assert words in capsys.readouterr().err

    def test_too_few_ports_are_told_before_a_caller_meets_them(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["serve", "--graph", str(echo), "--workers", "2", "--max-calls", "30", "--udp-ports", "40000-40049"]) == 1
        assert "50 UDP ports are too few for 30 calls for each of 2 workers" in capsys.readouterr().err

    def test_a_key_that_is_none_is_told(self, echo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VOICEGRAPH_RESUME_KEY", "secret")
        assert main(["serve", "--graph", str(echo)]) == 1
        assert "VOICEGRAPH_RESUME_KEY is no key" in capsys.readouterr().err

    @pytest.mark.parametrize("workers", ["1", "2"])
    async def test_calls_keep_to_their_ports(self, workers: str, echo: Path) -> None:
        async with serving("--graph", str(echo), "--workers", workers, "--max-calls", "1", "--udp-ports", "41000-41009") as (_, address):
            offer, answers = over_http(address), []

            async def listening(sdp: str, restart: bool) -> str:
                answers.append(await offer(sdp, restart))
                return answers[-1]

            async with Caller(listening):
                ports = {candidate.port for candidate in host_candidates(answers[0])}
            assert ports
            assert ports <= {*range(41000, 41010)}

    async def test_a_port_in_use_is_named(self, echo: Path) -> None:
        async with serving("--graph", str(echo)) as (_, address):
            port = address.rpartition(":")[2]
            second = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "voicegraph", "serve", "--port", port, cwd=ROOT, stdout=PIPE, stderr=PIPE
            )
            _, err = await asyncio.wait_for(second.communicate(), 20)
            assert second.returncode == 1
            assert err.decode() == f"Port {port} of 127.0.0.1 is in use: stop the program that has it, or choose another with --port.\n"

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.7.7", "voice.example"])
    def test_graphs_are_not_edited_where_others_can_reach_the_server(self, host: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["serve", "--dev", "--host", host, "--port", "0"]) == 1
        assert f"not {host}, but 127.0.0.1" in capsys.readouterr().err

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_on_this_machine_they_can_be(self, host: str, echo: Path) -> None:
        async with serving("--dev", "--host", host, "--graph", str(echo)) as (process, url):
            assert process.stdout is not None
            await process.stdout.readline()
            assert str(echo.parent) in (await process.stdout.readline()).decode()
            async with ClientSession() as http, http.get(f"{url}/graphs/echo/source") as answer:
                assert (await answer.json())["yaml"] == ECHO

    def test_a_graph_with_mistakes_is_not_served(self, echo: Path, capsys: pytest.CaptureFixture[str]) -> None:
        echo.write_text(ECHO.replace("echo: echo", "echo: ecko"))
        assert main(["serve", "--graph", str(echo), "--port", "0"]) == 1
        assert "ecko" in capsys.readouterr().err

    @pytest.mark.parametrize("content", ["{", "{}", '[{"url": "stun:x"}]'])
    def test_a_wrong_list_of_ice_servers_is_refused(self, content: str, echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "ice.json"
        file.write_text(content)
        assert main(["serve", "--graph", str(echo), "--port", "0", "--ice-servers", str(file)]) == 1
        assert str(file) in capsys.readouterr().err


class TestTheDefaultGraph:
    @pytest.fixture(autouse=True)
    def _no_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_BASE_URL"):
            monkeypatch.delenv(name, raising=False)

    def test_without_a_key_it_runs_here(self) -> None:
        from voicegraph.server.catalogue import choose

        assert choose() == ("local", "MISTRAL_API_KEY is not set, so everything runs on this machine")

    def test_with_a_key_it_is_mistrals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from voicegraph.server.catalogue import choose

        monkeypatch.setenv("MISTRAL_API_KEY", "secret")
        assert choose() == ("voxtral", "there is a key for Mistral")


async def test_captions_of_a_recording_are_printed_line_by_line(question: Path) -> None:
    async with MistralServer(Script(utterances=["one two three"])) as mistral:
        environ = os.environ | {"MISTRAL_API_KEY": "none-needed", "MISTRAL_BASE_URL": mistral.url}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voicegraph", "captions", str(question), cwd=ROOT, env=environ, stdout=PIPE, stderr=PIPE
        )
        out, problems = await asyncio.wait_for(process.communicate(), 30)
    assert (out.decode().split(), problems, process.returncode) == (["one", "two", "three"], b"", 0)


def test_captions_without_a_server_say_why(question: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MISTRAL_BASE_URL", "http://127.0.0.1:1")
    assert main(["captions", str(question)]) == 1
    assert "Mistral cannot be reached" in capsys.readouterr().err
