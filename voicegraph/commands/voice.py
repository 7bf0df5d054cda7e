"""`voicegraph voice`: a voice that stays with Mistral, for graphs to name like any preset."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from voicegraph.commands import CommandError, Subcommands, say

NO_CONSENT = "Nothing was sent. If the person who speaks in this recording has agreed to be cloned and to be kept with Mistral, add --consent."


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("voice", help="save a cloned voice with Mistral, or delete it", description=__doc__)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    save = actions.add_parser("save", help="save the voice of a recording; prints the line for the graph")
    save.add_argument("recording", type=Path, metavar="FILE", help="3 to 25 seconds of one person, in any usual format")
    save.add_argument("--name", required=True, help="for people; graphs name a voice by its id")
    save.add_argument("--consent", action="store_true", help="the person who speaks has agreed")
    save.set_defaults(run=run_save)
    delete = actions.add_parser("delete", help="delete a saved voice: graphs that name it cannot speak any more")
    delete.add_argument("id", metavar="ID")
    delete.set_defaults(run=run_delete)


def run_save(options: argparse.Namespace) -> int:
    from voicegraph.audio.decode import decode
    from voicegraph.core.reference import RATE, prepare
    from voicegraph.errors import UnfitReference
    from voicegraph.mistral.speech import as_reference

    if not options.consent:
        raise CommandError(NO_CONSENT)
    try:
        clip = as_reference(prepare(decode(options.recording.read_bytes(), RATE)), RATE)
    except (OSError, UnfitReference) as problem:
        raise CommandError(f"{options.recording}: {getattr(problem, 'strerror', None) or problem}") from problem
    say(f"voice: {asyncio.run(_save(options.name, clip))}")
    return 0


def run_delete(options: argparse.Namespace) -> int:
    asyncio.run(_delete(options.id))
    say(f"{options.id} is deleted.")
    return 0


async def _save(name: str, clip: str) -> str:
    from voicegraph.graph.host import Host
    from voicegraph.mistral.client import MistralClients
    from voicegraph.mistral.errors import plainly

    async with Host() as host:
        with plainly(CommandError):
            voice = await host.shared(MistralClients).get().audio.voices.create_async(name=name, sample_audio=clip, sample_filename="voice.wav")
    return voice.id


async def _delete(id: str) -> None:
    from voicegraph.graph.host import Host
    from voicegraph.mistral.client import MistralClients
    from voicegraph.mistral.errors import plainly

    async with Host() as host:
        with plainly(CommandError):
            await host.shared(MistralClients).get().audio.voices.delete_async(voice_id=id)
