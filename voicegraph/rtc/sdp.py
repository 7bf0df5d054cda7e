"""What is done to the text of an offer before the WebRTC stack sees it, and to its answer after.

Pure functions over SDP (RFC 8866) and ICE candidates (RFC 8839).

Three habits of browsers need it: host candidates hidden behind `.local` names (resolving one blocks for a second, and fails from another network),
candidates repeated per m-line though the lines are bundled, and offers posted before gathering is done.
"""

from __future__ import annotations

import ipaddress
import re

from voicegraph.errors import BadRequest

MAX_OFFER = 64_000
"""Characters. An offer with three videos and every codec has about 12,000."""
MAX_CANDIDATES = 32

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
