"""`voicegraph serve`: take calls from browsers."""

from __future__ import annotations

import argparse
import asyncio
import errno
import ipaddress
import json
import logging
import os
import socket
from pathlib import Path
from typing import Any

from voicegraph.commands import CommandError, Subcommands, complain, say
from voicegraph.core.ports import parse, too_few
from voicegraph.server.options import DRAIN_LIMIT, MAX_CALLS, RESUME_LIMIT, Options


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("serve", help="take calls from browsers", description="Serve the page and take its calls.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; 0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="0 for any that is free (%(default)s)")
    parser.add_argument(
        "--graph", metavar="GRAPH", help="the graph of a call that names none: a file, or a shipped one (voxtral with a key for Mistral, else local)"
    )
    parser.add_argument(
        "--graphs", type=Path, metavar="FOLDER", help="offer the graphs of this folder, also those that come later, instead of the shipped ones"
    )
    parser.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="let the pages of another site call; * for all; may be repeated"
    )
    parser.add_argument(
        "--ice-servers", type=Path, metavar="FILE", help='JSON: [{"urls": "turn:…", "username": "…", "credential": "…"}]; none by default'
    )
    parser.add_argument("--page", type=_page, metavar="FOLDER", help="serve your own page instead of ours: a folder with an index.html")
    parser.add_argument(
        "--dev", action="store_true", help="the page may look into graphs and change their files; only where nobody but this machine can reach it"
    )
    parser.add_argument(
        "--workers", type=_count, metavar="N", help="processes that calls run in; 1: in the server itself (one per core; with --dev 1)"
    )
    parser.add_argument("--max-calls", type=_count, default=MAX_CALLS, metavar="N", help="how many at the same time, in each worker (%(default)s)")
    parser.add_argument("--udp-ports", type=_ports, metavar="FIRST-LAST", help="for the calls' sound, such as 40000-40199 (any that are free)")
    parser.add_argument(
        "--public-address",
        type=_address,
        action="append",
        default=[],
        metavar="IP",
        help="under which the UDP ports are reached from outside, where a NAT or a container hides this machine's own; may be repeated",
    )
    parser.add_argument(
        "--drain-limit",
        type=_seconds,
        default=DRAIN_LIMIT,
        metavar="SECONDS",
        help="how long calls may go on after SIGTERM; Ctrl-C ends them (%(default)g)",
    )
    parser.add_argument(
        "--resume-limit",
        type=_seconds,
        default=RESUME_LIMIT,
        metavar="SECONDS",
        help="how long an interrupted conversation can be taken up (%(default)g)",
    )
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=("debug", "info", "warning", "error"),
        help="of voicegraph itself; libraries only warn (%(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.server.app import serve
    from voicegraph.server.catalogue import open_catalogue
    from voicegraph.server.loopback import is_loopback
    from voicegraph.server.resume_key import resume_key
    from voicegraph.server.staff import loop_for, staff_for

    if options.dev and not is_loopback(options.host):
        raise CommandError(
            f"--dev lets the page change files, so it needs an address that only this machine reaches: not {options.host}, but 127.0.0.1."
        )
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("voicegraph").setLevel(options.log_level.upper())  # not the libraries': below warning they tell addresses and what is said
    if options.log_level == "warning":
        for told in ("versions", "watching"):  # who saves a graph is to see that it was taken
            logging.getLogger(f"voicegraph.server.{told}").setLevel(logging.INFO)
    catalogue = open_catalogue(options.graph, options.graphs)
    server = Options(
        host=options.host,
        port=options.port,
        allow_origins=options.allow_origin,
        ice_servers=_ice_servers(options.ice_servers),
        max_calls=options.max_calls,
        page=options.page,
        workers=options.workers or (1 if options.dev else os.cpu_count() or 1),
        udp_ports=options.udp_ports,
        public_addresses=options.public_address,
        drain_limit=options.drain_limit,
        resume_limit=options.resume_limit,
        dev=(catalogue.folder or _folder(options.graph)).resolve() if options.dev else None,
    )
    if server.dev is not None and server.workers > 1:
        raise CommandError("--dev calls graphs that no file has yet, which only the server itself knows: leave out --workers, or write --workers 1.")
    if server.udp_ports is not None and (sentence := too_few(server.udp_ports, server.workers, server.max_calls)):
        raise CommandError(sentence)
    staff = staff_for(catalogue, server, resume_key(os.environ))

    def ready(address: str) -> None:
        say(f"voicegraph listens at {address} (Ctrl-C stops it)")
        if catalogue.default:
            say(f"calls get the graph '{catalogue.default}': {catalogue.why}")
        else:
            say(f"there is no graph in {catalogue.folder} yet: voicegraph new {catalogue.folder}/mine.yaml writes one")
        if server.dev is not None:
            say(f"developer mode: the page edits graphs and saves new ones in {server.dev}")
        say(f"up to {server.workers * server.max_calls} calls at the same time, {server.max_calls} in each of {server.workers} workers")

    try:
        with asyncio.Runner(loop_factory=loop_for(server)) as runner:
            runner.run(serve(catalogue, server, staff, ready))
    except OSError as problem:
        complain(_sentence(problem, options.host, options.port))
        return 1
    return 0


def _folder(graph: str | None) -> Path:
    """Where new graphs go: beside the one that was named, or here."""
    file = Path(graph or "")
    return file.parent if file.is_file() else Path()


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return port


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 10000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 86400")
    return seconds


def _ports(text: str) -> range:
    try:
        return parse(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from problem


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r} is no IPv4 or IPv6 address (names are not resolved)") from problem


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
        raise CommandError(f"{file} cannot be read as JSON: {problem}.") from problem
    if not isinstance(servers, list) or not all(isinstance(server, dict) and "urls" in server for server in servers):
        raise CommandError(f'{file} must be a list of servers, each with its "urls": [{{"urls": "stun:stun.example.org"}}].')
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
