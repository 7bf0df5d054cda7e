"""eSpeak NG, a small speech synthesiser of about a hundred languages, through its C library.

The functions, flags and structures are those of `speak_lib.h` of eSpeak NG 1.52; the `espeakng-loader` wheel brings the library and its data.
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from voicegraph.core.ledger import Mark
from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed

RATE = 22050
"""Hz of all its voices."""

_SYNCHRONOUS, _DONT_EXIT, _BUFFER_MS = 2, 0x8000, 50
_CHARACTERS, _UTF8, _END_PAUSE = 1, 1, 0x1000
_SPEED, _PITCH = 1, 3
_WORD, _LIST_END = 1, 0


@dataclass(frozen=True, slots=True)
class Voice:
    """name: a language (`en-gb`, `de`) or an eSpeak NG voice (`gmw/en-US`), with a variant if wanted (`en-us+f3`). speed: words a minute, 80 to 450.

    pitch: 0 to 99."""

    name: str = "en-gb"
    speed: int = 175
    pitch: int = 50


@dataclass(frozen=True, slots=True)
class Spoken:
    """Sound at 22050 Hz; `words`: when each word begins in it, and at which character of the text."""

    pcm: Pcm
    words: tuple[Mark, ...]


class UnknownVoice(ValueError):
    """eSpeak NG has no such voice."""


class EspeakEngine:
    """The synthesiser, off the event loop. One per process is enough: an hour of speech takes it some seconds."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "espeak")

    async def load(self, voice: Voice) -> None:
        """Make the library ready; CallFailed where it is not installed or has no such voice."""
        try:
            await self.say("", voice)
        except ImportError:
            raise CallFailed("eSpeak NG is not installed: pip install 'voicegraph[local]'") from None
        except UnknownVoice as problem:
            raise CallFailed(str(problem)) from None

    async def say(self, text: str, voice: Voice, pause: bool = False) -> Spoken:
        """Speak a text; `pause` adds the silence that follows a sentence. Cancelled, it stops the synthesis, and the engine is free at once."""
        stopped = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, synthesise, text, voice, pause, stopped.is_set)
        finally:
            stopped.set()

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def synthesise(text: str, voice: Voice, pause: bool = False, stopped: Callable[[], bool] = bool) -> Spoken:
    """Speak a text, blocking. `stopped` is asked every 50 ms of sound; once it says yes, what was made so far is returned.

    ImportError: the `local` extra is not installed. UnknownVoice."""
    with _LOCK:
        return _library().say(text, voice, pause, stopped)


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _VoiceEntry(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Samples = ctypes.POINTER(ctypes.c_short)
_Events = ctypes.POINTER(_Event)
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, _Samples, ctypes.c_int, _Events)
_LOCK = threading.Lock()
"""The C library has one voice, one callback and one set of parameters for the whole process; so it has one lock, and stays loaded."""


@functools.cache
def _library() -> _Library:
    return _Library()


class _Library:
    """The C library with its state. Every use holds `_LOCK`."""

    def __init__(self) -> None:
        import espeakng_loader  # type: ignore[import-untyped]  # heavy and optional: only when somebody speaks

        self._c = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        if self._c.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, _DONT_EXIT) != RATE:
            raise CallFailed("eSpeak NG did not start: reinstall it with pip install --force-reinstall espeakng-loader")
        self._callback = _Callback(self._take)  # the library keeps only its address: Python must not free it
        self._c.espeak_SetSynthCallback(self._callback)
        self._voices = self._list_voices()
        self._pieces: list[Pcm] = []
        self._found: list[tuple[int, int]] = []
        self._stopped: Callable[[], bool] = bool

    def say(self, text: str, voice: Voice, pause: bool, stopped: Callable[[], bool]) -> Spoken:
        self._pieces, self._found, self._stopped = [], [], stopped
        self._use(voice)
        spoken = text.replace("\0", " ").encode()
        flags = _UTF8 | (_END_PAUSE if pause else 0)
        self._c.espeak_Synth(spoken, ctypes.c_size_t(len(spoken) + 1), 0, _CHARACTERS, 0, flags, None, None)
        pcm = np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)
        return Spoken(pcm, _words(text, self._found))

    def _use(self, voice: Voice) -> None:
        name, plus, variant = voice.name.partition("+")
        identifier = self._voices.get(name.lower())
        if identifier is None or self._c.espeak_SetVoiceByName(f"{identifier}{plus}{variant}".encode()) != 0:
            languages = sorted({key for key in self._voices if len(key) <= 5 and "/" not in key})
            raise UnknownVoice(f"eSpeak NG has no voice '{voice.name}'; it has {', '.join(languages)}")
        self._c.espeak_SetParameter(_SPEED, voice.speed, 0)
        self._c.espeak_SetParameter(_PITCH, voice.pitch, 0)

    def _list_voices(self) -> dict[str, str]:
        """What a voice may be called → the identifier by which the library finds it."""
        self._c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceEntry))
        entries = self._c.espeak_ListVoices(None)
        voices: dict[str, str] = {}
        i = 0
        while entries[i]:
            entry = entries[i].contents
            identifier = entry.identifier.decode()
            language = entry.languages[1:].decode()  # its first byte is a priority
            for key in (identifier, identifier.rpartition("/")[2], language):
                voices.setdefault(key.lower(), identifier)
            i += 1
        return voices

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        """The library's callback: some sound and the events in it. 1 stops the synthesis."""
        if samples and count:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type != _LIST_END:
            if events[i].type == _WORD:
                self._found.append((events[i].sample, events[i].text_position - 1))
            i += 1
        return int(self._stopped())


def _words(text: str, found: list[tuple[int, int]]) -> tuple[Mark, ...]:
    """One mark per word: the library also reports the parts in which it says a number, at places inside of it."""
    marks: list[Mark] = []
    for sample, at in found:
        is_inside = 0 < at < len(text) and text[at - 1].isalnum()
        if 0 <= at < len(text) and not is_inside and (not marks or at > marks[-1].at):
            marks.append(Mark(sample / RATE, at))
    return tuple(marks)
