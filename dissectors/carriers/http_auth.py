"""The grammar of HTTP's authentication fields: lists of challenges, credentials, token68.

Everything works on the bytes of one field value and never raises. No password leaves this module.

Spec: RFC 9110 5.6 and 11, RFC 4559 4-5, RFC 7617 2, RFC 7616 3.4, MS-N2HT 2.2, MS-WSMV 2.2.9.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from dissectors.records import NamedTuple

GSS_SCHEMES = frozenset(("Negotiate", "NTLM", "Kerberos", "CredSSP", "Nego2", "PKU2U"))
"""Schemes whose token68 is a security token (of CredSSP: a TSRequest)."""

_ALL_SECRET = frozenset(("Basic", "Bearer"))
"""Schemes whose credentials are the secret, whatever they look like."""

_CANONICAL = {
    name.lower(): name
    for name in (
        *GSS_SCHEMES,
        *("Basic", "Digest", "Bearer", "DPoP", "HOBA", "Mutual", "OAuth"),
        *("SCRAM-SHA-1", "SCRAM-SHA-256"),
    )
}
_SPELLED = {name.encode(): name for name in _CANONICAL.values()}  # as nearly everybody sends them
SCHEME_LIMIT = 32  # a longer first word is no scheme's name but a secret without one

_TCHAR = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"
_SCHEME = re.compile(rb"[%s]{1,%d}" % (_TCHAR, SCHEME_LIMIT))
_PARAMETER = re.compile(rb"[%s]{1,64}+[ \t]*+=[ \t]*[\"%s]" % (_TCHAR, _TCHAR))
# A list element: everything up to a comma that is not inside a quoted string.
_ELEMENT = re.compile(rb'(?:[^,"]++|"(?:[^"\\]|\\.)*+"?)++', re.DOTALL)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_WHITESPACE = b" \t\r\n"
_REPEATED = 64  # bytes of a challenge list that servers send again and again
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class Challenge(NamedTuple):
    """One challenge, or the credentials: scheme name, and what follows it."""

    scheme: str  # canonical spelling where known, else as sent
    token68: bytes | None = None  # None: nothing there, or parameters
    parameters: bytes = b""  # the first parameter and all that follows, credentials only


def canonical(scheme: str) -> str:
    """Give the spelling of the specification; unknown schemes stay as they were sent."""
    return _CANONICAL.get(scheme.lower(), scheme)


def challenges(value: bytes) -> list[Challenge]:
    """Split a challenge list (RFC 9110 11.6.1)."""
    return _known_challenges(value).copy() if len(value) <= _REPEATED else _split(value)


def _split(value: bytes) -> list[Challenge]:
    if not _listed(value):
        only = _one(value.strip(_WHITESPACE))
        return [only] if only is not None else []
    found: list[Challenge] = []
    for element in _ELEMENT.finditer(value):
        text = element[0].strip(_WHITESPACE)
        if not text or _PARAMETER.match(text):
            continue  # an empty element, or one more parameter of the challenge before
        challenge = _one(text)
        if challenge is not None:
            found.append(challenge)
    return found


def _listed(value: bytes) -> bool:
    """Whether there may be several elements, or quoted parameters (`in` is slow of bytes)."""
    return value.find(b",") >= 0 or value.find(b'"') >= 0


_known_challenges = lru_cache(1024)(_split)


def credentials(value: bytes) -> Challenge | None:
    """Read the one scheme of an Authorization field; None if its first word can be no scheme.

    A lone word that is no known scheme is taken for a secret without a scheme, and not repeated.
    """
    challenge = _one(value.strip(_WHITESPACE))
    if challenge is None or challenge.token68 or challenge.parameters:
        return challenge
    return challenge if challenge.scheme.lower() in _CANONICAL else None


def _one(text: bytes) -> Challenge | None:
    word, blank, rest = text.partition(b" ")
    name = _SPELLED.get(word)
    if name is None or not blank:
        scheme = _SCHEME.match(text)
        if scheme is None:
            return None
        name = canonical(scheme[0].decode("ascii"))
        rest = text[scheme.end() :]
        if not rest:
            return Challenge(name)
        if rest[0] not in b" \t":
            return None
    rest = rest.lstrip(b" \t")
    if _PARAMETER.match(rest):
        return Challenge(name, None, rest)
    return Challenge(name, rest)


def token68_at(value: bytes, said: Challenge) -> int:
    """Find where the token68 of one of its challenges, or of its credentials, begins in a field value.

    The value has no white space around it. Of equal challenges the first one is found.
    """
    text = said.token68 or b""
    alone = len(value) == len(said.scheme) + 1 + len(text)
    if not alone and _listed(value):
        for element in _ELEMENT.finditer(value):
            spoken = element[0].rstrip(_WHITESPACE)
            if _one(spoken.lstrip(_WHITESPACE)) == said:
                return element.start() + len(spoken) - len(text)
    return len(value) - len(text)


def decode_token68(text: bytes) -> bytes | None:
    """Decode base64; None if it is none.

    Missing padding, inner white space (a wrapped line) and the URL alphabet are forgiven.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        bare = text.translate(_URL_SAFE, _WHITESPACE).rstrip(b"=")
    try:
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4), strict_mode=True)
    except binascii.Error:
        return None


def decode_cut_token68(text: bytes) -> bytes | None:
    """Decode the beginning of a token68 whose end is lost."""
    bare = text.translate(_URL_SAFE, _WHITESPACE).rstrip(b"=")
    return decode_token68(bare[:-1] if len(bare) % 4 == 1 else bare)


def basic_user(token68: bytes) -> tuple[str, str | None] | None:
    r"""Give user and domain of Basic credentials; `DOMAIN\user` is Windows' habit."""
    decoded = decode_token68(token68)
    if decoded is None:
        return None
    name = text_of(decoded.partition(b":")[0])
    domain, backslash, user = name.partition("\\")
    return (user, domain) if backslash else (name, None)


def digest_user(parameters: bytes) -> str | None:
    """Give the user that Digest credentials name; None if only a hash of it was sent."""
    named = _named(parameters)
    if named.get(b"userhash", b"").lower() == b"true":
        return None
    if b"username" in named:
        return text_of(named[b"username"])
    extended = named.get(b"username*", b"").split(
        b"'", 2
    )  # RFC 8187: charset'language'percent-encoded
    return text_of(unquote_to_bytes(extended[2])) if len(extended) == 3 else None


def holds_secret(sent: Challenge) -> bool | None:
    """Whether credentials, all of them, hold a password, a hash of one, or a bearer token.

    An empty password is one. None: the scheme has none of these, or not in every request.
    """
    if sent.scheme == "Digest":
        return bool(_named(sent.parameters).get(b"response"))
    if sent.scheme in _ALL_SECRET:
        return bool(sent.token68 or sent.parameters)
    return None


def _named(parameters: bytes) -> dict[bytes, bytes]:
    named: dict[bytes, bytes] = {}
    for element in _ELEMENT.finditer(parameters):
        name, _, value = element[0].partition(b"=")
        named.setdefault(name.strip(_WHITESPACE).lower(), _unquote(value.strip(_WHITESPACE)))
    return named


def _unquote(value: bytes) -> bytes:
    if value[:1] != b'"':
        return value
    return _QUOTED_PAIR.sub(rb"\1", value[1:].removesuffix(b'"'))


def text_of(value: bytes) -> str:
    """Read bytes of a header as UTF-8, or as Latin-1 where they are not."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


@lru_cache(1024)
def name_of(value: bytes) -> str:
    """Read the same of what is said again and again: versions, hosts, products, reasons."""
    return text_of(value)
