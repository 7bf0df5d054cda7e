"""What is done to an offer before the WebRTC stack sees it, and to its answer after: over SDP (RFC 8866) and ICE candidates (RFC 8839). Pure.

Three habits of browsers need the first: host candidates hidden behind `.local` names (resolving one blocks for a second, and fails elsewhere),
candidates repeated per m-line though the lines are bundled, and offers posted before gathering is done.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicegraph.errors import BadRequest

MAX_OFFER = 64_000
"""Characters. An offer with three videos and every codec has about 12,000."""
MAX_CANDIDATES = 32
MAX_FOUNDATION = 32
"""Characters (RFC 8839, section 5.1)."""

OPUS = "useinbandfec=1;usedtx=1"
_ASKED = ("useinbandfec", "usedtx")

_CANDIDATE = "a=candidate:"
_END = "a=end-of-candidates"


def prepare(offer: str) -> str:
    """The offer as the stack should see it. Raises BadRequest with a sentence when no call can come of it."""
    session, *media = sections(offer)
    _check(session, media)
    usable = [line for line in media[0] if line.startswith(_CANDIDATE) and is_reachable(line.removeprefix(_CANDIDATE))][:MAX_CANDIDATES]
    # Without a candidate the peer is learnt from its own checks; told that there will be none, ICE would give up before they arrive.
    ending = [_END] if usable and _END in media[0] else []
    plain = [[line for line in section if not line.startswith((_CANDIDATE, _END))] for section in media]
    # The bundle has one transport, that of its first line: what the stack reads at any of the lines must be that one's candidates.
    lines = [*session, *(line for section in plain for line in (*section, *usable, *ending))]
    return "\r\n".join(lines) + "\r\n"


@dataclass(frozen=True, slots=True)
class HostCandidate:
    """One `a=candidate:` line of the type `host`."""

    fields: Sequence[str]
    """`foundation component transport priority address port typ host …`, without the attribute's name."""

    @property
    def address(self) -> str:
        return self.fields[4]

    @property
    def port(self) -> int:
        return int(self.fields[5])

    def at(self, address: str, index: int) -> str:
        """The line for another address under which the same socket is reached; `index`: the how manieth, each a little less preferred."""
        foundation, component, transport, priority, _, *rest = self.fields
        foundation = foundation if index == 0 else f"{foundation[: MAX_FOUNDATION - 3]}-{index:02}"
        return _CANDIDATE + " ".join([foundation, component, transport, str(int(priority) - index), address, *rest])


def host_candidates(text: str) -> Iterator[HostCandidate]:
    """Those of all m-lines."""
    return filter(None, map(_host_candidate, text.splitlines()))


def announce(answer: str, addresses: Sequence[str]) -> str:
    """The answer with host candidates at `addresses` instead of the machine's own, as behind a NAT that passes ports on unchanged: those of IPv4
    where there is an IPv4 address among them, those of IPv6 likewise."""
    hosts = {candidate.address for candidate in host_candidates(answer)}
    lines: list[str] = []
    for line in answer.splitlines():
        if (candidate := _host_candidate(line)) is not None:
            public = _like(candidate.address, addresses)
            lines += [candidate.at(address, index) for index, address in enumerate(public)] or [line]
        elif line.startswith("c=") and (former := line.split()[-1]) in hosts and (public := _like(former, addresses)):
            lines.append(line.replace(former, public[0]))
        else:
            lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def complete(answer: str) -> str:
    """The answer with what the sender of Opus is asked for (RFC 7587, section 6.1): silence need not be sent, lost packets shall be recoverable."""
    given = dict(re.findall(r"^a=fmtp:(\d+) (.*)$", answer.replace("\r", ""), re.MULTILINE))
    lines: list[str] = []
    opus = ""
    for line in answer.splitlines():
        if found := re.match(r"a=rtpmap:(\d+) opus/48000", line, re.IGNORECASE):
            opus = found[1]
            kept = [each for each in given.get(opus, "").split(";") if each and each.partition("=")[0].strip() not in _ASKED]
            lines += [line, f"a=fmtp:{opus} {';'.join([*kept, OPUS])}"]
        elif not (opus and line.startswith(f"a=fmtp:{opus} ")):
            lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def _host_candidate(line: str) -> HostCandidate | None:
    fields = line.removeprefix(_CANDIDATE).split()
    return HostCandidate(fields) if line.startswith(_CANDIDATE) and fields[6:8] == ["typ", "host"] else None


def _like(address: str, addresses: Sequence[str]) -> list[str]:
    """Those of the same family."""
    version = ipaddress.ip_address(address).version
    return [each for each in addresses if ipaddress.ip_address(each).version == version]


def sections(text: str) -> list[list[str]]:
    """The lines of the session, then those of each m-line."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            found.append([])
        if line.strip():
            found[-1].append(line.rstrip())
    return found


def is_reachable(candidate: str) -> bool:
    """Whether this candidate (`foundation component udp priority address port typ …`) is UDP at an IP address."""
    fields = candidate.split()
    if (
        len(fields) < 8
        or fields[2].lower() != "udp"
        or not _is_number(fields[1], 256)
        or not _is_number(fields[3], 1 << 32)
        or not _is_number(fields[5], 1 << 16)
    ):
        return False
    try:
        ipaddress.ip_address(fields[4])
    except ValueError:
        return False
    return True


def _is_number(text: str, below: int) -> bool:
    return text.isascii() and text.isdigit() and int(text) < below


def _check(session: list[str], media: list[list[str]]) -> None:
    if not session or session[0] != "v=0":
        raise BadRequest("This is no SDP offer: it must begin with v=0.")
    if sum(map(len, media)) > 10_000 or sum(len(line) for section in media for line in section) > MAX_OFFER:
        raise BadRequest(f"This SDP offer is too long (more than {MAX_OFFER} characters).")
    audio = next((section for section in media if section[0].startswith("m=audio ")), None)
    if audio is None:
        raise BadRequest("The offer has no audio m-line: add an audio track or transceiver before createOffer().")
    if not any(re.match(r"a=rtpmap:\d+ opus/48000", line, re.IGNORECASE) for line in audio):
        raise BadRequest("The offer's audio m-line has no Opus (a=rtpmap: … opus/48000/2), the one codec that is spoken here.")
    for section in media:
        _check_transport(session, section)


def _check_transport(session: list[str], section: list[str]) -> None:
    """Every m-line must say how it is encrypted and reached, itself or through the session."""
    where = section[0].split()[0]
    for attribute, name in (
        ("a=ice-ufrag:", "ICE user fragment"),
        ("a=ice-pwd:", "ICE password"),
        ("a=fingerprint:", "DTLS fingerprint"),
        ("a=setup:", "DTLS setup role"),
    ):
        if not any(line.startswith(attribute) for line in (*section, *session)):
            raise BadRequest(f"The offer's {where} line has no {name} ({attribute}…); this must be the unchanged SDP of an RTCPeerConnection.")
