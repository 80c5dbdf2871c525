"""Tokens by the ten thousand: each form is built once by the project's builders, then only filled.

Building a token costs up to a millisecond, filling one a microsecond. A mould is a token built around
markers; a marker is replaced by other bytes of the same length, so all lengths in it stay true.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from dissectors.tokens import build

NAMES = "LAB", "lab.example"
A_FILETIME = 134_285_000_000_000_000  # in July 2026
MECHS = ("ms-kerberos", "kerberos", "ntlm")


class Mould:
    """A token with places to fill.

    `make` builds it around markers of the sizes given, which are text in ASCII and, where their size is
    even, in UTF-16.
    """

    def __init__(self, sizes: tuple[int, ...], make: Callable[..., bytes]) -> None:
        markers = [bytes((ord("Q") + number,)) * size for number, size in enumerate(sizes)]
        whole = make(*markers)
        places = sorted((whole.index(marker), number) for number, marker in enumerate(markers))
        self._order = [number for _, number in places]
        self._between: list[bytes] = []
        end = 0
        for at, number in places:
            if whole.count(markers[number]) != 1:
                raise ValueError(f"part {number} is in the token more than once")
            self._between.append(whole[end:at])
            end = at + sizes[number]
        self._rest = whole[end:]

    def fill(self, *parts: bytes) -> bytes:
        """Return the token with these parts, in the order in which `make` took them."""
        pieces: list[bytes] = []
        for before, number in zip(self._between, self._order, strict=True):
            pieces += before, parts[number]
        return b"".join(pieces) + self._rest


@cache
def _init(mechs: tuple[str, ...], size: int) -> Mould:
    return Mould((size,), lambda token: build.neg_token_init(list(mechs), token))


def init(mechs: tuple[str, ...], token: bytes) -> bytes:
    """NegTokenInit with the first mechanism's token."""
    return _init(mechs, len(token)).fill(token)


@cache
def hint() -> bytes:
    """NegTokenInit2, as Windows servers send it."""
    return build.neg_token_init2(list(MECHS))


@cache
def _resp(state: str | None, mech: str | None, sizes: tuple[int, ...], *, signed: bool) -> Mould:
    def make(*parts: bytes) -> bytes:
        token = parts[0] if len(parts) > signed else None
        return build.neg_token_resp(state, mech, token, parts[-1] if signed else None)

    return Mould(sizes, make)


def resp(state: str | None, mech: str | None = None, token: bytes = b"", mic: bytes = b"") -> bytes:
    """NegTokenResp."""
    parts = [part for part in (token, mic) if part]
    return _resp(state, mech, tuple(map(len, parts)), signed=bool(mic)).fill(*parts)


@cache
def ntlm_negotiate() -> bytes:
    """NEGOTIATE_MESSAGE."""
    return build.ntlm_negotiate()


@cache
def target_info(server: str) -> bytes:
    """AV pairs of a server named by its host name alone."""
    return build.av_pairs(
        {
            "MsvAvNbDomainName": NAMES[0],
            "MsvAvNbComputerName": server.upper(),
            "MsvAvDnsDomainName": NAMES[1],
            "MsvAvDnsComputerName": f"{server}.{NAMES[1]}",
            "MsvAvTimestamp": A_FILETIME,
        }
    )


@cache
def _challenge(server: str) -> Mould:
    info = target_info(server)
    return Mould((8,), lambda nonce: build.ntlm_challenge(server_challenge=nonce, target_info=info))


def ntlm_challenge(server: str, nonce: bytes) -> bytes:
    """CHALLENGE_MESSAGE."""
    return _challenge(server).fill(nonce)


@cache
def _authenticate(server: str, user: int, workstation: int) -> Mould:
    info = target_info(server)

    def make(
        user: bytes, workstation: bytes, proof: bytes, nonce: bytes, key: bytes, mic: bytes
    ) -> bytes:
        response = build.ntlmv2_response(
            info, nt_proof_str=proof, client_challenge=nonce, timestamp=A_FILETIME
        )
        return build.ntlm_authenticate(
            user=user.decode("utf-16-le"),
            workstation=workstation.decode("utf-16-le"),
            lm_response=bytes(24),
            nt_response=response,
            session_key=key,
            mic=mic,
        )

    return Mould((user, workstation, 16, 8, 16, 16), make)


def ntlm_authenticate(server: str, user: str, workstation: str, random: bytes) -> bytes:
    """AUTHENTICATE_MESSAGE with NTLMv2; `random`: 56 bytes for proof, nonce, key and MIC."""
    names = user.encode("utf-16-le"), workstation.encode("utf-16-le")
    parts = random[:16], random[16:24], random[24:40], random[40:56]
    return _authenticate(server, *map(len, names)).fill(*names, *parts)


@cache
def _ap_req(service: str, host: int, ticket: int) -> Mould:
    def make(name: bytes, cipher: bytes, authenticator: bytes) -> bytes:
        return build.ap_req(
            sname=f"{service}/{name.decode()}",
            ticket_cipher=cipher,
            authenticator_cipher=authenticator,
        )

    return Mould((host, ticket, 230), make)


def ap_req(service: str, host: str, ticket: bytes, authenticator: bytes) -> bytes:
    """AP-REQ; the authenticator has 230 bytes."""
    return _ap_req(service, len(host), len(ticket)).fill(host.encode(), ticket, authenticator)


@cache
def _ap_rep() -> Mould:
    return Mould((115,), lambda cipher: build.ap_rep(cipher=cipher))


def ap_rep(cipher: bytes) -> bytes:
    """AP-REP; the cipher has 115 bytes."""
    return _ap_rep().fill(cipher)


@cache
def _ntlm_mic() -> Mould:
    return Mould((8,), lambda checksum: build.ntlm_signature(checksum=checksum))


def ntlm_mic(checksum: bytes) -> bytes:
    """MechListMIC by NTLM; the checksum has 8 bytes."""
    return _ntlm_mic().fill(checksum)


@cache
def _krb_mic() -> Mould:
    return Mould((12,), lambda checksum: build.mic_cfx(checksum=checksum, from_acceptor=True))


def krb_mic(checksum: bytes) -> bytes:
    """MechListMIC by Kerberos; the checksum has 12 bytes."""
    return _krb_mic().fill(checksum)
