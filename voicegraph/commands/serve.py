"""`voicegraph serve`: take calls from browsers."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import logging
import socket
from pathlib import Path
from typing import Any

from voicegraph.commands import Subcommands, complain, say
from voicegraph.errors import VoicegraphError


class ServeError(VoicegraphError):
    """The server cannot be started as it was asked to."""


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("serve", help="take calls from browsers", description="Serve the page and take its calls.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; 0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="0 for any that is free (%(default)s)")
    parser.add_argument(
        "--graph", metavar="GRAPH", help="the graph of a call that names none: a file, or a shipped one (voxtral with a key for Mistral, else local)"
    )
    parser.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="let the pages of another site call; * for all; may be repeated"
    )
    parser.add_argument(
        "--ice-servers", type=Path, metavar="FILE", help='JSON: [{"urls": "turn:…", "username": "…", "credential": "…"}]; none by default'
    )
    parser.add_argument("--page", type=_page, metavar="FOLDER", help="serve your own page instead of ours: a folder with an index.html")
    parser.add_argument("--max-calls", type=int, default=40, metavar="N", help="how many at the same time (%(default)s)")
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=("debug", "info", "warning", "error"),
        help="of voicegraph itself; libraries only warn (%(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.graph.load import load
    from voicegraph.graph.shipped import names
    from voicegraph.server.app import Options, serve
    from voicegraph.server.catalogue import Catalogue, choose

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("voicegraph").setLevel(options.log_level.upper())  # not the libraries': below warning they tell addresses and what is said
    graphs = dict(names())
    chosen, why = choose(options.graph)
    if options.graph is not None:
        spec = load(options.graph)  # a mistake in it is told now, not to the first caller
        chosen, graphs[spec.name] = spec.name, spec.file
    catalogue = Catalogue(graphs, chosen, why)
    server = Options(options.host, options.port, options.allow_origin, _ice_servers(options.ice_servers), options.max_calls, options.page)

    def ready(address: str) -> None:
        say(f"voicegraph listens at {address} (Ctrl-C stops it)")
        say(f"calls get the graph '{catalogue.default}': {catalogue.why}")

    try:
        asyncio.run(serve(catalogue, server, ready))
    except OSError as problem:
        complain(_sentence(problem, options.host, options.port))
        return 1
    return 0


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return port


def _page(text: str) -> Path:
    folder = Path(text)
    if not (folder / "index.html").is_file():
        raise argparse.ArgumentTypeError(f"there is no index.html in {text!r}")
    return folder


def _ice_servers(file: Path | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    try:
        servers = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ServeError(f"{file} cannot be read as JSON: {problem}.") from problem
    if not isinstance(servers, list) or not all(isinstance(server, dict) and "urls" in server for server in servers):
        raise ServeError(f'{file} must be a list of servers, each with its "urls": [{{"urls": "stun:stun.example.org"}}].')
    return servers


def _sentence(problem: OSError, host: str, port: int) -> str:
    match problem.errno:
        case errno.EADDRINUSE:
            return f"Port {port} of {host} is in use: stop the program that has it, or choose another with --port."
        case errno.EACCES:
            return f"Port {port} may not be used by this user: choose one above 1023 with --port."
        case errno.EADDRNOTAVAIL | socket.EAI_NONAME:
            return f"{host} is no address of this machine: choose another with --host."
    return f"Cannot listen at {host}:{port}: {problem.strerror or problem}."
